package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Type;
import org.v4vgpu.device.ptx.syntax.Variable;

/** A function as a static method. It must not synchronize: the threads of a block call it one after the other. */
final class FunctionEmitter implements BodyEmitter.Exits {
    private static final int BLOCK = 0;
    private static final int THREAD = 1;
    private static final int LOCAL_BASE = 2;
    private static final int FRAME = 3;

    private final Function function;
    private final Emitter e;

    private FunctionEmitter(CodeBuilder code, Function function, KernelContext kernel) {
        this.function = function;
        this.e = new Emitter(code, function, kernel.frame(function), kernel, BLOCK, THREAD, LOCAL_BASE, FRAME);
    }

    static void emit(CodeBuilder code, Function function, KernelContext kernel) {
        new FunctionEmitter(code, function, kernel).emit();
    }

    private void emit() {
        e.poll();
        if (e.frame.localBytes() > 0) {
            e.code.aload(BLOCK).iload(FRAME).loadConstant(e.frame.localBytes()).iadd();
            e.code.invokevirtual(
                    Emitter.BLOCK, "requireStack", MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int));
        }
        FlowGraph graph = FlowGraph.of(function);
        BitSet undefined = (BitSet) graph.liveIn(0).clone();
        takeParameters(undefined);
        undefined.stream().forEach(e::zero);
        BitSet all = new BitSet();
        all.set(0, graph.blocks().size());
        new BodyEmitter(e, graph, this).emit(all);
    }

    private void takeParameters(BitSet undefined) {
        int slot = FRAME + 1;
        for (int n = 0; n < function.results().size(); n++) {
            if (function.results().get(n).array()) {
                int register = function.resultRegisters().get(n);
                e.code.iload(slot++).istore(e.slot(register));
                undefined.clear(register);
            }
        }
        for (int n = 0; n < function.parameters().size(); n++) {
            Variable parameter = function.parameters().get(n);
            int register = function.parameterRegisters().get(n);
            TypeKind kind = parameter.array() ? TypeKind.INT : RegisterKinds.of(parameter.type());
            e.code.loadLocal(kind, slot);
            e.bits(kind, e.kind(register));
            e.code.storeLocal(e.kind(register), e.slot(register));
            undefined.clear(register);
            slot += kind.slotSize();
        }
    }

    @Override
    public void end(Instruction at) {
        if (at.opcode().equals("exit")) {
            throw notInline(at);
        }
        Type type = CallEmitter.result(function);
        if (type == null) {
            e.code.return_();
            return;
        }
        for (int n = 0; n < function.results().size(); n++) {
            if (!function.results().get(n).array()) {
                int register = function.resultRegisters().get(n);
                e.code.loadLocal(e.kind(register), e.slot(register));
                e.bits(e.kind(register), RegisterKinds.of(type));
            }
        }
        e.code.return_(RegisterKinds.of(type));
    }

    @Override
    public void synchronize(FlowGraph.Block block, Instruction at) {
        throw notInline(at);
    }

    /** The functions that wait were put in their caller's place, where that was possible. */
    private PtxErrors.Refusal notInline(Instruction at) {
        return e.refusal(
                at, "unsupported in " + function.name() + ", which is called through a pointer or recursively");
    }

    @Override
    public boolean leave(int from, int to) {
        return false;
    }
}
