package org.v4vgpu.device.ptx.runtime;

/** Loads generated classes. Each has a loader of its own, so that it is unloaded when its module is, and shows in stack traces. */
public final class KernelLoader extends ClassLoader {
    /** The name of every generated class. */
    public static final String CLASS_NAME = FaultReport.GENERATED + "Kernel";

    private KernelLoader() {
        super("ptx", KernelLoader.class.getClassLoader());
    }

    /** Safe for any thread. */
    public static CompiledKernel load(byte[] bytes) {
        try {
            return (CompiledKernel) define(bytes).getConstructor().newInstance();
        } catch (ReflectiveOperationException | LinkageError failure) {
            throw new IllegalStateException("generated class", failure);
        }
    }

    /**
     * Loads the form of a kernel that runs in strips. Safe for any thread.
     *
     * @param single the form whose threads run singly
     */
    public static StripKernel load(byte[] bytes, CompiledKernel single) {
        try {
            return (StripKernel)
                    define(bytes).getConstructor(CompiledKernel.class).newInstance(single);
        } catch (ReflectiveOperationException | LinkageError failure) {
            throw new IllegalStateException("generated class", failure);
        }
    }

    private static Class<?> define(byte[] bytes) {
        return new KernelLoader().defineClass(CLASS_NAME, bytes, 0, bytes.length);
    }
}
