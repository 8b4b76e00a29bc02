package org.v4vgpu.device.ptx.compiler;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.v4vgpu.device.ptx.runtime.MatrixElement;
import org.v4vgpu.device.ptx.runtime.MatrixFragment;
import org.v4vgpu.device.ptx.runtime.MatrixMove;
import org.v4vgpu.device.ptx.runtime.MatrixProduct;
import org.v4vgpu.device.ptx.runtime.WarpOperation;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Type;

/** The matrix instructions of a warp, with the shapes and types that run. Source: PTX ISA 9.7.15. */
final class MatrixOperations {
    private static final Set<String> OPCODES =
            Set.of("ldmatrix", "stmatrix", "movmatrix", "mma", "wmma.load", "wmma.store", "wmma.mma");

    /** The element types of A and the shapes that go with them. */
    private static final Map<String, List<String>> MMA_SHAPES = Map.of(
            "f16", List.of("m16n8k8", "m16n8k16"),
            "bf16", List.of("m16n8k8", "m16n8k16"),
            "tf32", List.of("m16n8k4", "m16n8k8"),
            "f64", List.of("m8n8k4", "m16n8k4", "m16n8k8", "m16n8k16"),
            "s8", List.of("m8n8k16", "m16n8k16", "m16n8k32"),
            "u8", List.of("m8n8k16", "m16n8k16", "m16n8k32"),
            "s4", List.of("m8n8k32", "m16n8k32", "m16n8k64"),
            "u4", List.of("m8n8k32", "m16n8k32", "m16n8k64"),
            "b1", List.of("m8n8k128", "m16n8k128", "m16n8k256"));

    private static final List<String> WMMA_SHAPES = List.of("m16n16k16", "m32n8k16", "m8n32k16");

    private MatrixOperations() {}

    static boolean is(Instruction i) {
        return OPCODES.contains(i.opcode());
    }

    static WarpOperation of(Instruction i) {
        return switch (i.opcode()) {
            case "ldmatrix" -> new MatrixMove(MatrixMove.Kind.LOAD, count(i, 0), i.has("trans"));
            case "stmatrix" -> new MatrixMove(MatrixMove.Kind.STORE, count(i, 1), i.has("trans"));
            case "movmatrix" -> new MatrixMove(MatrixMove.Kind.TRANSPOSE, 1, true);
            case "wmma.load", "wmma.store" -> fragment(i);
            default -> product(i);
        };
    }

    // Operands

    /** Puts the operands, word by word. */
    static void putOperands(Emitter e, Instruction i, Map<Integer, Runnable> found) {
        int word = 0;
        if (i.opcode().equals("ldmatrix") || i.opcode().equals("stmatrix")) {
            int address = i.opcode().equals("ldmatrix") ? 1 : 0;
            found.put(0, () -> Place.of(e, i, i.operand(address)).pushShared(e, i));
            word = 1;
        } else if (i.opcode().equals("wmma.load") || i.opcode().equals("wmma.store")) {
            int address = i.opcode().equals("wmma.load") ? 1 : 0;
            Place place = Place.of(e, i, i.operand(address));
            SyncOperands.putLong(e, found, 0, () -> place.pushGeneric(e));
            MatrixFragment fragment = fragment(i);
            if (i.operands().size() > 2) {
                found.put(SyncOperands.row(2), () -> e.push(i, 2, Type.U32));
            } else {
                int stride = fragment.rowMajor() ? fragment.columns() : fragment.rows();
                found.put(SyncOperands.row(2), () -> e.code.loadConstant(stride));
            }
            word = 3;
        }
        for (int n = firstSource(i); n < sourceEnd(i); n++) {
            for (Operand element : elements(i.operand(n))) {
                if (isWide(i)) {
                    SyncOperands.putLong(e, found, word, () -> e.push(i, element, Type.B64));
                    word += 2;
                } else {
                    found.put(SyncOperands.row(word++), () -> e.push(i, element, Type.B32));
                }
            }
        }
    }

    static int operandWords(Instruction i) {
        int words = switch (i.opcode()) {
            case "ldmatrix", "stmatrix" -> 1;
            case "wmma.load", "wmma.store" -> 3;
            default -> 0;
        };
        for (int n = firstSource(i); n < sourceEnd(i); n++) {
            words += words(i, n);
        }
        return words;
    }

    static int resultWords(Instruction i) {
        return i.opcode().equals("stmatrix") || i.opcode().equals("wmma.store") ? 0 : words(i, 0);
    }

    private static int firstSource(Instruction i) {
        return i.opcode().equals("ldmatrix") || i.opcode().equals("wmma.load")
                ? i.operands().size()
                : 1;
    }

    private static int sourceEnd(Instruction i) {
        return i.opcode().equals("wmma.store") ? 2 : i.operands().size();
    }

    private static int words(Instruction i, int operand) {
        return elements(i.operand(operand)).size() * (isWide(i) ? 2 : 1);
    }

    private static boolean isWide(Instruction i) {
        return i.type() == Type.F64;
    }

    private static List<Operand> elements(Operand operand) {
        return operand instanceof Operand.Vector vector ? vector.elements() : List.of(operand);
    }

    // Operations

    private static int count(Instruction i, int operand) {
        int count = i.has("x4") ? 4 : i.has("x2") ? 2 : 1;
        if (!i.has("m8n8") || elements(i.operand(operand)).size() != count) {
            throw refusal(i, "unsupported shape");
        }
        return count;
    }

    private static MatrixFragment fragment(Instruction i) {
        int[] shape = shape(i);
        String which = i.oneOf("a", "b", "c", "d");
        String type = i.type().ptxName();
        boolean result = which.equals("c") || which.equals("d");
        int rows = which.equals("b") ? shape[2] : shape[0];
        int columns = which.equals("a") ? shape[2] : shape[1];
        requireWmma(i, type, result);
        int words = words(i, i.opcode().equals("wmma.load") ? 0 : 1);
        MatrixElement element = element(i, type);
        if (which.isEmpty() || i.has("row") == i.has("col") || words != wmmaWords(element, rows * columns, result)) {
            throw refusal(i, "unsupported form");
        }
        return new MatrixFragment(i.opcode().equals("wmma.store"), element, rows, columns, words, i.has("row"));
    }

    private static void requireWmma(Instruction i, String type, boolean result) {
        String shape = shapeName(i);
        boolean known = switch (type) {
            case "f16" -> WMMA_SHAPES.contains(shape);
            case "f32" -> result && (WMMA_SHAPES.contains(shape) || shape.equals("m16n16k8"));
            case "s32" -> WMMA_SHAPES.contains(shape) && result;
            case "bf16", "s8", "u8" -> WMMA_SHAPES.contains(shape) && !result;
            case "tf32" -> shape.equals("m16n16k8") && !result;
            case "f64" -> shape.equals("m8n8k4");
            default -> false;
        };
        if (!known) {
            throw refusal(i, "unsupported shape or type");
        }
    }

    /** How many words each lane has. Those of f16 stand twice. */
    private static int wmmaWords(MatrixElement element, int elements, boolean result) {
        int words = elements * element.bits() / 32 / 32;
        return element == MatrixElement.F16 && !result ? 8 : words;
    }

    private static MatrixProduct product(Instruction i) {
        boolean fragments = i.opcode().equals("wmma.mma");
        List<String> types = Arrays.stream(i.written().split("\\.", -1))
                .filter(word -> word.equals("b1")
                        || word.equals("s4")
                        || word.equals("u4")
                        || (Type.named(word) != null && !word.equals("b32")))
                .toList();
        // Of f16, wmma names only D and C.
        String a = types.size() == 4 ? types.get(1) : "f16";
        String b = types.size() == 4 ? types.get(2) : "f16";
        if ((types.size() != 4 && !(fragments && types.size() == 2))
                || i.operands().size() != 4) {
            throw refusal(i, "unsupported form");
        }
        int[] shape = shape(i);
        String shapeName = shapeName(i);
        boolean layout = fragments ? i.has("row") || i.has("col") : i.has("row") && i.has("col");
        if (fragments) {
            requireWmma(i, a, false);
        } else if (!MMA_SHAPES.getOrDefault(a, List.of()).contains(shapeName)) {
            throw refusal(i, "unsupported shape or type");
        }
        MatrixElement left = element(i, a);
        MatrixElement right = element(i, b);
        MatrixElement addend = element(i, types.getLast());
        MatrixElement result = element(i, types.getFirst());
        if (!layout || !goTogether(left, right) || !isResult(left, addend) || !isResult(left, result)) {
            throw refusal(i, "unsupported types");
        }
        MatrixProduct product = new MatrixProduct(
                shape[0],
                shape[1],
                shape[2],
                left,
                right,
                addend,
                result,
                words(i, 1),
                words(i, 2),
                words(i, 3),
                words(i, 0),
                fragments,
                i.has("satfinite"),
                combination(i, left));
        requireWords(i, product);
        return product;
    }

    private static void requireWords(Instruction i, MatrixProduct p) {
        boolean twice = p.fragments() && p.a() == MatrixElement.F16;
        boolean fits = p.aWords() == (twice ? 8 : p.m() * p.k() * p.a().bits() / 1024)
                && p.bWords() == (twice ? 8 : p.k() * p.n() * p.b().bits() / 1024)
                && p.cWords() == p.m() * p.n() * p.c().bits() / 1024
                && p.dWords() == p.m() * p.n() * p.d().bits() / 1024;
        if (!fits) {
            throw refusal(i, "unsupported number of registers");
        }
    }

    private static boolean goTogether(MatrixElement a, MatrixElement b) {
        return a == b
                || (a == MatrixElement.S8 && b == MatrixElement.U8)
                || (a == MatrixElement.U8 && b == MatrixElement.S8)
                || (a == MatrixElement.S4 && b == MatrixElement.U4)
                || (a == MatrixElement.U4 && b == MatrixElement.S4);
    }

    private static boolean isResult(MatrixElement a, MatrixElement result) {
        return switch (a) {
            case F16 -> result == MatrixElement.F16 || result == MatrixElement.F32;
            case BF16, TF32 -> result == MatrixElement.F32;
            case F64 -> result == MatrixElement.F64;
            case S8, U8, S4, U4, B1 -> result == MatrixElement.S32;
            case F32, S32 -> false;
        };
    }

    private static MatrixProduct.Combination combination(Instruction i, MatrixElement a) {
        boolean bits = i.has("popc");
        if (bits != (a == MatrixElement.B1) || (bits && i.has("xor") == i.has("and"))) {
            throw refusal(i, "unsupported form");
        }
        return !bits
                ? MatrixProduct.Combination.PRODUCT
                : i.has("xor") ? MatrixProduct.Combination.XOR : MatrixProduct.Combination.AND;
    }

    private static MatrixElement element(Instruction i, String type) {
        for (MatrixElement element : MatrixElement.values()) {
            if (element.name().equalsIgnoreCase(type)) {
                return element;
            }
        }
        throw refusal(i, "unsupported type ." + type);
    }

    private static String shapeName(Instruction i) {
        return i.modifiers().stream()
                .filter(word -> word.matches("m\\d+n\\d+k\\d+"))
                .findFirst()
                .orElseThrow(() -> refusal(i, "no shape"));
    }

    private static int[] shape(Instruction i) {
        return Arrays.stream(shapeName(i).substring(1).split("[nk]", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static PtxErrors.Refusal refusal(Instruction i, String reason) {
        return new PtxErrors.Refusal(i.line(), i.written() + ": " + reason);
    }
}
