package dev.doorbell.device.intel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.device.spi.NvmStore;
import org.junit.jupiter.api.Test;

class NvmTest {
    private static final long MAC = 0x5254_0012_3456L;

    private static final class Store implements NvmStore {
        short[] words = {};
        int stores;

        @Override
        public short[] load() {
            return words;
        }

        @Override
        public void store(short[] now) {
            words = now;
            stores++;
        }

        @Override
        public long defaultMac() {
            return MAC;
        }
    }

    private final Store store = new Store();

    @Test
    void defaultImageGetsMacAndChecksum() {
        Nvm nvm = new Nvm(store, new short[64]);
        assertThat(nvm.read(0)).isEqualTo(0x5452);
        assertThat(nvm.read(1)).isEqualTo(0x1200);
        assertThat(nvm.read(2)).isEqualTo(0x5634);
        assertThat(nvm.mac()).isEqualTo(MAC);
        assertThat(nvm.checksumGood()).isTrue();
        assertThat(nvm.sizeExponent()).isZero();
        assertThat(store.stores).isZero();
    }

    @Test
    void storedImageIsTakenAsItIs() {
        store.words = new short[128];
        Nvm nvm = new Nvm(store, new short[64]);
        assertThat(nvm.checksumGood()).isFalse();
        assertThat(nvm.sizeExponent()).isEqualTo(1);
    }

    @Test
    void writesGoToTheStoreTogetherWhenSaved() {
        Nvm nvm = new Nvm(store, new short[64]);
        nvm.write(0x30, 0xBEEE);
        nvm.write(0x30, 0xBEEF);
        assertThat(store.stores).isZero();
        nvm.save();
        nvm.save();
        assertThat(store.stores).isEqualTo(1);
        assertThat(nvm.read(0x30)).isEqualTo(0xBEEF);
        assertThat(store.words[0x30]).isEqualTo((short) 0xBEEF);
    }

    @Test
    void beyondTheEndReadsOnesAndDropsWrites() {
        Nvm nvm = new Nvm(store, new short[64]);
        nvm.write(64, 1);
        assertThat(nvm.read(64)).isEqualTo(0xFFFF);
        assertThat(store.stores).isZero();
    }

    @Test
    void impossibleSizeIsRefusedWithTheWayOut() {
        store.words = new short[100];
        assertThatThrownBy(() -> new Nvm(store, new short[64]))
                .hasMessageContaining("100 words")
                .hasMessageContaining("power of two");
    }
}
