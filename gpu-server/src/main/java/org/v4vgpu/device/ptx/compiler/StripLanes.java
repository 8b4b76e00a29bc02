package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Space;

/**
 * What can't be done with vectors: the code for one thread, for each thread of the strip in turn, within one instruction. Vectors go by
 * way of arrays.
 *
 * <pre>
 *   for (; thread &lt; strip + threads; thread++) {
 *       if (its guard says so) { take its registers from the arrays;  run;  put back those that it writes; }
 *       step the affine registers
 *   }
 * </pre>
 */
final class StripLanes {
    private final Emitter e;
    private final CodeBuilder code;
    private final Shapes shapes;
    private final StripRegisters registers;
    private final StripMasks masks;

    /** The local with the strip's first thread. */
    private final int strip;

    StripLanes(Emitter e, Shapes shapes, StripRegisters registers, StripMasks masks, int strip) {
        this.masks = masks;
        this.e = e;
        this.code = e.code;
        this.shapes = shapes;
        this.registers = registers;
        this.strip = strip;
    }

    /** @param plain emits what does the instruction for one thread, whatever its guard says */
    void emit(Instruction i, Runnable plain) {
        Set<Integer> uses = new LinkedHashSet<>(i.uses());
        Set<Integer> definitions = new LinkedHashSet<>(i.definitions());
        boolean guarded = i.guard() != null && registers.isMask(i.guard().register());
        IntPredicate isKept = register -> guarded || masks.isMerged(register);
        Map<Integer, Integer> rows = rows(uses, definitions);
        Map<Integer, Integer> bits = new LinkedHashMap<>();
        Map<Integer, Integer> firsts = new LinkedHashMap<>();
        for (int register : uses) {
            if (registers.isMask(register)) {
                bits.put(register, keep(register));
            } else if (!shapes.of(register).isVarying()) {
                firsts.put(register, keep(register));
            }
        }
        definitions.stream()
                .filter(registers::isMask)
                .filter(r -> !bits.containsKey(r))
                .forEach(r -> {
                    if (!isKept.test(r)) {
                        code.iconst_0().istore(e.slot(r));
                    }
                    bits.put(r, keep(r));
                });
        rows.forEach((register, row) -> {
            if (uses.contains(register) || (definitions.contains(register) && isKept.test(register))) {
                registers.intoRow(register, row, code::iconst_0);
            }
        });
        int lane = code.allocateLocal(TypeKind.INT);
        Label top = code.newLabel();
        Label skip = code.newLabel();
        code.iconst_0().istore(lane);
        code.labelBinding(top);
        if (masks.isPartial()) {
            masks.pushRunning();
            code.iload(lane).iushr().iconst_1().iand().ifeq(skip);
        }
        if (guarded && i.guard() != null) {
            pushBit(bits.getOrDefault(i.guard().register(), -1), lane);
            if (i.guard().negated()) {
                code.ifne(skip);
            } else {
                code.ifeq(skip);
            }
        }
        for (int register : uses) {
            if (rows.containsKey(register)) {
                code.aload(rows.get(register)).iload(lane).arrayLoad(e.kind(register));
                code.storeLocal(e.kind(register), e.slot(register));
            } else if (registers.isMask(register)) {
                pushBit(bits.getOrDefault(register, -1), lane);
                code.istore(e.slot(register));
            }
        }
        boolean ownMemory = i.space() == Space.LOCAL || i.space() == Space.GENERIC;
        boolean accesses = i.opcode().equals("ld") || i.opcode().equals("st") || StripCommits.isAtomic(i);
        if (ownMemory && accesses) {
            code.iload(e.thread).aload(e.block).getfield(Emitter.BLOCK, "localStride", ConstantDescs.CD_int);
            code.imul().istore(e.localBase);
        }
        plain.run();
        for (int register : definitions) {
            if (rows.containsKey(register)) {
                code.aload(rows.get(register)).iload(lane).loadLocal(e.kind(register), e.slot(register));
                code.arrayStore(e.kind(register));
            } else if (registers.isMask(register)) {
                putBit(bits.getOrDefault(register, -1), lane, register);
            }
        }
        code.labelBinding(skip);
        firsts.forEach((register, _) -> step(register));
        code.iinc(e.thread, 1)
                .iinc(lane, 1)
                .iload(lane)
                .loadConstant(registers.threads)
                .if_icmplt(top);
        code.iload(strip).istore(e.thread);
        firsts.forEach((register, first) ->
                code.loadLocal(e.kind(register), first).storeLocal(e.kind(register), e.slot(register)));
        bits.forEach((register, mask) -> code.iload(mask).istore(e.slot(register)));
        for (int register : definitions) {
            if (rows.containsKey(register)) {
                registers.fromRow(register, rows.get(register), code::iconst_0);
            }
        }
    }

    /** The locals with the arrays of what varies. */
    private Map<Integer, Integer> rows(Set<Integer> uses, Set<Integer> definitions) {
        Map<Integer, Integer> rows = new LinkedHashMap<>();
        EnumMap<TypeKind, Integer> counts = new EnumMap<>(TypeKind.class);
        Set<Integer> all = new LinkedHashSet<>(uses);
        all.addAll(definitions);
        for (int register : all) {
            if (shapes.of(register).isVarying() && !registers.isMask(register)) {
                TypeKind kind = e.kind(register);
                String field = switch (kind) {
                    case LONG -> "laneLongs";
                    case FLOAT -> "laneFloats";
                    case DOUBLE -> "laneDoubles";
                    default -> "laneInts";
                };
                int slot = code.allocateLocal(TypeKind.REFERENCE);
                code.aload(e.block)
                        .getfield(Emitter.BLOCK, field, kind.upperBound().arrayType(2))
                        .loadConstant(counts.merge(kind, 1, Integer::sum) - 1)
                        .aaload()
                        .astore(slot);
                rows.put(register, slot);
            }
        }
        return rows;
    }

    /** A copy of a register's local. */
    private int keep(int register) {
        TypeKind kind = e.kind(register);
        int copy = code.allocateLocal(kind);
        code.loadLocal(kind, e.slot(register)).storeLocal(kind, copy);
        return copy;
    }

    private void pushBit(int mask, int lane) {
        code.iload(mask).iload(lane).iushr().iconst_1().iand();
    }

    private void putBit(int mask, int lane, int register) {
        code.iload(mask).iconst_1().iload(lane).ishl().iconst_m1().ixor().iand();
        code.iload(e.slot(register)).iload(lane).ishl().ior().istore(mask);
    }

    /** From one thread's value of an affine register to the next one's. */
    private void step(int register) {
        Shape shape = shapes.of(register);
        if (!shape.isAffine()) {
            return;
        }
        TypeKind kind = e.kind(register);
        code.loadLocal(kind, e.slot(register));
        if (kind == TypeKind.LONG) {
            code.loadConstant(shape.stride()).ladd();
        } else {
            code.loadConstant((int) shape.stride()).iadd();
        }
        code.storeLocal(kind, e.slot(register));
    }
}
