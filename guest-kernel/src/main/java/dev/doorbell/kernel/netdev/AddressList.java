package dev.doorbell.kernel.netdev;

import java.util.Arrays;

/** MAC addresses that an interface receives, counted: added twice, removed twice. */
public final class AddressList {
    private long[] address = new long[4];
    private int[] users = new int[4];
    private int size;

    public int size() {
        return size;
    }

    /** The address at {@code index}, in order of addition. */
    public long get(int index) {
        return address[index];
    }

    public boolean contains(long mac) {
        return indexOf(mac) >= 0;
    }

    /** @return true when it is new */
    boolean add(long mac) {
        int index = indexOf(mac);
        if (index >= 0) {
            users[index]++;
            return false;
        }
        if (size == address.length) {
            address = Arrays.copyOf(address, size * 2);
            users = Arrays.copyOf(users, size * 2);
        }
        address[size] = mac;
        users[size++] = 1;
        return true;
    }

    /** @return true when the last user is gone */
    boolean remove(long mac) {
        int index = indexOf(mac);
        if (index < 0 || --users[index] > 0) {
            return false;
        }
        System.arraycopy(address, index + 1, address, index, size - index - 1);
        System.arraycopy(users, index + 1, users, index, size - index - 1);
        size--;
        return true;
    }

    private int indexOf(long mac) {
        for (int i = 0; i < size; i++) {
            if (address[i] == mac) {
                return i;
            }
        }
        return -1;
    }
}
