package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.function.IntConsumer;
import org.v4vgpu.device.ptx.runtime.TupleOrder;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;

/**
 * Pairs and quadruples of words of a strip whose threads access memory side by side: as many vectors lie there one behind the other as a
 * tuple has words, and go from memory to registers, and back, by picking lanes. Words that nobody wants stay where they are.
 */
final class StripTuples {
    private static final VectorKind KIND = VectorKind.INT;

    private final CodeBuilder code;
    private final StripRegisters registers;
    private final int lanes;

    StripTuples(Emitter e, StripRegisters registers) {
        this.code = e.code;
        this.registers = registers;
        this.lanes = registers.lanes(KIND);
    }

    /** @param pushAddress pushes segment and address of a vector, counted from the first */
    void load(Instruction i, List<Operand> elements, IntConsumer pushAddress) {
        int size = elements.size();
        int[] sources = locals(size);
        int order = code.allocateLocal(TypeKind.REFERENCE);
        for (int part = 0; part < registers.parts(KIND); part++) {
            for (int n = 0; n < size; n++) {
                KIND.species(code, registers.vectorBits);
                pushAddress.accept(part * size + n);
                KIND.fromMemory(code);
                code.astore(sources[n]);
            }
            for (int element = 0; element < size; element++) {
                if (!(elements.get(element) instanceof Operand.Sink)) {
                    keepOrder("apart", size, element, order);
                    for (int n = 0; n < size; n++) {
                        long from = mask(n * lanes / size);
                        pick(order, sources[n], mask((n + 1) * lanes / size) & ~from, n == 0);
                    }
                    registers.popBits(elements.get(element), KIND, part);
                }
            }
        }
    }

    /** @param pushAddress pushes segment and address of a vector, counted from the first */
    void store(Instruction i, List<Operand> elements, IntConsumer pushAddress) {
        int size = elements.size();
        int[] sources = locals(size);
        int order = code.allocateLocal(TypeKind.REFERENCE);
        for (int part = 0; part < registers.parts(KIND); part++) {
            for (int element = 0; element < size; element++) {
                registers.pushBits(i, elements.get(element), part);
                code.astore(sources[element]);
            }
            for (int n = 0; n < size; n++) {
                keepOrder("together", size, n, order);
                for (int element = 0; element < size; element++) {
                    long lanesOfElement = 0;
                    for (int lane = element; lane < lanes; lane += size) {
                        lanesOfElement |= 1L << lane;
                    }
                    pick(order, sources[element], lanesOfElement, element == 0);
                }
                pushAddress.accept(part * size + n);
                KIND.intoMemory(code);
            }
        }
    }

    private int[] locals(int count) {
        int[] locals = new int[count];
        for (int n = 0; n < count; n++) {
            locals[n] = code.allocateLocal(TypeKind.REFERENCE);
        }
        return locals;
    }

    private static long mask(int lanes) {
        return (1L << lanes) - 1;
    }

    private void keepOrder(String name, int size, int which, int local) {
        KIND.species(code, registers.vectorBits);
        code.loadConstant(lanes).loadConstant(size).loadConstant(which);
        code.invokestatic(
                Emitter.descriptor(TupleOrder.class),
                name,
                MethodTypeDesc.of(KIND.array(), ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int));
        code.iconst_0();
        KIND.fromArray(code);
        code.astore(local);
    }

    /** Pushes the lanes of a source in an order, or puts some of them in the place of those of the vector on the stack. */
    private void pick(int order, int source, long lanes, boolean isFirst) {
        code.aload(order).aload(source);
        code.invokevirtual(KIND.type, "selectFrom", MethodTypeDesc.of(KIND.type, VectorKind.VECTOR));
        if (!isFirst) {
            KIND.species(code, registers.vectorBits);
            code.loadConstant(lanes);
            VectorKind.maskOfBits(code);
            KIND.blend(code);
        }
    }
}
