package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.v4vgpu.device.ptx.runtime.Strips;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * Instructions of a strip that the code for one thread can't do: arithmetic on vectors, comparisons that all threads share. Memory is
 * {@link StripMoves}' affair, what only single threads can do that of {@link StripLanes}.
 */
final class StripEmitter implements BodyEmitter.Manner {
    private static final Set<String> UNSIGNED = Set.of("lo", "ls", "hi", "hs");
    private static final Set<String> COMPLEMENTS = Set.of("equ", "ltu", "leu", "gtu", "geu", "nan");

    private final Emitter e;
    private final CodeBuilder code;
    private final Shapes shapes;
    private final StripRules rules;
    private final StripRegisters registers;
    private final StripMoves moves;
    private final StripConversions conversions;
    private final StripArithmetic arithmetic;
    private final StripFunctions functions;
    private final StripLanes lanes;
    private final StripMasks masks;
    private final Partings partings;
    private final StripCommits commits;

    /** The local that tells whether the strip can no longer begin again, or -1 where it always can. */
    private final int committed;

    private final StripExchange exchange;

    /** Where control goes when the strip gives up, with nothing on the stack. */
    private final Label giveUp;

    StripEmitter(
            Emitter e,
            Shapes shapes,
            StripRules rules,
            StripRegisters registers,
            StripMoves moves,
            StripLanes lanes,
            StripMasks masks,
            Partings partings,
            StripCommits commits,
            int committed,
            StripExchange exchange,
            Label giveUp) {
        this.exchange = exchange;
        this.e = e;
        this.code = e.code;
        this.shapes = shapes;
        this.rules = rules;
        this.registers = registers;
        this.moves = moves;
        this.conversions = new StripConversions(e, registers);
        this.arithmetic = new StripArithmetic(e, registers);
        this.functions = new StripFunctions(e, registers, arithmetic, conversions);
        this.lanes = lanes;
        this.masks = masks;
        this.partings = partings;
        this.commits = commits;
        this.committed = committed;
        this.giveUp = giveUp;
    }

    /** Guards that all threads share are looked at before. */
    @Override
    public boolean isGuarding(Instruction i) {
        return i.guard() != null && registers.isMask(i.guard().register());
    }

    @Override
    public void emit(Instruction i, Runnable plain) {
        Map<Integer, Integer> kept = new TreeMap<>();
        if (rules.way(i) != StripRules.Way.LANES) {
            i.definitions().stream()
                    .distinct()
                    .filter(registers::isMask)
                    .filter(masks::isMerged)
                    .forEach(predicate -> kept.put(predicate, keep(predicate)));
        }
        if (commits.isCommit(i)) {
            code.iconst_1().istore(committed);
        }
        emitForAll(i, plain);
        kept.forEach(this::merge);
    }

    /** The local with a predicate's bits as they were. */
    private int keep(int predicate) {
        int kept = code.allocateLocal(TypeKind.INT);
        code.iload(e.slot(predicate)).istore(kept);
        return kept;
    }

    /** Threads that do not run the block at hand get their bits of a predicate back. */
    private void merge(int predicate, int kept) {
        code.iload(e.slot(predicate)).iload(kept).ixor();
        masks.pushRunning();
        code.iand().iload(kept).ixor().istore(e.slot(predicate));
    }

    private void emitForAll(Instruction i, Runnable plain) {
        switch (rules.way(i)) {
            case SCALAR -> plain.run();
            case SPREAD -> {
                plain.run();
                i.definitions().stream()
                        .distinct()
                        .filter(register -> shapes.of(register).isVarying())
                        .forEach(registers::spread);
            }
            case WIDENED -> {
                requireWide(i, 1);
                if (!i.opcode().equals("cvt")) {
                    requireWide(i, 2);
                }
                plain.run();
            }
            case COMPARED -> compare(i);
            case MOVED -> move(i, plain);
            case SOUGHT -> otherwiseSingly(i, plain, singly -> moves.seek(i, singly));
            case VECTOR -> {
                if (StripFunctions.takes(i, rules)) {
                    otherwiseSingly(i, plain, singly -> functions.emit(i, singly));
                } else {
                    compute(i);
                }
            }
            case TESTED -> test(i);
            case LOGIC -> logic(i);
            case PARTED -> masks.part(i, partings.block(i));
            case EXCHANGED -> exchange.emit(i);
            case LANES -> lanes.emit(i, plain);
            case NOT -> throw new IllegalStateException(i.written());
        }
    }

    // Instructions

    /** Where the strip can't begin again, what can't be moved at once is moved by a thread after the other, and is its fault. */
    private void move(Instruction i, Runnable plain) {
        if (!commits.isBehind(i) && !commits.isCommit(i)) {
            moves.emit(i);
            return;
        }
        otherwiseSingly(i, plain, singly -> moves.emit(i, singly));
    }

    private void otherwiseSingly(Instruction i, Runnable plain, Consumer<Label> together) {
        Label singly = code.newLabel();
        Label end = code.newLabel();
        together.accept(singly);
        code.goto_(end).labelBinding(singly);
        lanes.emit(i, plain);
        code.labelBinding(end);
    }

    /** Gives up where an affine operand of 32 bits wraps within the strip. */
    private void requireWide(Instruction i, int operand) {
        Shape shape = shapes.of(i.operand(operand));
        if (!shape.isAffine()) {
            return;
        }
        Type type = i.opcode().equals("cvt") ? i.lastType() : i.type();
        e.push(i, i.operand(operand), type);
        code.loadConstant(reach(shape));
        e.call(
                Strips.class,
                type.isSigned() ? "widens" : "widensUnsigned",
                MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int, ConstantDescs.CD_long));
        code.ifeq(giveUp);
    }

    /** From the first thread's value to the last one's. */
    private long reach(Shape shape) {
        return (registers.threads - 1) * shape.stride();
    }

    private void compare(Instruction i) {
        String comparison = i.oneOf("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs");
        boolean unsigned =
                !i.type().isSigned() || Set.of("lo", "ls", "hi", "hs").contains(comparison);
        Type type = i.type();
        int result = code.allocateLocal(TypeKind.INT);
        for (int n = 1; n <= 2; n++) {
            e.push(i, i.operand(n), type);
            if (type.bits() == 32) {
                code.i2l();
                if (unsigned) {
                    code.loadConstant(0xFFFF_FFFFL).land();
                }
            }
            code.loadConstant(reach(shapes.of(i.operand(n))));
        }
        code.loadConstant(
                switch (comparison) {
                    case "eq" -> Strips.EQUAL;
                    case "ne" -> Strips.LESS | Strips.GREATER;
                    case "lt", "lo" -> Strips.LESS;
                    case "le", "ls" -> Strips.LESS | Strips.EQUAL;
                    case "gt", "hi" -> Strips.GREATER;
                    default -> Strips.GREATER | Strips.EQUAL;
                });
        e.call(
                Strips.class,
                type.bits() == 64
                        ? unsigned ? "compareUnsigned" : "compare"
                        : unsigned ? "compareUnsignedInts" : "compareInts",
                MethodTypeDesc.of(
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int));
        code.istore(result).iload(result).iflt(giveUp);
        code.iload(result);
        e.pop(i, i.operand(0), Type.PRED);
        if (registers.isMask(i.definitions().getFirst())) {
            registers.spread(i.definitions().getFirst());
        }
    }

    /** By vectors, to bits. */
    private void test(Instruction i) {
        String comparison = i.modifiers().getFirst();
        Type type = i.type();
        boolean isFloat = type.isFloat();
        boolean unsigned = !isFloat && (!type.isSigned() || UNSIGNED.contains(comparison));
        VectorKind kind = VectorKind.of(RegisterKinds.of(type));
        int bits = code.allocateLocal(TypeKind.INT);
        code.iconst_0().istore(bits);
        for (int part = 0; part < registers.parts(kind); part++) {
            switch (comparison) {
                case "ne", "equ" -> {
                    if (isFloat) {
                        pushTest(i, kind, part, "LT");
                        pushTest(i, kind, part, "GT");
                        code.ior();
                    } else {
                        pushTest(i, kind, part, "NE");
                    }
                }
                case "num", "nan" -> {
                    pushOrdered(i, i.operand(1), kind, part);
                    pushOrdered(i, i.operand(2), kind, part);
                    code.iand();
                }
                default -> pushTest(i, kind, part, operator(comparison, unsigned));
            }
            code.loadConstant(part * registers.lanes(kind))
                    .ishl()
                    .iload(bits)
                    .ior()
                    .istore(bits);
        }
        code.iload(bits);
        if (COMPLEMENTS.contains(comparison)) {
            code.loadConstant(registers.all).ixor();
        }
        code.istore(e.slot(i.definitions().getFirst()));
    }

    /** Of those that hold for NaN, the complement is asked. */
    private static String operator(String comparison, boolean unsigned) {
        String prefix = unsigned ? "U" : "";
        return switch (comparison) {
            case "eq" -> "EQ";
            case "neu" -> "NE";
            case "lt", "lo" -> prefix + "LT";
            case "le", "ls" -> prefix + "LE";
            case "gt", "hi" -> prefix + "GT";
            case "ge", "hs" -> prefix + "GE";
            case "ltu" -> "GE";
            case "leu" -> "GT";
            case "gtu" -> "LE";
            default -> "LT"; // geu
        };
    }

    private void pushTest(Instruction i, VectorKind kind, int part, String operator) {
        registers.push(i, i.operand(1), i.type(), part);
        registers.push(i, i.operand(2), i.type(), part);
        kind.compare(code, operator);
        VectorKind.bitsOfMask(code);
        code.l2i();
    }

    private void pushOrdered(Instruction i, Operand operand, VectorKind kind, int part) {
        registers.push(i, operand, i.type(), part);
        registers.push(i, operand, i.type(), part);
        kind.compare(code, "EQ");
        VectorKind.bitsOfMask(code);
        code.l2i();
    }

    /** and, or, xor, not and mov of predicates. */
    private void logic(Instruction i) {
        for (int n = 1; n < i.operands().size(); n++) {
            pushBits(i, n);
        }
        switch (i.opcode()) {
            case "and" -> code.iand();
            case "or" -> code.ior();
            case "xor" -> code.ixor();
            case "not" -> code.loadConstant(registers.all).ixor();
            default -> {}
        }
        code.istore(e.slot(i.definitions().getFirst()));
    }

    private void pushBits(Instruction i, int operand) {
        switch (i.operand(operand)) {
            case Operand.Register register -> registers.pushBits(register.index());
            case Operand.Negated negated -> {
                registers.pushBits(negated.register().index());
                code.loadConstant(registers.all).ixor();
            }
            default -> {
                e.push(i, operand, Type.PRED);
                code.ineg().loadConstant(registers.all).iand();
            }
        }
    }

    private void compute(Instruction i) {
        if (StripConversions.takes(i, rules)) {
            conversions.emit(i);
            return;
        }
        if (!rules.isPlain(i)) {
            arithmetic.emit(i);
            return;
        }
        Type type = i.type();
        VectorKind kind = VectorKind.of(RegisterKinds.of(type));
        for (int part = 0; part < registers.parts(kind); part++) {
            if (i.opcode().equals("selp")) {
                select(i, type, part);
                registers.popBits(i.operand(0), kind, part);
            } else {
                compute(i, type, kind, part);
                if (kind == VectorKind.FLOAT && e.isNanMade(i, i.definitions().getFirst())) {
                    registers.canonicalNans();
                }
                registers.popBits(i.operand(0), kind, part);
            }
        }
    }

    private void select(Instruction i, Type type, int part) {
        if (i.operand(3) instanceof Operand.Register predicate && registers.isMask(predicate.index())) {
            VectorKind kind = VectorKind.of(RegisterKinds.of(type));
            registers.push(i, i.operand(2), type, part);
            registers.push(i, i.operand(1), type, part);
            registers.pushMask(predicate.index(), kind, part);
            kind.blend(code);
            return;
        }
        Label second = code.newLabel();
        Label end = code.newLabel();
        e.push(i, 3, Type.PRED);
        code.ifeq(second);
        registers.push(i, i.operand(1), type, part);
        code.goto_(end).labelBinding(second);
        registers.push(i, i.operand(2), type, part);
        code.labelBinding(end);
    }

    private void compute(Instruction i, Type type, VectorKind kind, int part) {
        registers.push(i, i.operand(1), type, part);
        switch (i.opcode()) {
            case "mov" -> {}
            case "neg", "abs", "sqrt" -> kind.unary(code, i.opcode());
            case "add", "sub", "mul", "div" -> {
                registers.push(i, i.operand(2), type, part);
                kind.binary(code, i.opcode());
            }
            case "fma", "mad" -> {
                registers.push(i, i.operand(2), type, part);
                if (type.isFloat()) {
                    registers.push(i, i.operand(3), type, part);
                    kind.fma(code);
                } else {
                    kind.binary(code, "mul");
                    registers.push(i, i.operand(3), type, part);
                    kind.binary(code, "add");
                }
            }
            default -> {
                String operator = switch (i.opcode()) {
                    case "and" -> "AND";
                    case "or" -> "OR";
                    case "xor" -> "XOR";
                    case "shl" -> "LSHL";
                    case "shr" -> type.isSigned() ? "ASHR" : "LSHR";
                    default -> throw e.refusal(i, "not an instruction of strips");
                };
                boolean associative = operator.length() < 4;
                code.getstatic(
                        VectorKind.OPERATORS,
                        operator,
                        associative ? VectorKind.OPERATORS.nested("Associative") : VectorKind.BINARY);
                registers.push(i, i.operand(2), type, part);
                kind.lanewise(code);
            }
        }
    }
}
