package dev.doorbell.kernel.dma;

import java.util.Arrays;

/**
 * From addresses to ledger rows when there is no IOMMU: then several mappings may share a page, or even an address. Open
 * addressing with linear probing; equal keys stand in the same run.
 */
final class AddressMap {
    private static final int FREE = -1;

    private long[] key = new long[1024];
    private int[] row = new int[1024];
    private int count;
    private int[] freeRow = new int[1024];
    private int freeRows;
    private int nextRow;

    AddressMap() {
        Arrays.fill(row, FREE);
    }

    private int home(long address) {
        return (int) (address * 0x9E37_79B9_7F4A_7C15L >>> 40) & row.length - 1;
    }

    /** Makes a row for one more mapping at this address. */
    int add(long address) {
        if (2 * count >= row.length) {
            grow();
        }
        int made = freeRows > 0 ? freeRow[--freeRows] : nextRow++;
        insert(address, made);
        count++;
        return made;
    }

    private void insert(long address, int made) {
        int slot = home(address);
        while (row[slot] != FREE) {
            slot = slot + 1 & row.length - 1;
        }
        key[slot] = address;
        row[slot] = made;
    }

    private void grow() {
        long[] oldKey = key;
        int[] oldRow = row;
        key = new long[2 * oldKey.length];
        row = new int[2 * oldRow.length];
        Arrays.fill(row, FREE);
        for (int i = 0; i < oldRow.length; i++) {
            if (oldRow[i] != FREE) {
                insert(oldKey[i], oldRow[i]);
            }
        }
    }

    /** The row of a mapping that starts at this address; with several, one that matches, if any does. */
    int find(long address, DmaLedger ledger, long bytes, Direction direction, DmaLedger.Function function) {
        int any = DmaLedger.NONE;
        for (int slot = home(address); row[slot] != FREE; slot = slot + 1 & row.length - 1) {
            if (key[slot] == address) {
                if (ledger.matches(row[slot], bytes, direction, function)) {
                    return row[slot];
                }
                any = row[slot];
            }
        }
        return any;
    }

    /** The row of any mapping that starts at this address, or NONE. */
    int first(long address) {
        for (int slot = home(address); row[slot] != FREE; slot = slot + 1 & row.length - 1) {
            if (key[slot] == address) {
                return row[slot];
            }
        }
        return DmaLedger.NONE;
    }

    /** Forgets a row, and may give its number to the next mapping. */
    void remove(long address, int gone) {
        int slot = home(address);
        while (row[slot] != gone) {
            slot = slot + 1 & row.length - 1;
        }
        int hole = slot;
        for (int next = hole + 1 & row.length - 1; row[next] != FREE; next = next + 1 & row.length - 1) {
            int distance = next - home(key[next]) & row.length - 1;
            if (distance >= (next - hole & row.length - 1)) {
                key[hole] = key[next];
                row[hole] = row[next];
                hole = next;
            }
        }
        row[hole] = FREE;
        count--;
        if (freeRows == freeRow.length) {
            freeRow = Arrays.copyOf(freeRow, 2 * freeRows);
        }
        freeRow[freeRows++] = gone;
    }
}
