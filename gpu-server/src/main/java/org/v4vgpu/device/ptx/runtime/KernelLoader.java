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
            Class<?> type = new KernelLoader().defineClass(CLASS_NAME, bytes, 0, bytes.length);
            return (CompiledKernel) type.getConstructor().newInstance();
        } catch (ReflectiveOperationException | LinkageError failure) {
            throw new IllegalStateException("generated class", failure);
        }
    }
}
