package org.v4vgpu.device.ptx.runtime;

import java.lang.System.Logger.Level;

/**
 * The vectors that this JVM has: those of {@code jdk.incubator.vector}, if it was started with {@code --add-modules
 * jdk.incubator.vector}. Safe for any thread.
 */
public final class VectorUnit {
    private static final System.Logger LOG = System.getLogger(VectorUnit.class.getName());
    private static final int BITS = find();

    private VectorUnit() {}

    /** The width of a vector: 128, 256 or 512, or 0 where there are none. */
    public static int bits() {
        return BITS;
    }

    private static int find() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            LOG.log(Level.DEBUG, "no --add-modules jdk.incubator.vector: kernels run without vectors");
            return 0;
        }
        try {
            Class<?> type = Class.forName("jdk.incubator.vector.VectorShape");
            Object shape = type.getMethod("preferredShape").invoke(null);
            int bits = (int) type.getMethod("vectorBitSize").invoke(shape);
            return bits < 128 ? 0 : Math.min(512, Integer.highestOneBit(bits));
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.log(Level.WARNING, "kernels run without vectors", e);
            return 0;
        }
    }
}
