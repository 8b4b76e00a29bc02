package org.v4vgpu.device.ptx.compiler;

import java.lang.constant.MethodTypeDesc;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Variable;

/**
 * A call taken apart. Source: PTX ISA 9.7.12.5.
 *
 * @param name of the function, or empty where a pointer is called
 * @param pointer the register that holds the function's address, or null
 * @param signature the list of functions or the prototype that goes with a pointer, or null
 */
record Call(
        Operand.Group results,
        String name,
        Operand.@Nullable Register pointer,
        Operand.Group arguments,
        @Nullable Operand signature,
        int line) {
    private static final Operand.Group NOTHING = new Operand.Group(List.of());

    static Call of(Emitter e, Instruction i) {
        Call call = parse(i);
        if (call == null) {
            throw e.refusal(i, "unsupported form of call");
        }
        return call;
    }

    /** Null for what is no call of a known form. */
    static @Nullable Call parse(Instruction i) {
        int at = 0;
        Operand.Group results = NOTHING;
        if (i.operands().size() > at && i.operand(at) instanceof Operand.Group group) {
            results = group;
            at++;
        }
        if (i.operands().size() <= at) {
            return null;
        }
        Operand target = i.operand(at++);
        Operand.Group arguments = NOTHING;
        if (i.operands().size() > at && i.operand(at) instanceof Operand.Group group) {
            arguments = group;
            at++;
        }
        if (target instanceof Operand.Symbol symbol && at == i.operands().size()) {
            return new Call(results, symbol.name(), null, arguments, null, i.line());
        }
        if (target instanceof Operand.Register register && at == i.operands().size() - 1) {
            return new Call(results, "", register, arguments, i.operand(at), i.line());
        }
        return null;
    }

    /** The declared results and parameters of what a pointer may point to. */
    Operand.Prototype prototype(ModuleLayout module) {
        return switch (signature) {
            case Operand.Prototype prototype -> prototype;
            case Operand.Targets targets -> {
                Function first = module.function(targets.names().getFirst());
                if (first == null) {
                    throw new PtxErrors.Refusal(line, "call: " + targets.names().getFirst() + ": no such function");
                }
                yield new Operand.Prototype(first.results(), first.parameters());
            }
            case null, default -> throw new PtxErrors.Refusal(line, "call: no prototype");
        };
    }

    /** The type of the methods that a call through a pointer may reach, or null for a direct call. */
    @Nullable
    MethodTypeDesc pointerType(ModuleLayout module) {
        if (pointer == null) {
            return null;
        }
        Operand.Prototype prototype = prototype(module);
        return CallEmitter.descriptor(prototype.results(), prototype.parameters(), line);
    }

    void requireFits(Emitter e, Instruction i, List<Variable> declaredResults, List<Variable> parameters) {
        if (results.elements().size() != declaredResults.size()
                || arguments.elements().size() != parameters.size()) {
            throw e.refusal(i, (name.isEmpty() ? "" : name + ": ") + "does not fit its declaration");
        }
    }
}
