package org.v4vgpu.client.jcuda.agent;

import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Links JCuda's rewritten native methods to the bridge, each at its first call; afterwards the call is a direct one. Safe for any
 * thread.
 *
 * <p>Names no JCuda type: the bridge, which does, is loaded once per loader of JCuda, by a loader whose parent that is.
 */
public final class JCudaBootstrap {
    private static final String BRIDGE = "org.v4vgpu.client.jcuda.JCudaBridge";

    /** By the class that JCuda's pointers extend, so that an entry lives as long as JCuda's loader. */
    private static final ClassValue<MethodHandle> LINKERS = new ClassValue<>() {
        @Override
        protected MethodHandle computeValue(Class<?> type) {
            return linker(type.getClassLoader());
        }
    };

    private JCudaBootstrap() {}

    /**
     * The bootstrap method of every rewritten native method.
     *
     * @param owner the internal name of the class that the method is in
     */
    public static CallSite bootstrap(MethodHandles.Lookup caller, String name, MethodType type, String owner)
            throws Throwable {
        ClassLoader loader = caller.lookupClass().getClassLoader();
        Class<?> anchor = Class.forName("jcuda.NativePointerObject", false, loader);
        MethodHandle target = (MethodHandle) LINKERS.get(anchor).invokeExact(caller, name, type, owner);
        return new ConstantCallSite(target);
    }

    private static MethodHandle linker(ClassLoader jcudaLoader) {
        try {
            Class<?> bridge = Class.forName(BRIDGE, true, BridgeLoader.above(jcudaLoader));
            return MethodHandles.publicLookup()
                    .findStatic(
                            bridge,
                            "link",
                            MethodType.methodType(
                                    MethodHandle.class,
                                    MethodHandles.Lookup.class,
                                    String.class,
                                    MethodType.class,
                                    String.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("v4vgpu: the JCuda bridge can't be loaded: " + e, e);
        }
    }
}
