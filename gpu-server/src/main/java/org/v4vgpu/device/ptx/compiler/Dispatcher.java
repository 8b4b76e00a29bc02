package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.GenericAccess;
import org.v4vgpu.device.ptx.runtime.Traps;
import org.v4vgpu.device.ptx.syntax.Function;

/**
 * The method through which a kernel calls pointers to functions of one type: a switch over the functions that something points to.
 * Its last parameter is the address; what is no address of such a function ends the kernel.
 */
final class Dispatcher {
    private Dispatcher() {}

    static void emit(CodeBuilder code, KernelContext kernel, MethodTypeDesc type) {
        List<Function> functions = kernel.module.pointedFunctions().stream()
                .filter(function -> CallEmitter.descriptor(function).equals(type))
                .toList();
        int address = 0;
        for (int n = 0; n < type.parameterCount(); n++) {
            address += TypeKind.from(type.parameterType(n)).slotSize();
        }
        Label elsewhere = code.newLabel();
        List<SwitchCase> cases = new ArrayList<>();
        for (Function function : functions) {
            cases.add(SwitchCase.of(offset(kernel, function), code.newLabel()));
        }
        // Of no use to the kernel, the upper half decides whether the lower may count.
        code.lload(address)
                .loadConstant(32)
                .lushr()
                .loadConstant(GenericAccess.FUNCTION_WINDOW >>> 32)
                .lcmp();
        code.ifne(elsewhere);
        code.lload(address).l2i().lookupswitch(elsewhere, cases);
        for (int n = 0; n < functions.size(); n++) {
            code.labelBinding(cases.get(n).target());
            int slot = 0;
            for (int p = 0; p < type.parameterCount(); p++) {
                TypeKind kind = TypeKind.from(type.parameterType(p));
                code.loadLocal(kind, slot);
                slot += kind.slotSize();
            }
            code.invokestatic(kernel.owner, kernel.method(functions.get(n)), type);
            code.return_(TypeKind.from(type.returnType()));
        }
        code.labelBinding(elsewhere).lload(address);
        code.invokestatic(
                Emitter.descriptor(Traps.class),
                "callElsewhere",
                MethodTypeDesc.of(Emitter.descriptor(RuntimeException.class), ConstantDescs.CD_long));
        code.athrow();
    }

    private static int offset(KernelContext kernel, Function function) {
        return (int) (kernel.module.functionAddress(function.name()) - GenericAccess.FUNCTION_WINDOW);
    }
}
