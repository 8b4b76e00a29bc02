package org.v4vgpu.device.ptx;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.compiler.LineNumbers;
import org.v4vgpu.device.ptx.runtime.FaultContext;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.PtxModule;
import org.v4vgpu.device.ptx.syntax.Statement;

/** Finds out about a fault from the module's text and the context's memory. Looks everything up anew: faults are rare. Safe for any thread. */
final class KernelFaults implements FaultContext {
    private final PtxModule module;
    private final LineNumbers lines;
    private final GlobalMemory memory;

    KernelFaults(PtxModule module, LineNumbers lines, GlobalMemory memory) {
        this.module = module;
        this.lines = lines;
        this.memory = memory;
    }

    @Override
    public int lineAt(String method, int number) {
        return lines.lineAt(method, number);
    }

    @Override
    public @Nullable MemoryAccess accessAt(int line) {
        for (Function function : module.functions()) {
            for (Statement statement : function.body()) {
                if (statement.line() == line && statement instanceof Instruction instruction) {
                    String verb = verb(instruction.opcode());
                    if (!verb.isEmpty()) {
                        return new MemoryAccess(
                                verb,
                                bytes(instruction),
                                instruction.space().name().toLowerCase(Locale.ROOT));
                    }
                }
            }
        }
        return null;
    }

    private static int bytes(Instruction instruction) {
        return switch (instruction.opcode()) {
            case "ldmatrix", "stmatrix" -> 16; // a row
            default -> instruction.type().bytes() * instruction.vectorLength();
        };
    }

    private static String verb(String opcode) {
        return switch (opcode) {
            case "ld", "ldu", "ldmatrix", "wmma.load" -> "read";
            case "st", "stmatrix", "wmma.store" -> "write";
            case "atom", "red" -> "atomic access";
            default -> "";
        };
    }

    @Override
    public String sourceAt(int line) {
        int start = 0;
        for (Function function : module.functions()) {
            if (function.defined() && function.line() <= line) {
                start = Math.max(start, function.line());
            }
        }
        return module.source().at(line, start);
    }

    @Override
    public String near(long address) {
        return memory.near(address);
    }
}
