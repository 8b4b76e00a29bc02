package org.v4vgpu.client.jcuda.agent;

import java.lang.System.Logger.Level;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;

/**
 * The Java agent: rewrites JCuda's classes as they are loaded. {@code -javaagent:v4vgpu-agent.jar=v4v://1:4840}; the argument,
 * which may be left out, becomes the system property {@code v4vgpu.server}.
 *
 * <p>The jar's manifest puts this package on the bootstrap class path, so that what is rewritten finds {@link JCudaBootstrap} from any
 * loader, also one that does not ask the system's. Under another file name the jar stays on the class path only.
 */
public final class V4vgpuAgent {
    private static final String SERVER = "v4vgpu.server";

    private V4vgpuAgent() {}

    /** Called by the JVM before the program's main. */
    public static void premain(@Nullable String argument, Instrumentation instrumentation) {
        if (argument != null && !argument.isBlank()) {
            System.setProperty(SERVER, argument.strip());
        }
        instrumentation.addTransformer(new Transformer());
    }

    /** Safe for any thread. Never throws: the JVM would ignore that in silence, and JCuda would look for its native libraries. */
    private static final class Transformer implements ClassFileTransformer {
        @Override
        @SuppressWarnings("ReturnsNullCollection") // null says that nothing is to be changed
        public byte @Nullable [] transform(
                @Nullable ClassLoader loader,
                @Nullable String name,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] bytes) {
            if (name == null || !name.startsWith(JCudaRewriter.PREFIX)) {
                return null;
            }
            try {
                return JCudaRewriter.rewrite(bytes);
            } catch (Throwable e) {
                System.getLogger(V4vgpuAgent.class.getName())
                        .log(Level.ERROR, "v4vgpu: " + name.replace('/', '.') + " can't be rewritten: " + e);
                return null;
            }
        }
    }
}
