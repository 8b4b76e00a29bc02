package org.v4vgpu.device.ptx;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.InstructionSet;
import org.v4vgpu.device.ptx.syntax.Parser;
import org.v4vgpu.device.ptx.syntax.Statement;

/**
 * What the tests have run on {@link KernelBench} so far in this JVM: each opcode with its types and each of its modifiers, in kernels that were launched and ended well. Safe for any thread.
 */
public final class InstructionRecord {
    private static final Set<String> RUN = ConcurrentHashMap.newKeySet();
    private static final Set<String> TESTS = ConcurrentHashMap.newKeySet();
    private static final Set<String> TEXTS = ConcurrentHashMap.newKeySet();

    private InstructionRecord() {}

    /** The names, as {@link InstructionSet#names(Instruction)} gives them, of all instructions that were run. */
    public static Set<String> run() {
        return new TreeSet<>(RUN);
    }

    /** The simple names of the test classes that have launched anything. */
    public static Set<String> tests() {
        return new TreeSet<>(TESTS);
    }

    static void ran(String ptx, String kernel) {
        if (!TEXTS.add(kernel + "\n" + ptx)) {
            return;
        }
        StackWalker.getInstance().forEach(frame -> {
            String name = frame.getClassName();
            if (name.endsWith("Test")) {
                TESTS.add(name.substring(name.lastIndexOf('.') + 1));
            }
        });
        try {
            for (Function function : Parser.parse(ptx).functions()) {
                if (!function.entry() || function.name().equals(kernel)) {
                    for (Statement statement : function.body()) {
                        if (statement instanceof Instruction instruction) {
                            RUN.addAll(InstructionSet.names(instruction));
                        }
                    }
                }
            }
        } catch (DeviceException e) {
            throw new IllegalStateException("it was compiled before", e);
        }
    }
}
