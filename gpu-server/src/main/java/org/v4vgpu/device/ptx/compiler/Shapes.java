package org.v4vgpu.device.ptx.compiler;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.v4vgpu.device.ptx.compiler.Shape.Kind;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * The {@link Shape} of each register of a kernel, whatever the program counter, where x coordinates of the threads of a strip are
 * consecutive and these take every branch together, or part as {@link Partings} says. Confined to the compiling thread.
 */
final class Shapes {
    /** Special registers that the threads of a strip share: x alone differs, and a strip lies in one warp. */
    private static final Set<String> SHARED = Set.of(
            "%tid.y",
            "%tid.z",
            "%ntid.x",
            "%ntid.y",
            "%ntid.z",
            "%ctaid.x",
            "%ctaid.y",
            "%ctaid.z",
            "%nctaid.x",
            "%nctaid.y",
            "%nctaid.z",
            "%warpid",
            "%nwarpid",
            "%smid",
            "%nsmid",
            "%gridid",
            "%dynamic_smem_size",
            "%total_smem_size");

    private final Function function;
    private final boolean partsByPlace;
    private final Shape[] shapes;

    private Shapes(Function function, boolean partsByPlace) {
        this.function = function;
        this.partsByPlace = partsByPlace;
        this.shapes = new Shape[function.registers().size()];
        Arrays.fill(shapes, Shape.NONE);
    }

    /**
     * @param merged registers that some threads of a strip write where others don't
     * @param partsByPlace whether what compares coordinates may come out differently for the threads of a strip
     */
    static Shapes of(Function function, FlowGraph graph, BitSet merged, boolean partsByPlace) {
        Shapes found = new Shapes(function, partsByPlace);
        // What is read before it is written is zero.
        graph.liveIn(0).stream().forEach(register -> found.shapes[register] = Shape.UNIFORM);
        merged.stream().forEach(register -> found.shapes[register] = Shape.VARYING);
        boolean changed = true;
        while (changed) {
            changed = false;
            for (FlowGraph.Block block : graph.blocks()) {
                for (Instruction instruction : block.instructions()) {
                    changed |= found.step(instruction);
                }
            }
        }
        return found;
    }

    Shape of(int register) {
        return shapes[register];
    }

    Shape of(Operand operand) {
        return switch (operand) {
            case Operand.Register register -> shapes[register.index()];
            case Operand.Negated negated -> shapes[negated.register().index()];
            case Operand.Special special -> ofSpecial(special.name());
            case Operand.Address address -> of(address.base());
            case Operand.IntegerLiteral _,
                    Operand.RealLiteral _,
                    Operand.Symbol _,
                    Operand.Named _,
                    Operand.ParameterValue _,
                    Operand.Targets _,
                    Operand.Prototype _,
                    Operand.Sink _ -> Shape.UNIFORM;
            case Operand.Vector vector -> ofAll(vector.elements());
            case Operand.Group group -> ofAll(group.elements());
            case Operand.Pair pair -> ofAll(List.of(pair.first(), pair.second()));
            case Operand.ParameterPointer _ -> Shape.VARYING;
        };
    }

    /** Uniform if all are. */
    private Shape ofAll(List<Operand> operands) {
        Shape all = Shape.UNIFORM;
        for (Operand operand : operands) {
            Shape shape = of(operand);
            if (shape.kind() == Kind.NONE) {
                return Shape.NONE;
            }
            all = shape.isUniform() ? all : Shape.VARYING;
        }
        return all;
    }

    private static Shape ofSpecial(String name) {
        if (name.equals("%tid.x") || name.equals("%laneid")) {
            return Shape.affine(1, 32);
        }
        return SHARED.contains(name) ? Shape.UNIFORM : Shape.VARYING;
    }

    private boolean step(Instruction i) {
        boolean changed = false;
        for (int register : i.definitions()) {
            Shape joined = shapes[register].join(
                    guarded(i, result(i, function.registers().get(register))));
            changed |= !joined.equals(shapes[register]);
            shapes[register] = joined;
        }
        return changed;
    }

    /** What some threads write and others leave varies. */
    private Shape guarded(Instruction i, Shape result) {
        if (i.guard() == null) {
            return result;
        }
        Shape guard = shapes[i.guard().register()];
        return guard.isUniform() ? result : guard.kind() == Kind.NONE ? Shape.NONE : Shape.VARYING;
    }

    private Shape result(Instruction i, Type register) {
        if (isOfThread(i)) {
            return Shape.VARYING;
        }
        if (FlowGraph.isSynchronizing(i)) {
            return ofExchange(i, register);
        }
        if (i.opcode().equals("setp") && i.operands().size() == 3) {
            return comparison(i);
        }
        int first = i.opcode().equals("st") ? 0 : 1;
        if (!isSimple(i, register)) {
            return ofAll(i.operands().subList(first, i.operands().size()));
        }
        Shape a = of(i.operand(1));
        Shape b = i.operands().size() > 2 ? of(i.operand(2)) : Shape.UNIFORM;
        Shape c = i.operands().size() > 3 ? of(i.operand(3)) : Shape.UNIFORM;
        if (a.kind() == Kind.NONE || b.kind() == Kind.NONE || c.kind() == Kind.NONE) {
            return Shape.NONE;
        }
        int bits = register.bits();
        return switch (i.opcode()) {
            case "mov", "cvta", "cvt" -> a.isAffine() ? Shape.affine(a.stride(), bits) : a;
            case "add" -> sum(a, b, 1, bits);
            case "sub" -> sum(a, b, -1, bits);
            case "shl" ->
                i.operand(2) instanceof Operand.IntegerLiteral count
                                && a.isScalar()
                                && count.value() >= 0
                                && count.value() < bits
                        ? Shape.affine(a.stride() << count.value(), bits)
                        : allUniform(a, b);
            case "mul" -> product(i, a, b, bits);
            case "mad" -> sum(product(i, a, b, bits), c, 1, bits);
            case "selp" -> c.isUniform() ? a.join(b) : Shape.VARYING;
            default -> throw new IllegalStateException(i.written());
        };
    }

    /** Of what all lanes of a warp, or all threads of a block, take part in. */
    private static Shape ofExchange(Instruction i, Type register) {
        return switch (i.opcode()) {
            case "bar.red", "vote", "redux", "activemask" -> Shape.UNIFORM;
            case "match" -> i.has("all") ? Shape.UNIFORM : Shape.VARYING;
            case "elect" -> register == Type.PRED ? Shape.VARYING : Shape.UNIFORM;
            default -> Shape.VARYING;
        };
    }

    /** Whether equal operands may give different results. */
    private static boolean isOfThread(Instruction i) {
        return i.opcode().equals("atom")
                || i.has("cc")
                || i.readsCarry()
                || (i.opcode().equals("ld") && (i.space() == Space.LOCAL || i.space() == Space.GENERIC));
    }

    /** What can be compared for all at once comes out the same for all, unless it may part them: otherwise the strip gives up. */
    private Shape comparison(Instruction i) {
        Shape a = of(i.operand(1));
        Shape b = of(i.operand(2));
        if (a.kind() == Kind.NONE || b.kind() == Kind.NONE) {
            return Shape.NONE;
        }
        boolean same = partsByPlace ? a.isUniform() && b.isUniform() : a.isScalar() && b.isScalar();
        return same ? Shape.UNIFORM : Shape.VARYING;
    }

    /** Whether it is one of those whose result may be affine. */
    private static boolean isSimple(Instruction i, Type register) {
        Type type = i.type();
        boolean number = !type.isFloat() && !type.isPacked() && type.bits() >= 32 && type != Type.PRED;
        boolean plain = number
                && register.bits() >= 32
                && i.operand(0) instanceof Operand.Register
                && i.oneOf("sat", "cc", "hi").isEmpty();
        if (!plain) {
            return false;
        }
        return switch (i.opcode()) {
            case "mov" -> register.bits() == type.bits() && !(i.operand(1) instanceof Operand.Vector);
            case "cvta", "add", "sub", "shl" -> register.bits() == type.bits();
            case "mul", "mad" -> register.bits() == (i.has("wide") ? 2 : 1) * type.bits();
            case "selp" -> register.bits() == type.bits();
            case "cvt" ->
                register.bits() == type.bits()
                        && !i.lastType().isFloat()
                        && !i.lastType().isPacked()
                        && i.lastType().bits() >= 32;
            default -> false;
        };
    }

    private static Shape sum(Shape a, Shape b, int sign, int bits) {
        return a.isScalar() && b.isScalar() ? Shape.affine(a.stride() + sign * b.stride(), bits) : Shape.VARYING;
    }

    private static Shape product(Instruction i, Shape a, Shape b, int bits) {
        if (a.isAffine() && i.operand(2) instanceof Operand.IntegerLiteral factor) {
            return times(a.stride(), factor(i, factor), bits);
        }
        if (b.isAffine() && i.operand(1) instanceof Operand.IntegerLiteral factor) {
            return times(b.stride(), factor(i, factor), bits);
        }
        return allUniform(a, b);
    }

    /** As the instruction sees it: where unsigned words are widened, -1 is 4,294,967,295. */
    private static long factor(Instruction i, Operand.IntegerLiteral literal) {
        boolean zeroExtends = i.has("wide") && !i.type().isSigned();
        return zeroExtends ? literal.value() & 0xFFFF_FFFFL : literal.value();
    }

    private static Shape times(long stride, long factor, int bits) {
        boolean small = Math.abs(stride) < 1L << 31 && factor > -(1L << 31) && factor < 1L << 31;
        return small ? Shape.affine(stride * factor, bits) : Shape.VARYING;
    }

    private static Shape allUniform(Shape a, Shape b) {
        return a.isUniform() && b.isUniform() ? Shape.UNIFORM : Shape.VARYING;
    }
}
