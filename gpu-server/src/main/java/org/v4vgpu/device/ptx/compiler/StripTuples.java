package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.v4vgpu.device.ptx.runtime.TupleOrder;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;

/**
 * Pairs and quadruples of words of a strip whose threads access memory side by side: as many vectors lie there one behind the other as a
 * tuple has words, and go from memory to registers, and back, by picking lanes of two vectors at a time. Words that nobody wants stay
 * where they are.
 */
final class StripTuples {
    private static final VectorKind KIND = VectorKind.INT;
    private static final int PAIR = 2;

    private final CodeBuilder code;
    private final StripRegisters registers;
    private final int lanes;

    /** The locals with the tables of {@link TupleOrder}, by their names. */
    private final Map<String, Integer> orders = new HashMap<>();

    StripTuples(Emitter e, StripRegisters registers) {
        this.code = e.code;
        this.registers = registers;
        this.lanes = registers.lanes(KIND);
    }

    /** Emits what stands before the loop over strips that have tuples of so many words. */
    void open(int size) {
        List<String> names =
                size == PAIR ? List.of("everySecond", "byTurns") : List.of("everyFourth", "halves", "byHalves");
        for (String name : names) {
            for (int which = 0; which < 2; which++) {
                open(name, size == PAIR || !name.equals("everyFourth") ? which : 2 * which, name + which);
            }
        }
    }

    private void open(String name, int which, String key) {
        int local = code.allocateLocal(TypeKind.REFERENCE);
        code.loadConstant(lanes).loadConstant(which);
        code.invokestatic(
                Emitter.descriptor(TupleOrder.class),
                name,
                MethodTypeDesc.of(KIND.array(), ConstantDescs.CD_int, ConstantDescs.CD_int));
        code.astore(local);
        orders.put(key, local);
    }

    /** @param pushAddress pushes segment and address of a vector, counted from the first */
    void load(Instruction i, List<Operand> elements, IntConsumer pushAddress) {
        int size = elements.size();
        int[] sources = locals(size);
        int[] halves = locals(2);
        for (int part = 0; part < registers.parts(KIND); part++) {
            for (int n = 0; n < size; n++) {
                KIND.species(code, registers.vectorBits);
                pushAddress.accept(part * size + n);
                KIND.fromMemory(code);
                code.astore(sources[n]);
            }
            for (int first = 0; first < size; first += 2) {
                List<Operand> both = elements.subList(first, first + 2);
                if (both.stream().allMatch(Operand.Sink.class::isInstance)) {
                    continue;
                }
                if (size == PAIR) {
                    take(both, "everySecond", sources[0], sources[1], part);
                    continue;
                }
                for (int half = 0; half < 2; half++) {
                    pick("everyFourth" + first / 2, sources[2 * half], sources[2 * half + 1]);
                    code.astore(halves[half]);
                }
                take(both, "halves", halves[0], halves[1], part);
            }
        }
    }

    /** Two elements from two vectors. */
    private void take(List<Operand> elements, String order, int a, int b, int part) {
        for (int which = 0; which < 2; which++) {
            if (!(elements.get(which) instanceof Operand.Sink)) {
                pick(order + which, a, b);
                registers.popBits(elements.get(which), KIND, part);
            }
        }
    }

    /** @param pushAddress pushes segment and address of a vector, counted from the first */
    void store(Instruction i, List<Operand> elements, IntConsumer pushAddress) {
        int size = elements.size();
        int[] sources = locals(size);
        int[] halves = locals(2);
        for (int part = 0; part < registers.parts(KIND); part++) {
            for (int element = 0; element < size; element++) {
                registers.pushBits(i, elements.get(element), part);
                code.astore(sources[element]);
            }
            if (size == PAIR) {
                put("byTurns", sources[0], sources[1], part * size, pushAddress);
                continue;
            }
            for (int half = 0; half < 2; half++) {
                for (int pair = 0; pair < 2; pair++) {
                    pick("halves" + half, sources[2 * pair], sources[2 * pair + 1]);
                    code.astore(halves[pair]);
                }
                put("byHalves", halves[0], halves[1], part * size + 2 * half, pushAddress);
            }
        }
    }

    /** Two vectors of memory from two others. */
    private void put(String order, int a, int b, int first, IntConsumer pushAddress) {
        for (int which = 0; which < 2; which++) {
            pick(order + which, a, b);
            pushAddress.accept(first + which);
            KIND.intoMemory(code);
        }
    }

    private int[] locals(int count) {
        int[] locals = new int[count];
        for (int n = 0; n < count; n++) {
            locals[n] = code.allocateLocal(TypeKind.REFERENCE);
        }
        return locals;
    }

    /** Pushes lanes of two vectors. */
    private void pick(String order, int a, int b) {
        Integer table = orders.get(order);
        if (table == null) {
            throw new IllegalStateException("no such tuples were announced");
        }
        KIND.species(code, registers.vectorBits);
        code.aload(table).iconst_0();
        KIND.fromArray(code);
        code.aload(a).aload(b);
        code.invokevirtual(KIND.type, "selectFrom", MethodTypeDesc.of(KIND.type, VectorKind.VECTOR, VectorKind.VECTOR));
    }
}
