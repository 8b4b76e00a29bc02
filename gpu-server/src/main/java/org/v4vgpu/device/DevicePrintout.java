package org.v4vgpu.device;

/**
 * What kernels of a context had printed, and nobody had taken, at some moment. Safe for any thread: several that take from one context
 * take turns, in the order in which it was printed. Stays valid when the context is closed; whoever asked for it closes it.
 */
public interface DevicePrintout extends AutoCloseable {
    /** Nothing was printed. */
    DevicePrintout NOTHING = new DevicePrintout() {
        @Override
        public boolean isEmpty() {
            return true;
        }

        @Override
        public byte[] take(int most) {
            return new byte[0];
        }

        @Override
        public void close() {}
    };

    /** Whether everything is taken, or was overwritten by what came later. */
    boolean isEmpty();

    /**
     * Takes the oldest bytes, as the C strings of the kernels have them: whole printf calls, unless one alone exceeds {@code most}.
     *
     * @param most positive
     */
    byte[] take(int most);

    /** What was not taken stays for the next one, but in a closed context. Idempotent. */
    @Override
    void close();
}
