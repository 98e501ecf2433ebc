package dev.doorbell.device.intel;

/**
 * A serial EEPROM with an SPI bus (mode 0, chip select low) in front of an {@link Nvm}: what the bit-banged pins of EECD
 * reach. Bytes are addressed, two to a word, the low one first.
 *
 * <pre>
 *  state    | 8 bits in: opcode            | further bits                          | deselected
 *  IDLE     | READ 03 -> ADDRESS           | -                                     | -
 *           | WRITE 02 -> ADDRESS if WEL   | -                                     | -
 *           | WREN 06, WRDI 04             | -                                     | sets, clears WEL
 *           | RDSR 05 -> STATUS            | -                                     | -
 *           | WRSR 01, others -> IGNORE    | -                                     | IDLE
 *  ADDRESS  | -                            | 8 or 16 address bits -> READ or WRITE | IDLE
 *  READ     | -                            | bits out, address counts up and wraps | IDLE
 *  WRITE    | -                            | bytes in, address wraps in its page   | IDLE, WEL cleared
 *  STATUS   | -                            | status byte out, again and again      | IDLE
 * </pre>
 *
 * Data is taken when the clock rises, and given when it falls. A write is done at once, so the status is never busy.
 */
public final class SpiEeprom {
    private static final int WRSR = 1, WRITE = 2, READ = 3, WRDI = 4, RDSR = 5, WREN = 6;
    /** Of the opcode: bit 8 of the address on parts with 8 address bits. */
    private static final int OPCODE_A8 = 0x08;

    private static final int STATUS_WRITE_ENABLED = 2;
    private static final int PAGE_BYTES = 32;
    /** Parts up to here have 8 address bits and a ninth in the opcode. */
    private static final int SMALL_BYTES = 512;

    private enum State {
        IDLE,
        ADDRESS,
        READ,
        WRITE,
        STATUS,
        IGNORE
    }

    private final Nvm nvm;
    private State state = State.IDLE;
    private boolean selected;
    private boolean clock;
    private boolean out = true;
    private boolean writeEnabled;
    private boolean writes;
    private int shifted;
    private int bits;
    private int address;

    public SpiEeprom(Nvm nvm) {
        this.nvm = nvm;
    }

    /** EECD.ADDR_BITS: addresses have 16 bits rather than 8. */
    public boolean hasWideAddresses() {
        return bytes() > SMALL_BYTES;
    }

    /**
     * Drives the pins.
     *
     * @param select true while the chip is selected, that is while its pin is low
     */
    public void pins(boolean select, boolean clockHigh, boolean dataIn) {
        if (select != selected) {
            selected = select;
            clock = clockHigh;
            deselected();
            return;
        }
        if (!selected || clockHigh == clock) {
            return;
        }
        clock = clockHigh;
        if (clockHigh) {
            rising(dataIn);
        } else {
            falling();
        }
    }

    /** The data pin out of the part; 1 while nobody drives it. */
    public boolean out() {
        return !selected || out;
    }

    private void deselected() {
        if (state == State.WRITE) {
            writeEnabled = false;
        }
        state = State.IDLE;
        shifted = 0;
        bits = 0;
        out = true;
    }

    private void rising(boolean dataIn) {
        if (state == State.READ || state == State.STATUS) {
            return;
        }
        shifted = shifted << 1 | (dataIn ? 1 : 0);
        bits++;
        switch (state) {
            case IDLE -> {
                if (bits == 8) {
                    opcode(take());
                }
            }
            case ADDRESS -> {
                if (bits == (hasWideAddresses() ? 16 : 8)) {
                    address = (address | take()) % bytes();
                    state = writes ? State.WRITE : State.READ;
                }
            }
            case WRITE -> {
                if (bits == 8) {
                    writeByte(take());
                }
            }
            default -> bits = 0;
        }
    }

    private void opcode(int opcode) {
        boolean small = !hasWideAddresses();
        int command = small && ((opcode & ~OPCODE_A8) == READ || (opcode & ~OPCODE_A8) == WRITE)
                ? opcode & ~OPCODE_A8
                : opcode;
        address = small && (opcode & OPCODE_A8) != 0 ? 1 << 8 : 0;
        switch (command) {
            case READ -> begin(false);
            case WRITE -> {
                if (writeEnabled) {
                    begin(true);
                } else {
                    state = State.IGNORE;
                }
            }
            case RDSR -> state = State.STATUS;
            case WREN, WRDI -> {
                writeEnabled = command == WREN;
                state = State.IGNORE;
            }
            case WRSR -> {
                writeEnabled = false; // no block is protected, so there is nothing to store
                state = State.IGNORE;
            }
            default -> state = State.IGNORE;
        }
    }

    private void begin(boolean write) {
        writes = write;
        state = State.ADDRESS;
    }

    private void falling() {
        if (state == State.READ) {
            shiftOut(byteAt(address));
        } else if (state == State.STATUS) {
            shiftOut(writeEnabled ? STATUS_WRITE_ENABLED : 0);
        }
    }

    private void shiftOut(int value) {
        out = (value >>> 7 - bits & 1) != 0;
        bits++;
        if (bits == 8) {
            bits = 0;
            address = (address + 1) % bytes();
        }
    }

    private int take() {
        int taken = shifted;
        shifted = 0;
        bits = 0;
        return taken;
    }

    private void writeByte(int value) {
        int word = nvm.read(address >>> 1);
        int shift = (address & 1) * 8;
        nvm.write(address >>> 1, word & ~(0xFF << shift) | value << shift);
        address = address & -PAGE_BYTES | address + 1 & PAGE_BYTES - 1;
    }

    private int byteAt(int at) {
        return nvm.read(at >>> 1) >>> (at & 1) * 8 & 0xFF;
    }

    private int bytes() {
        return nvm.words() * 2;
    }
}
