package org.v4vgpu.client.jcuda.agent;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites JCuda's classes: each native method gets a body that passes its arguments to an {@code invokedynamic} call, which
 * {@link JCudaBootstrap} links to the bridge, and the loading of native libraries is left out. Everything else stays JCuda's.
 * Stateless, safe for any thread.
 *
 * <p>The class-file version stays as it is (51 or newer, which has invokedynamic), and the bodies are straight lines, so that no
 * stack maps are needed.
 */
public final class JCudaRewriter {
    /** What the names of JCuda's classes begin with, also those of its libraries. */
    static final String PREFIX = "jcuda/";

    /** Where libraries are loaded: the second since 11.1, the first before. */
    private static final Set<String> LIBRARY_LOADERS = Set.of("jcuda/LibUtils", "jcuda/LibUtilsCuda");

    private static final int FIRST_VERSION_WITH_INVOKEDYNAMIC = 51;

    private static final DirectMethodHandleDesc BOOTSTRAP = MethodHandleDesc.ofMethod(
            DirectMethodHandleDesc.Kind.STATIC,
            ClassDesc.of("org.v4vgpu.client.jcuda.agent.JCudaBootstrap"),
            "bootstrap",
            MethodTypeDesc.of(
                    ConstantDescs.CD_CallSite,
                    ConstantDescs.CD_MethodHandles_Lookup,
                    ConstantDescs.CD_String,
                    ConstantDescs.CD_MethodType,
                    ConstantDescs.CD_String));

    private JCudaRewriter() {}

    /**
     * Rewrites one class.
     *
     * @return the new class file; null if there is nothing to change
     * @throws IllegalArgumentException if these bytes are no class file, or one too old for invokedynamic
     */
    public static byte @Nullable [] rewrite(byte[] bytes) {
        ClassFile classFile = ClassFile.of();
        ClassModel model = classFile.parse(bytes);
        String owner = model.thisClass().asInternalName();
        boolean loadsLibraries = LIBRARY_LOADERS.contains(owner);
        if (!loadsLibraries && model.methods().stream().noneMatch(JCudaRewriter::isNative)) {
            return null;
        }
        if (model.majorVersion() < FIRST_VERSION_WITH_INVOKEDYNAMIC) {
            throw new IllegalArgumentException(owner + " has class-file version " + model.majorVersion()
                    + ", which is too old; JCuda 10 or newer is needed");
        }
        return classFile.transformClass(model, (builder, element) -> {
            if (element instanceof MethodModel method && isNative(method)) {
                link(builder, method, owner);
            } else if (loadsLibraries
                    && element instanceof MethodModel method
                    && method.methodName().equalsString("loadLibrary")) {
                builder.withMethodBody(
                        method.methodName(), method.methodType(), method.flags().flagsMask(), CodeBuilder::return_);
            } else {
                builder.with(element);
            }
        });
    }

    private static boolean isNative(MethodModel method) {
        return method.flags().has(AccessFlag.NATIVE);
    }

    private static void link(ClassBuilder builder, MethodModel method, String owner) {
        if (!method.flags().has(AccessFlag.STATIC)) {
            throw new IllegalArgumentException(
                    owner + "." + method.methodName() + " is a native instance method; JCuda has none");
        }
        MethodTypeDesc type = method.methodTypeSymbol();
        int flags = method.flags().flagsMask() & ~AccessFlag.NATIVE.mask();
        builder.withMethodBody(method.methodName().stringValue(), type, flags, code -> {
            int slot = 0;
            for (ClassDesc parameter : type.parameterList()) {
                TypeKind kind = TypeKind.from(parameter);
                code.loadLocal(kind, slot);
                slot += kind.slotSize();
            }
            code.invokedynamic(
                    DynamicCallSiteDesc.of(BOOTSTRAP, method.methodName().stringValue(), type, owner));
            code.return_(TypeKind.from(type.returnType()));
        });
    }
}
