package dev.doorbell.kernel.net;

import java.util.function.Consumer;
import java.util.function.Supplier;

/** Sizes in bytes that belong together, such as least, default and most: when fewer are given, the others stay. */
final class SizesSysctl implements Sysctl {
    private final Supplier<int[]> getter;
    private final Consumer<int[]> setter;

    SizesSysctl(Supplier<int[]> getter, Consumer<int[]> setter) {
        this.getter = getter;
        this.setter = setter;
    }

    @Override
    public String get() {
        return SysctlNumbers.join(getter.get());
    }

    @Override
    public boolean set(String value) {
        int[] sizes = getter.get();
        long[] given = SysctlNumbers.parse(value, sizes.length);
        if (given.length == 0) {
            return false;
        }
        for (int i = 0; i < given.length; i++) {
            if (given[i] < 1 || given[i] > Integer.MAX_VALUE) {
                return false;
            }
            sizes[i] = (int) given[i];
        }
        setter.accept(sizes);
        return true;
    }

    @Override
    public String allowed() {
        return "1 to " + getter.get().length + " numbers from 1 to " + Integer.MAX_VALUE;
    }
}
