package dev.doorbell.bus.reg;

/**
 * Equal registers at regular offsets, such as a filter table. Their slots follow each other, so the model indexes the
 * table without looking up names.
 *
 * @param strideBytes from one to the next; 8 when another array lies interleaved, as RAL and RAH do
 */
public record RegisterArray(RegisterMap map, String name, int offset, int strideBytes, int count, int firstSlot) {
    public Register get(int index) {
        return map.bySlot(firstSlot + checked(index));
    }

    /** Declares that nothing in the model acts on its elements. */
    public RegisterArray storageOnly() {
        for (int i = 0; i < count; i++) {
            get(i).storageOnly();
        }
        return this;
    }

    int slot(int index) {
        return firstSlot + checked(index);
    }

    private int checked(int index) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException(name + "[" + index + "]: has " + count + " elements");
        }
        return index;
    }
}
