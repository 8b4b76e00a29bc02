package org.v4vgpu.device.ptx.compiler;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.DeviceHeap;
import org.v4vgpu.device.ptx.runtime.Printf;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/** Calls of the functions that the CUDA runtime supplies: vprintf, malloc, free, __assertfail. */
final class ExternEmitter {
    private ExternEmitter() {}

    static void emit(Emitter e, Instruction i, Call call) {
        switch (call.name()) {
            case "vprintf" -> emit(e, i, call, Printf.class, "vprintf", Type.U32, Type.U64, Type.U64);
            case "malloc" -> emit(e, i, call, DeviceHeap.class, "malloc", Type.U64, Type.U64);
            case "free" -> emit(e, i, call, DeviceHeap.class, "free", null, Type.U64);
            case "__assertfail" ->
                emit(e, i, call, Printf.class, "assertFail", null, Type.U64, Type.U64, Type.U32, Type.U64, Type.U64);
            default -> throw e.refusal(i, call.name() + ": unresolved extern function");
        }
    }

    /** Calls a static method of (block, first word of local memory, the arguments). */
    private static void emit(
            Emitter e, Instruction i, Call call, Class<?> owner, String method, @Nullable Type result, Type... types) {
        List<Operand> arguments = call.arguments().elements();
        List<Operand> results = call.results().elements();
        if (arguments.size() != types.length || results.size() != (result == null ? 0 : 1)) {
            throw e.refusal(i, call.name() + ": does not fit its declaration");
        }
        List<ClassDesc> parameters = new ArrayList<>(List.of(Emitter.BLOCK, ConstantDescs.CD_int));
        e.code.aload(e.block).iload(e.localBase);
        for (int n = 0; n < types.length; n++) {
            CallEmitter.pushScalar(e, i, arguments.get(n), types[n]);
            parameters.add(RegisterKinds.of(types[n]).upperBound());
        }
        ClassDesc returned = result == null
                ? ConstantDescs.CD_void
                : RegisterKinds.of(result).upperBound();
        e.call(owner, method, MethodTypeDesc.of(returned, parameters));
        if (result != null) {
            CallEmitter.popScalar(e, i, results.getFirst(), result);
        }
    }
}
