package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;
import org.v4vgpu.device.ptx.syntax.Variable;

/**
 * Calls. A function is a static method of (block, thread, first word of local memory, frame offset, addresses of array results,
 * parameters); arrays are passed by their address in the caller's frame. A call through a pointer goes by a {@link Dispatcher}.
 * Source: PTX ISA 7.1 and 9.7.12.5.
 */
final class CallEmitter {
    private CallEmitter() {}

    static void emit(Emitter e, Instruction i) {
        Call call = Call.of(e, i);
        MethodTypeDesc pointer = call.pointerType(e.kernel.module);
        if (pointer != null) {
            Operand.Prototype prototype = call.prototype(e.kernel.module);
            call.requireFits(e, i, prototype.results(), prototype.parameters());
            pushArguments(e, i, call, prototype.results(), prototype.parameters());
            e.push(i, Objects.requireNonNull(call.pointer()), Type.U64);
            e.code.invokestatic(
                    e.kernel.owner,
                    e.kernel.dispatcher(pointer),
                    pointer.insertParameterTypes(pointer.parameterCount(), ConstantDescs.CD_long));
            takeResult(e, i, call, prototype.results());
            return;
        }
        Function callee = e.kernel.module.function(call.name());
        if (callee == null || callee.entry()) {
            throw e.refusal(i, call.name() + ": no such function");
        }
        call.requireFits(e, i, callee.results(), callee.parameters());
        if (callee.defined()) {
            pushArguments(e, i, call, callee.results(), callee.parameters());
            e.code.invokestatic(e.kernel.owner, e.kernel.method(callee), descriptor(callee));
            takeResult(e, i, call, callee.results());
        } else {
            ExternEmitter.emit(e, i, call);
        }
    }

    /** Pushes what every method takes: block, thread, local memory, frame, addresses of array results, parameters. */
    private static void pushArguments(
            Emitter e, Instruction i, Call call, List<Variable> results, List<Variable> parameters) {
        e.code.aload(e.block).iload(e.thread).iload(e.localBase);
        if (e.framePointer >= 0) {
            e.code.iload(e.framePointer).loadConstant(e.frame.localBytes()).iadd();
        } else {
            e.code.loadConstant(e.frame.localBytes());
        }
        for (int n = 0; n < results.size(); n++) {
            if (results.get(n).array()) {
                pushArray(e, i, call.results().elements().get(n));
            }
        }
        for (int n = 0; n < parameters.size(); n++) {
            Variable parameter = parameters.get(n);
            if (parameter.array()) {
                pushArray(e, i, call.arguments().elements().get(n));
            } else {
                pushScalar(e, i, call.arguments().elements().get(n), parameter.type());
            }
        }
    }

    private static void takeResult(Emitter e, Instruction i, Call call, List<Variable> results) {
        for (int n = 0; n < results.size(); n++) {
            if (!results.get(n).array()) {
                popScalar(e, i, call.results().elements().get(n), results.get(n).type());
            }
        }
    }

    static void popScalar(Emitter e, Instruction i, Operand target, Type type) {
        if (target instanceof Operand.ParameterValue value) {
            e.popRegister(i, value.register(), type);
        } else {
            e.pop(i, target, type);
        }
    }

    static void pushScalar(Emitter e, Instruction i, Operand argument, Type type) {
        Operand source =
                argument instanceof Operand.ParameterValue value ? new Operand.Register(value.register()) : argument;
        e.push(i, source, type);
    }

    private static void pushArray(Emitter e, Instruction i, Operand argument) {
        if (argument instanceof Operand.ParameterPointer pointer) {
            e.code.iload(e.slot(pointer.register()));
        } else if (argument instanceof Operand.Named named && named.variable().space() == Space.PARAM) {
            Place.pushAddressOf(e, i, named, Type.U32);
        } else {
            throw e.refusal(i, "unsupported argument");
        }
    }

    /** The type of the scalar result, or null. */
    static @Nullable Type result(Function function) {
        return result(function.results(), function.line());
    }

    private static @Nullable Type result(List<Variable> results, int line) {
        List<Variable> scalars =
                results.stream().filter(result -> !result.array()).toList();
        if (scalars.size() > 1) {
            throw new PtxErrors.Refusal(line, "unsupported: a function with more than one result");
        }
        return scalars.isEmpty() ? null : scalars.getFirst().type();
    }

    static MethodTypeDesc descriptor(Function function) {
        return descriptor(function.results(), function.parameters(), function.line());
    }

    static MethodTypeDesc descriptor(List<Variable> results, List<Variable> parameters, int line) {
        List<ClassDesc> types = new ArrayList<>(
                List.of(Emitter.BLOCK, ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int));
        for (Variable result : results) {
            if (result.array()) {
                types.add(ConstantDescs.CD_int);
            }
        }
        for (Variable parameter : parameters) {
            types.add((parameter.array() ? TypeKind.INT : RegisterKinds.of(parameter.type())).upperBound());
        }
        Type result = result(results, line);
        return MethodTypeDesc.of(
                result == null
                        ? ConstantDescs.CD_void
                        : RegisterKinds.of(result).upperBound(),
                types);
    }
}
