package dev.doorbell.bus.vfio;

/**
 * Numbers and layouts of the vfio-user protocol, version 0.2. Everything is in host byte order, little-endian; offsets
 * are from the start of a message, header included.
 *
 * <pre>
 *  header, 16 bytes:  +0 message id (16)   +2 command (16)   +4 message size (32)   +8 flags (32)   +12 error (32)
 * </pre>
 */
public final class VfioUser {
    public static final int MAJOR = 0, MINOR = 2;

    // header
    public static final int HEADER_BYTES = 16;
    public static final int ID = 0, COMMAND = 2, SIZE = 4, FLAGS = 8, ERROR = 12;
    public static final int TYPE_MASK = 0xF, TYPE_COMMAND = 0, TYPE_REPLY = 1;
    public static final int FLAG_NO_REPLY = 0x10, FLAG_ERROR = 0x20;
    /** Where the payload begins. */
    public static final int PAYLOAD = HEADER_BYTES;

    // commands
    public static final int VERSION = 1;
    public static final int DMA_MAP = 2;
    public static final int DMA_UNMAP = 3;
    public static final int DEVICE_GET_INFO = 4;
    public static final int DEVICE_GET_REGION_INFO = 5;
    public static final int DEVICE_GET_REGION_IO_FDS = 6;
    public static final int DEVICE_GET_IRQ_INFO = 7;
    public static final int DEVICE_SET_IRQS = 8;
    public static final int REGION_READ = 9;
    public static final int REGION_WRITE = 10;
    public static final int DMA_READ = 11;
    public static final int DMA_WRITE = 12;
    public static final int DEVICE_RESET = 13;
    public static final int REGION_WRITE_MULTI = 15;
    public static final int DEVICE_FEATURE = 16;
    public static final int MIG_DATA_READ = 17;
    public static final int MIG_DATA_WRITE = 18;

    // limits
    /** What one side may ask of the other when nothing was negotiated. */
    public static final int DEFAULT_MAX_DATA_BYTES = 1 << 20;
    /** A message that carries as much data, with the longest fixed part before it. */
    public static final int MAX_MESSAGE_BYTES = DEFAULT_MAX_DATA_BYTES + 4096;
    /** Descriptors that we take with one message; QEMU refuses servers that name more than 16. */
    public static final int MAX_DESCRIPTORS = 16;

    public static final int MAX_DMA_MAPS = 65_535;
    public static final int PAGE_BYTES = 4096;
    /** A mapping over 8 TiB is refused. */
    public static final long MAX_DMA_MAP_BYTES = 8L << 40;

    // DEVICE_GET_INFO
    public static final int DEVICE_FLAG_RESET = 1, DEVICE_FLAG_PCI = 2;

    // regions and interrupt indexes of a PCI device
    public static final int REGION_ROM = 6, REGION_CONFIG = 7, REGIONS = 9;
    public static final int IRQ_INTX = 0, IRQ_MSI = 1, IRQ_MSIX = 2, IRQ_ERROR = 3, IRQ_REQUEST = 4, IRQS = 5;

    // DEVICE_GET_REGION_INFO
    public static final int REGION_FLAG_READ = 1, REGION_FLAG_WRITE = 2, REGION_FLAG_MMAP = 4, REGION_FLAG_CAPS = 8;
    public static final int REGION_INFO_BYTES = 32;
    public static final int CAP_SPARSE_MMAP = 1;

    // DEVICE_GET_IRQ_INFO
    public static final int IRQ_FLAG_EVENTFD = 1, IRQ_FLAG_MASKABLE = 2, IRQ_FLAG_AUTOMASKED = 4;

    // DEVICE_SET_IRQS
    public static final int SET_DATA_NONE = 1, SET_DATA_BOOL = 2, SET_DATA_EVENTFD = 4, SET_DATA_MASK = 7;
    public static final int SET_MASK = 8, SET_UNMASK = 0x10, SET_TRIGGER = 0x20, SET_ACTION_MASK = 0x38;
    public static final int SET_IRQS_BYTES = 20;

    // REGION_READ, REGION_WRITE: +16 offset (64)  +24 region (32)  +28 count (32)  +32 data
    public static final int ACCESS_OFFSET = 16, ACCESS_REGION = 24, ACCESS_COUNT = 28, ACCESS_DATA = 32;
    public static final int ACCESS_BYTES = 16;

    // REGION_WRITE_MULTI: +16 number of writes (64)  +24 entries
    public static final int MULTI_COUNT = 16, MULTI_ENTRIES = 24, MULTI_ENTRY_BYTES = 24;

    // DMA_MAP: +16 argsz  +20 flags  +24 file offset (64)  +32 address (64)  +40 size (64)
    public static final int MAP_FLAGS = 20, MAP_FILE_OFFSET = 24, MAP_ADDRESS = 32, MAP_SIZE = 40, MAP_BYTES = 32;
    public static final int MAP_READ = 1, MAP_WRITE = 2, MAP_MMAP = 4, MAP_FILE_IO = 8;

    // DMA_UNMAP: +16 argsz  +20 flags  +24 address (64)  +32 size (64), then page size (64) and bitmap size (64)
    public static final int UNMAP_FLAGS = 20, UNMAP_ADDRESS = 24, UNMAP_SIZE = 32, UNMAP_BYTES = 24;
    public static final int UNMAP_PAGE_SIZE = 40, UNMAP_BITMAP_BYTES = 48, UNMAP_BITMAP = 56;
    public static final int UNMAP_DIRTY_BITMAP = 1, UNMAP_ALL = 2;

    // DMA_READ, DMA_WRITE: +16 address (64)  +24 count (64)  +32 data
    public static final int DMA_ADDRESS = 16, DMA_COUNT = 24, DMA_DATA = 32, DMA_BYTES = 16;

    // DEVICE_FEATURE: +16 argsz  +20 flags  +24 data
    public static final int FEATURE_FLAGS = 20, FEATURE_DATA = 24, FEATURE_BYTES = 8;
    public static final int FEATURE_MASK = 0xFFFF, FEATURE_GET = 0x1_0000, FEATURE_SET = 0x2_0000;
    public static final int FEATURE_PROBE = 0x4_0000;
    public static final int FEATURE_DMA_LOGGING_START = 6, FEATURE_DMA_LOGGING_STOP = 7, FEATURE_DMA_LOGGING_REPORT = 8;

    private VfioUser() {}

    /** For logs: {@code REGION_READ}, or {@code command 99}. */
    public static String commandName(int command) {
        return switch (command) {
            case VERSION -> "VERSION";
            case DMA_MAP -> "DMA_MAP";
            case DMA_UNMAP -> "DMA_UNMAP";
            case DEVICE_GET_INFO -> "DEVICE_GET_INFO";
            case DEVICE_GET_REGION_INFO -> "DEVICE_GET_REGION_INFO";
            case DEVICE_GET_REGION_IO_FDS -> "DEVICE_GET_REGION_IO_FDS";
            case DEVICE_GET_IRQ_INFO -> "DEVICE_GET_IRQ_INFO";
            case DEVICE_SET_IRQS -> "DEVICE_SET_IRQS";
            case REGION_READ -> "REGION_READ";
            case REGION_WRITE -> "REGION_WRITE";
            case DMA_READ -> "DMA_READ";
            case DMA_WRITE -> "DMA_WRITE";
            case DEVICE_RESET -> "DEVICE_RESET";
            case REGION_WRITE_MULTI -> "REGION_WRITE_MULTI";
            case DEVICE_FEATURE -> "DEVICE_FEATURE";
            case MIG_DATA_READ -> "MIG_DATA_READ";
            case MIG_DATA_WRITE -> "MIG_DATA_WRITE";
            default -> "command " + command;
        };
    }
}
