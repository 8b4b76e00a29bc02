package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.v4vgpu.device.ptx.runtime.CompiledKernel;

/** The program counters of a region's strips: while all threads are together, none is written. */
final class StripCounters {
    private static final int NONE = Integer.MIN_VALUE + 1;

    /** The local with where the strip at hand goes on. */
    final int next;

    private final CodeBuilder code;
    private final StripRegisters registers;

    /** The local with the first thread of the strip. */
    private final int strip;

    /** Whether the program counters of the threads that have run are as {@code state} says, and not yet written. */
    private final int together;

    /** The local with where all strips that have run go on, or MIXED, or NONE. */
    private final int state;

    private final int pc;

    StripCounters(Emitter e, StripRegisters registers, int strip) {
        this.code = e.code;
        this.registers = registers;
        this.strip = strip;
        this.pc = e.field("pc", Emitter.INTS);
        this.state = code.allocateLocal(TypeKind.INT);
        this.next = code.allocateLocal(TypeKind.INT);
        this.together = code.allocateLocal(TypeKind.INT);
    }

    /** The region begins. */
    void open() {
        code.loadConstant(NONE)
                .istore(state)
                .loadConstant(CompiledKernel.EXITED)
                .istore(next);
        Label apart = code.newLabel();
        code.iconst_0().istore(together);
        code.aload(StripRegionEmitter.BLOCK).getfield(Emitter.BLOCK, "together", ConstantDescs.CD_int);
        code.iload(StripRegionEmitter.EXPECTED).if_icmpne(apart);
        code.iconst_1().istore(together).labelBinding(apart);
    }

    /** Goes on with another strip where the one at hand does not stand at this region. */
    void skip(Label other) {
        Label ready = code.newLabel();
        code.iload(together).ifne(ready);
        code.aload(pc).iload(strip).iaload().iload(StripRegionEmitter.EXPECTED).if_icmpne(other);
        code.labelBinding(ready);
    }

    /** Those of a strip that has run. */
    void write() {
        Label apart = code.newLabel();
        Label done = code.newLabel();
        code.iload(together).ifeq(apart);
        code.iload(state).iload(next).if_icmpeq(done);
        code.iload(state).loadConstant(NONE).if_icmpeq(done);
        part();
        code.labelBinding(apart);
        for (int part = 0; part < registers.parts(VectorKind.INT); part++) {
            VectorKind.INT.species(code, registers.vectorBits);
            code.iload(next);
            VectorKind.INT.broadcast(code);
            code.aload(pc)
                    .iload(strip)
                    .loadConstant(part * registers.lanes(VectorKind.INT))
                    .iadd();
            VectorKind.INT.intoArray(code);
        }
        code.labelBinding(done);
    }

    /** Writes the counters of all, as the strip at hand begins. */
    void part() {
        Label apart = code.newLabel();
        code.iload(together).ifeq(apart);
        code.aload(StripRegionEmitter.BLOCK)
                .iload(StripRegionEmitter.FROM)
                .iload(strip)
                .iload(StripRegionEmitter.TO)
                .iload(state)
                .iload(StripRegionEmitter.EXPECTED);
        code.invokevirtual(
                Emitter.BLOCK,
                "part",
                MethodTypeDesc.of(
                        ConstantDescs.CD_void,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_int));
        code.iconst_0().istore(together).labelBinding(apart);
    }

    /** The region ends: the block keeps in mind where all are. */
    void close() {
        Label apart = code.newLabel();
        code.iload(together).ifeq(apart);
        code.aload(StripRegionEmitter.BLOCK).iload(state).putfield(Emitter.BLOCK, "together", ConstantDescs.CD_int);
        code.labelBinding(apart);
    }

    /** state = state == NONE || state == next ? next : MIXED. */
    void note(Label then) {
        Label first = code.newLabel();
        code.iload(state).iload(next).if_icmpeq(then);
        code.iload(state).loadConstant(NONE).if_icmpeq(first);
        code.loadConstant(CompiledKernel.MIXED).istore(state).goto_(then);
        code.labelBinding(first).iload(next).istore(state).goto_(then);
    }

    /** Returns what is common to all. */
    void answer() {
        Label some = code.newLabel();
        code.iload(state).loadConstant(NONE).if_icmpne(some);
        code.loadConstant(CompiledKernel.MIXED).ireturn();
        code.labelBinding(some).iload(state).ireturn();
    }
}
