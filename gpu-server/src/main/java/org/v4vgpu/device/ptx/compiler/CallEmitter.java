package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.Printf;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;
import org.v4vgpu.device.ptx.syntax.Variable;

/**
 * Direct calls. A function is a static method of (block, thread, first word of local memory, frame offset, addresses of array results,
 * parameters); arrays are passed by their address in the caller's frame. Source: PTX ISA 7.1 and 9.7.12.4.
 */
final class CallEmitter {
    private static final Operand.Group NOTHING = new Operand.Group(List.of());

    private CallEmitter() {}

    /** A call taken apart. */
    record Call(Operand.Group results, String name, Operand.Group arguments) {
        static Call of(Emitter e, Instruction i) {
            Call call = parse(i);
            if (call == null) {
                throw e.refusal(i, "unsupported call: only direct calls");
            }
            return call;
        }

        static @Nullable Call parse(Instruction i) {
            int at = 0;
            Operand.Group results = NOTHING;
            if (i.operands().size() > at && i.operand(at) instanceof Operand.Group group) {
                results = group;
                at++;
            }
            if (i.operands().size() <= at || !(i.operand(at) instanceof Operand.Symbol symbol)) {
                return null;
            }
            at++;
            Operand.Group arguments = NOTHING;
            if (i.operands().size() > at && i.operand(at) instanceof Operand.Group group) {
                arguments = group;
                at++;
            }
            return at == i.operands().size() ? new Call(results, symbol.name(), arguments) : null;
        }
    }

    static void emit(Emitter e, Instruction i) {
        Call call = Call.of(e, i);
        Function callee = e.kernel.module.function(call.name());
        if (callee == null || callee.entry()) {
            throw e.refusal(i, call.name() + ": no such function");
        }
        if (call.results().elements().size() != callee.results().size()
                || call.arguments().elements().size() != callee.parameters().size()) {
            throw e.refusal(i, call.name() + ": does not fit its declaration");
        }
        if (callee.defined()) {
            function(e, i, call, callee);
        } else {
            external(e, i, call);
        }
    }

    private static void function(Emitter e, Instruction i, Call call, Function callee) {
        e.code.aload(e.block).iload(e.thread).iload(e.localBase);
        if (e.framePointer >= 0) {
            e.code.iload(e.framePointer).loadConstant(e.frame.localBytes()).iadd();
        } else {
            e.code.loadConstant(e.frame.localBytes());
        }
        for (int n = 0; n < callee.results().size(); n++) {
            if (callee.results().get(n).array()) {
                pushArray(e, i, call.results().elements().get(n));
            }
        }
        for (int n = 0; n < callee.parameters().size(); n++) {
            Variable parameter = callee.parameters().get(n);
            if (parameter.array()) {
                pushArray(e, i, call.arguments().elements().get(n));
            } else {
                pushScalar(e, i, call.arguments().elements().get(n), parameter.type());
            }
        }
        e.code.invokestatic(e.kernel.owner, e.kernel.method(callee), descriptor(callee));
        Type result = result(callee);
        if (result != null) {
            popScalar(e, i, call, callee, result);
        }
    }

    private static void popScalar(Emitter e, Instruction i, Call call, Function callee, Type result) {
        for (int n = 0; n < callee.results().size(); n++) {
            if (!callee.results().get(n).array()) {
                popScalar(e, i, call.results().elements().get(n), result);
            }
        }
    }

    private static void popScalar(Emitter e, Instruction i, Operand target, Type type) {
        if (target instanceof Operand.ParameterValue value) {
            e.popRegister(i, value.register(), type);
        } else {
            e.pop(i, target, type);
        }
    }

    private static void pushScalar(Emitter e, Instruction i, Operand argument, Type type) {
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
        List<Variable> scalars =
                function.results().stream().filter(result -> !result.array()).toList();
        if (scalars.size() > 1) {
            throw new PtxErrors.Refusal(function.line(), function.name() + ": unsupported: more than one result");
        }
        return scalars.isEmpty() ? null : scalars.getFirst().type();
    }

    static MethodTypeDesc descriptor(Function function) {
        List<ClassDesc> types = new ArrayList<>(
                List.of(Emitter.BLOCK, ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int));
        for (Variable result : function.results()) {
            if (result.array()) {
                types.add(ConstantDescs.CD_int);
            }
        }
        for (Variable parameter : function.parameters()) {
            types.add((parameter.array() ? TypeKind.INT : RegisterKinds.of(parameter.type())).upperBound());
        }
        Type result = result(function);
        return MethodTypeDesc.of(
                result == null
                        ? ConstantDescs.CD_void
                        : RegisterKinds.of(result).upperBound(),
                types);
    }

    private static void external(Emitter e, Instruction i, Call call) {
        int arguments = call.arguments().elements().size();
        int results = call.results().elements().size();
        if ((call.name().equals("vprintf") && (arguments != 2 || results != 1))
                || (call.name().equals("__assertfail") && (arguments != 5 || results != 0))) {
            throw e.refusal(i, call.name() + ": does not fit its declaration");
        }
        switch (call.name()) {
            case "vprintf" -> {
                e.code.aload(e.block).iload(e.localBase);
                pushScalar(e, i, call.arguments().elements().get(0), Type.U64);
                pushScalar(e, i, call.arguments().elements().get(1), Type.U64);
                e.call(
                        Printf.class,
                        "vprintf",
                        MethodTypeDesc.of(
                                ConstantDescs.CD_int,
                                Emitter.BLOCK,
                                ConstantDescs.CD_int,
                                ConstantDescs.CD_long,
                                ConstantDescs.CD_long));
                popScalar(e, i, call.results().elements().getFirst(), Type.U32);
            }
            case "__assertfail" -> {
                e.code.aload(e.block).iload(e.localBase);
                pushScalar(e, i, call.arguments().elements().get(0), Type.U64);
                pushScalar(e, i, call.arguments().elements().get(1), Type.U64);
                pushScalar(e, i, call.arguments().elements().get(2), Type.U32);
                pushScalar(e, i, call.arguments().elements().get(3), Type.U64);
                e.call(
                        Printf.class,
                        "assertFail",
                        MethodTypeDesc.of(
                                ConstantDescs.CD_void,
                                Emitter.BLOCK,
                                ConstantDescs.CD_int,
                                ConstantDescs.CD_long,
                                ConstantDescs.CD_long,
                                ConstantDescs.CD_int,
                                ConstantDescs.CD_long));
            }
            default -> throw e.refusal(i, call.name() + ": unresolved extern function");
        }
    }
}
