package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.ThreadBlock;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * What can be done for the threads of a strip at once, and how. A strip gives up where its threads would part, or where an address is
 * wrong or odd; then each of its threads runs the region from its beginning. Where it can't, see {@link StripCommits}.
 */
final class StripRules {
    /** How an instruction is done for a strip. */
    enum Way {
        /** By the code for one thread: what it computes is the first thread's, and so tells all. */
        SCALAR,
        /** The same, to a register that is a vector for the sake of other instructions. */
        SPREAD,
        /** As SCALAR, if the affine operands 1 and 2 keep their stride when they are widened. */
        WIDENED,
        /** A comparison, if it turns out the same for all. */
        COMPARED,
        /** Moves between memory and vectors. */
        MOVED,
        /** The same in a loop, where addresses vary but turn out to lie side by side; else as LANES. */
        SOUGHT,
        /** Arithmetic on vectors. */
        VECTOR,
        /** A comparison of vectors: a predicate with a bit for each thread. */
        TESTED,
        /** Logic on such predicates. */
        LOGIC,
        /** By the code for one thread, a thread after the other. */
        LANES,
        /** What the lanes of a warp do together. */
        EXCHANGED,
        /** A branch that some threads take. */
        PARTED,
        NOT
    }

    private static final Set<String> FLOATING = Set.of("add", "sub", "mul", "fma", "mad", "div", "neg", "abs", "sqrt");
    private static final Set<String> INTEGER =
            Set.of("add", "sub", "mul", "mad", "and", "or", "xor", "shl", "shr", "neg");
    private static final Set<String> ROUNDINGS = Set.of("rn", "full", "approx", "uni");
    private static final Set<String> LOW = Set.of("lo");
    private static final Set<String> LOGICAL = Set.of("mov", "not", "and", "or", "xor");
    private static final Set<String> CONTROL = Set.of("bra", "brx", "ret", "exit");
    private static final Set<String> UNORDERED = Set.of("equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan");
    private static final Set<String> COMPARISONS = Set.of("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs");

    /** What says that an access is one of its own. */
    private static final String[] ORDERED = {"volatile", "acquire", "release", "relaxed", "cv"};

    /** Where order matters, or each thread has its own. */
    private static final Set<String> NEVER =
            Set.of("call", "nanosleep", "isspacep", "discard", "applypriority", "pmevent", "griddepcontrol", "ldu");

    private final FlowGraph graph;
    private final Partings partings;
    private final Shapes shapes;
    private final TypeKind[] kinds;
    private final List<Type> types;

    /** The blocks of loops. */
    private final BitSet repeated = new BitSet();

    StripRules(FlowGraph graph, Partings partings, TypeKind[] kinds, List<Type> types) {
        this.graph = graph;
        this.partings = partings;
        this.shapes = partings.shapes();
        this.kinds = kinds;
        this.types = types;
        BitSet blocks = new BitSet();
        blocks.set(0, graph.blocks().size());
        new Cycles(graph).among(blocks).forEach(repeated::or);
    }

    /** Why a region cannot run in strips, or the empty word. */
    String objection(Regions.Region region) {
        for (int index : region.blocks().stream().toArray()) {
            FlowGraph.Block block = graph.blocks().get(index);
            for (Instruction i : block.instructions()) {
                if (way(i) == Way.NOT) {
                    return "line " + i.line() + ": " + i.written();
                }
            }
        }
        return hazard(region);
    }

    /** Whether most is done by a thread after the other: passing registers to and fro costs more than vectors gain. */
    boolean isMostlySingle() {
        int together = 0;
        int singly = 0;
        for (FlowGraph.Block block : graph.blocks()) {
            for (Instruction i : block.instructions()) {
                switch (way(i)) {
                    case MOVED, VECTOR, TESTED, LOGIC, EXCHANGED, PARTED -> together++;
                    case LANES -> singly++;
                    case SCALAR, SPREAD, WIDENED, COMPARED, SOUGHT, NOT -> {}
                }
            }
        }
        return singly > together;
    }

    /**
     * How many vectors its instructions make, each counted once: what the JIT compiler has to do for it.
     *
     * @param threads of a strip
     */
    int vectors(int threads, int vectorBits) {
        int bits = 0;
        for (FlowGraph.Block block : graph.blocks()) {
            for (Instruction i : block.instructions()) {
                bits += switch (way(i)) {
                    case MOVED, VECTOR, TESTED, LOGIC, EXCHANGED, PARTED, LANES ->
                        Math.max(Integer.SIZE, i.type().bits()) * Math.max(1, i.vectorLength());
                    case SCALAR, SPREAD, WIDENED, COMPARED, SOUGHT, NOT -> 0;
                };
            }
        }
        return bits * threads / vectorBits;
    }

    Way way(Instruction i) {
        boolean parts = i.guard() != null && !shapes.of(i.guard().register()).isUniform();
        if (FlowGraph.isSynchronizing(i)) {
            return isAllTogether(i) ? Way.SCALAR : !parts && isExchange(i) ? Way.EXCHANGED : Way.NOT;
        }
        if (NEVER.contains(i.opcode())
                || i.opcode().startsWith("cp.")
                || i.opcode().startsWith("mbarrier")
                || (parts && CONTROL.contains(i.opcode()) && !i.opcode().equals("bra"))) {
            return Way.NOT;
        }
        if (parts && i.opcode().equals("bra")) {
            return partings.isAllowed(i) ? Way.PARTED : Way.NOT;
        }
        boolean ofEach = parts || StripCommits.isAtomic(i) || i.has("cc") || i.readsCarry();
        Way way = ofEach ? Way.NOT : together(i);
        if (way != Way.NOT || !isSingle(i)) {
            return way;
        }
        return !ofEach && isSought(i) ? Way.SOUGHT : Way.LANES;
    }

    /**
     * Whether threads may access words side by side although nothing tells so: in loops over a grid, of which some threads of a strip
     * have one round more than others. Elsewhere it gains too little for the code it takes.
     */
    private boolean isSought(Instruction i) {
        boolean load = i.opcode().equals("ld");
        if (!load && !i.opcode().equals("st")) {
            return false;
        }
        return i.operand(load ? 1 : 0) instanceof Operand.Address address
                && address.base() instanceof Operand.Register base
                && shapes.of(base).isVarying()
                && kinds[base.index()] == TypeKind.LONG
                && space(i) == Space.GLOBAL
                && i.oneOf(ORDERED).isEmpty()
                && i.vectorLength() == 1
                && (i.type().bytes() == 4 || i.type().bytes() == 8)
                && isWhole(i, load)
                && repeated.get(partings.block(i));
    }

    /** Whether it is a barrier of the whole block that all threads of a strip come to. */
    private static boolean isAllTogether(Instruction i) {
        return i.guard() == null
                && (i.opcode().equals("bar") || (i.opcode().equals("bar.red") && SyncPoints.barrier(i) >= 0));
    }

    /** Whether the lanes of a warp can do it as the threads of a strip: those that it names are the same for all of them. */
    private boolean isExchange(Instruction i) {
        if (i.opcode().startsWith("bar") && !i.opcode().equals("bar.warp")) {
            return false;
        }
        boolean named = StripExchange.members(i) == null
                || shapes.of(Objects.requireNonNull(StripExchange.members(i))).isUniform();
        return named
                && switch (i.opcode()) {
                    case "shfl" ->
                        isOperand(i.operand(1), Type.B32, true)
                                && isOperand(i.operand(2), Type.B32, true)
                                && isOperand(i.operand(3), Type.B32, true);
                    case "match" -> isOperand(i.operand(1), i.type().bits() == 64 ? Type.B64 : Type.B32, true);
                    case "redux" -> isOperand(i.operand(1), Type.B32, true);
                    case "vote", "activemask", "elect", "bar.warp", FlowGraph.LOCKSTEP -> true;
                    default -> false;
                };
    }

    /** Whether it can be done by single threads: then what it writes varies. */
    private boolean isSingle(Instruction i) {
        boolean varies = i.definitions().stream()
                .allMatch(register -> shapes.of(register).isVarying());
        int rows = i.definitions().size() + i.uses().size();
        return varies && rows <= ThreadBlock.LANE_ROWS && !CONTROL.contains(i.opcode());
    }

    /** How all threads do it at once. */
    private Way together(Instruction i) {
        if (i.opcode().equals("ld") || i.opcode().equals("st")) {
            return ofAccess(i);
        }
        boolean uniform =
                i.operands().stream().allMatch(operand -> shapes.of(operand).isUniform());
        if (uniform) {
            return Way.SCALAR;
        }
        if (!i.definitions().isEmpty()
                && i.operands().stream()
                        .skip(1)
                        .allMatch(operand -> shapes.of(operand).isUniform())) {
            return ofUniform(i);
        }
        if (i.opcode().equals("setp")) {
            return ofComparison(i);
        }
        boolean varies = i.definitions().stream()
                .allMatch(register -> shapes.of(register).isVarying());
        if (varies && StripConversions.takes(i, this)) {
            return Way.VECTOR;
        }
        if (i.definitions().size() != 1 || !(i.operand(0) instanceof Operand.Register target)) {
            return Way.NOT;
        }
        if (i.type() == Type.PRED) {
            return LOGICAL.contains(i.opcode()) ? Way.LOGIC : Way.NOT;
        }
        if (shapes.of(target.index()).isScalar()) {
            return isWidening(i) ? Way.WIDENED : Way.SCALAR;
        }
        boolean known = isPlain(i) || StripArithmetic.takes(i, this) || StripFunctions.takes(i, this);
        return known ? Way.VECTOR : Way.NOT;
    }

    /** Whether an operator of vectors does it. */
    boolean isPlain(Instruction i) {
        return i.operand(0) instanceof Operand.Register target && isVector(i, target.index());
    }

    /** Of one whose sources are uniform. */
    private Way ofUniform(Instruction i) {
        boolean uniform = i.definitions().stream()
                .allMatch(register -> shapes.of(register).isUniform());
        boolean affine = i.definitions().stream()
                .anyMatch(register -> shapes.of(register).isAffine());
        return uniform ? Way.SCALAR : affine ? Way.NOT : Way.SPREAD;
    }

    private static boolean isWidening(Instruction i) {
        return i.has("wide")
                || (i.opcode().equals("cvt")
                        && i.type().bits() == 64
                        && i.lastType().bits() == 32);
    }

    private Way ofComparison(Instruction i) {
        boolean plain = i.operands().size() == 3
                && i.operand(0) instanceof Operand.Register
                && !i.type().isFloat()
                && i.type().bits() >= 32
                && !i.oneOf(COMPARISONS.toArray(String[]::new)).isEmpty()
                && shapes.of(i.operand(1)).isScalar()
                && shapes.of(i.operand(2)).isScalar();
        return plain && !partings.areByPlace() ? Way.COMPARED : isTest(i) ? Way.TESTED : Way.NOT;
    }

    private boolean isTest(Instruction i) {
        Type type = i.type();
        Set<String> modifiers = new HashSet<>(i.modifiers());
        modifiers.removeAll(COMPARISONS);
        modifiers.removeAll(UNORDERED);
        return i.operands().size() == 3
                && i.operand(0) instanceof Operand.Register
                && modifiers.isEmpty()
                && isWhole(type)
                && isOperand(i.operand(1), type, false)
                && isOperand(i.operand(2), type, false);
    }

    private static boolean isWhole(Type type) {
        return type.bits() >= 32 && !type.isPacked() && type != Type.TF32;
    }

    private Way ofAccess(Instruction i) {
        boolean load = i.opcode().equals("ld");
        Operand address = i.operand(load ? 1 : 0);
        Operand value = i.operand(load ? 0 : 1);
        if (address instanceof Operand.ParameterValue
                || (load && i.space() == Space.PARAM && address instanceof Operand.Address)) {
            return shapes.of(address).isUniform() ? ofUniform(i) : Way.NOT;
        }
        if (!(address instanceof Operand.Address) || space(i) == null) {
            return Way.NOT; // Each thread may have its own memory there.
        }
        Shape at = shapes.of(address);
        if (at.isUniform() && (load || shapes.of(value).isUniform())) {
            return load ? ofUniform(i) : Way.SCALAR;
        }
        if (!i.oneOf(ORDERED).isEmpty()) {
            return Way.NOT;
        }
        Type type = i.type();
        if (i.vectorLength() > 1) {
            return isTuple(i, at, value, load) ? Way.MOVED : Way.NOT;
        }
        boolean beside = at.isAffine() && at.stride() == type.bytes();
        boolean fits = type.bytes() == 4
                ? at.isScalar() && at.stride() % 4 == 0
                : beside && type.bytes() == 8 && space(i) == Space.GLOBAL;
        return fits && isWhole(i, load) ? Way.MOVED : Way.NOT;
    }

    /** Whether a register has the bits that a load or store moves, and no others. */
    private boolean isWhole(Instruction access, boolean load) {
        int bits = access.type().bits();
        return load
                ? access.operand(0) instanceof Operand.Register target
                        && types.get(target.index()).bits() == bits
                : isOperand(access.operand(1), access.type(), true);
    }

    /** Whether these are words that all threads move at once, side by side. */
    private boolean isTuple(Instruction i, Shape at, Operand value, boolean load) {
        return !partings.isPartial(i)
                && space(i) == Space.GLOBAL
                && i.type().bytes() == 4
                && (i.vectorLength() == 2 || i.vectorLength() == 4)
                && at.isAffine()
                && at.stride() == 4L * i.vectorLength()
                && value instanceof Operand.Vector tuple
                && tuple.elements().size() == i.vectorLength()
                && tuple.elements().stream().allMatch(element -> isElement(element, i.type(), load));
    }

    private boolean isElement(Operand element, Type type, boolean load) {
        return load
                ? element instanceof Operand.Sink
                        || (element instanceof Operand.Register target
                                && shapes.of(target).isVarying()
                                && types.get(target.index()).bits() == type.bits())
                : isOperand(element, type, true);
    }

    /** Whether the threads of a strip access memory side by side. */
    boolean isBeside(Instruction access) {
        Shape at = shapes.of(access.operand(access.opcode().equals("ld") ? 1 : 0));
        return at.isAffine() && at.stride() == (long) access.type().bytes() * access.vectorLength();
    }

    /** Whose memory it is, if all threads see the same there; constants are global memory. */
    static @Nullable Space space(Instruction i) {
        return switch (i.space()) {
            case GLOBAL, CONST -> Space.GLOBAL;
            case SHARED -> Space.SHARED;
            case PARAM, LOCAL, GENERIC -> null;
        };
    }

    private boolean isVector(Instruction i, int target) {
        Type type = i.type();
        TypeKind kind = RegisterKinds.of(type);
        if (!isWhole(type) || types.get(target).bits() != type.bits()) {
            return false;
        }
        Set<String> modifiers = Set.copyOf(i.modifiers());
        boolean known;
        if (i.opcode().equals("mov")) {
            return modifiers.isEmpty() && isOperand(i.operand(1), type, true);
        } else if (i.opcode().equals("selp")) {
            return isOperand(i.operand(1), type, true)
                    && isOperand(i.operand(2), type, true)
                    && i.operand(3) instanceof Operand.Register;
        } else if (type.isFloat()) {
            known = FLOATING.contains(i.opcode()) && ROUNDINGS.containsAll(modifiers);
        } else if (i.opcode().equals("mul") || i.opcode().equals("mad")) {
            known = modifiers.equals(LOW);
        } else {
            known = INTEGER.contains(i.opcode()) && modifiers.isEmpty();
        }
        if (!known || kinds[target] != kind) {
            return false;
        }
        if (i.opcode().startsWith("sh")) {
            return isOperand(i.operand(1), type, false)
                    && i.operand(2) instanceof Operand.IntegerLiteral count
                    && count.value() >= 0
                    && count.value() < type.bits();
        }
        return i.operands().stream().skip(1).allMatch(operand -> isOperand(operand, type, false));
    }

    /** Whether it can be had as a vector. */
    boolean isOperand(Operand operand, Type type, boolean anyKind) {
        return switch (operand) {
            case Operand.Register register ->
                types.get(register.index()).bits() == type.bits()
                        && (anyKind || kinds[register.index()] == RegisterKinds.of(type));
            case Operand.IntegerLiteral _, Operand.RealLiteral _ -> true;
            case Operand.Special special ->
                type.bits() == 32 && shapes.of(special).isScalar();
            default -> false;
        };
    }

    /** Where a region's strips can no longer begin again. */
    StripCommits commits(Regions.Region region) {
        return StripCommits.of(graph, partings, region.blocks());
    }

    /** Looks for an instruction that may give up where nothing can begin again. */
    private String hazard(Regions.Region region) {
        StripCommits commits = commits(region);
        for (int index : region.blocks().stream().toArray()) {
            for (Instruction i : graph.blocks().get(index).instructions()) {
                if (commits.isBehind(i) && mustGiveUp(i)) {
                    return "line " + i.line() + ": " + i.written() + " behind a store to what was read, or an atomic";
                }
            }
        }
        return "";
    }

    /** Whether it may have to be done otherwise than for all at once, and can't. */
    private boolean mustGiveUp(Instruction i) {
        return switch (way(i)) {
            case WIDENED, COMPARED, NOT -> true;
            case MOVED -> !isSingle(i);
            case EXCHANGED -> partings.isPartial(i) && StripExchange.members(i) != null;
            case SCALAR, SPREAD, LANES, SOUGHT, VECTOR, TESTED, LOGIC, PARTED -> false;
        };
    }
}
