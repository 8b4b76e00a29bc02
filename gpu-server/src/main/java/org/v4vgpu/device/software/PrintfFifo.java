package org.v4vgpu.device.software;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DevicePrintout;
import org.v4vgpu.device.ptx.runtime.HeapBudget;
import org.v4vgpu.device.ptx.runtime.PrintfBuffer;

/**
 * What the kernels of a context have printed and nobody has taken yet. Beyond its limit, or if the device's contexts together hold too
 * much, the oldest is dropped, as CUDA's buffer is overwritten. Safe for any thread. Source: CUDA C++ programming guide, 10.32.
 */
final class PrintfFifo implements PrintfBuffer {
    static final long DEFAULT_BYTES = 1 << 20;

    /** What a printf call costs beside its text: an array's header and its place. */
    static final int RECORD_BYTES = 32;

    private final HeapBudget budget;

    // Guarded by this.
    private final Deque<byte[]> records = new ArrayDeque<>();
    private long limitBytes = DEFAULT_BYTES;
    private long textBytes;
    private long writtenBytes;
    private int printouts;
    private boolean closed;

    /** @param budget what all contexts of the device may hold together */
    PrintfFifo(HeapBudget budget) {
        this.budget = budget;
    }

    @Override
    public PrintfFifo append(CharSequence text) {
        return append(text, 0, text.length());
    }

    @Override
    public PrintfFifo append(char character) {
        return append(String.valueOf(character), 0, 1);
    }

    /** One printf call; each character is a byte of a C string. */
    @Override
    public PrintfFifo append(CharSequence text, int start, int end) {
        byte[] record = text.subSequence(start, end).toString().getBytes(StandardCharsets.ISO_8859_1);
        if (record.length > 0) {
            add(record);
        }
        return this;
    }

    /** Sets the limit, and drops what exceeds it now. */
    synchronized void limit(long bytes) {
        limitBytes = bytes;
        makeRoom(0);
    }

    /** What is here now. What comes later does not count. */
    synchronized DevicePrintout printout() {
        if (records.isEmpty()) {
            return DevicePrintout.NOTHING;
        }
        printouts++;
        return new Printout(writtenBytes);
    }

    /** The context is gone: nothing more is taken in, and what no printout waits for is dropped. Idempotent. */
    synchronized void close() {
        closed = true;
        dropIfUnused();
    }

    private synchronized void add(byte[] record) {
        if (closed) {
            return;
        }
        writtenBytes += record.length;
        long bytes = (long) record.length + RECORD_BYTES;
        makeRoom(bytes);
        while (bytes <= limitBytes) {
            if (budget.take(bytes)) {
                records.add(record);
                textBytes += record.length;
                return;
            }
            if (records.isEmpty()) {
                return;
            }
            drop();
        }
    }

    private void makeRoom(long bytes) {
        while (!records.isEmpty() && heldBytes() + bytes > limitBytes) {
            drop();
        }
    }

    private long heldBytes() {
        return textBytes + (long) records.size() * RECORD_BYTES;
    }

    private byte[] drop() {
        byte[] oldest = records.remove();
        textBytes -= oldest.length;
        budget.give(oldest.length + RECORD_BYTES);
        return oldest;
    }

    private void dropIfUnused() {
        if (closed && printouts == 0) {
            while (!records.isEmpty()) {
                drop();
            }
        }
    }

    /** The text up to a moment: what was written then lies before the end, and what was taken or dropped before the oldest record. */
    private final class Printout implements DevicePrintout {
        private final long end;
        private boolean open = true; // Guarded by the FIFO.

        Printout(long end) {
            this.end = end;
        }

        @Override
        public boolean isEmpty() {
            synchronized (PrintfFifo.this) {
                return next() == null;
            }
        }

        @Override
        public byte[] take(int most) {
            ByteArrayOutputStream taken = new ByteArrayOutputStream();
            synchronized (PrintfFifo.this) {
                byte[] next = next();
                while (next != null && taken.size() + next.length <= most) {
                    taken.writeBytes(drop());
                    next = next();
                }
                return next == null || taken.size() > 0 ? taken.toByteArray() : takePart(most);
            }
        }

        @Override
        public void close() {
            synchronized (PrintfFifo.this) {
                if (open) {
                    open = false;
                    printouts--;
                    dropIfUnused();
                }
            }
        }

        /** The oldest record, if it was there at that moment. */
        private byte @Nullable [] next() {
            byte[] oldest = records.peek();
            return oldest != null && writtenBytes - textBytes < end ? oldest : null;
        }

        /** The first bytes of the oldest record; the rest stays in its place. */
        private byte[] takePart(int most) {
            byte[] whole = records.remove();
            records.addFirst(Arrays.copyOfRange(whole, most, whole.length));
            textBytes -= most;
            budget.give(most);
            return Arrays.copyOf(whole, most);
        }
    }
}
