package org.v4vgpu.device.ptx.numeric;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import org.v4vgpu.device.ptx.numeric.Format.Mode;

/** Floating-point operations by IEEE 754 and the PTX ISA, on bits, exactly. {@code Notes} are the modifiers. */
final class Reference {
    private static final MathContext ROOT = new MathContext(420, RoundingMode.DOWN);

    /** Modifiers. */
    record Notes(Mode mode, boolean ftz, boolean sat, boolean relu, boolean nan, boolean xorsign, boolean abs) {
        static Notes of(List<String> modifiers) {
            Mode mode = modifiers.contains("rz")
                    ? Mode.RZ
                    : modifiers.contains("rm")
                            ? Mode.RM
                            : modifiers.contains("rp") ? Mode.RP : modifiers.contains("rna") ? Mode.RNA : Mode.RN;
            return new Notes(
                    mode,
                    modifiers.contains("ftz"),
                    modifiers.contains("sat"),
                    modifiers.contains("relu"),
                    modifiers.contains("NaN"),
                    modifiers.contains("xorsign"),
                    modifiers.contains("abs"));
        }
    }

    private final Format f;
    private final Notes notes;

    Reference(Format format, Notes notes) {
        this.f = format;
        this.notes = notes;
    }

    long apply(String opcode, long... raw) {
        long[] in = raw.clone();
        for (int i = 0; i < in.length; i++) {
            in[i] = notes.ftz ? f.flush(in[i]) : in[i];
        }
        long result = switch (opcode) {
            case "add" -> add(in[0], in[1]);
            case "sub" -> add(in[0], negate(in[1]));
            case "mul" -> multiply(in[0], in[1]);
            case "fma", "mad" -> fma(in[0], in[1], in[2]);
            case "div" -> divide(in[0], in[1]);
            case "rcp" -> divide(f.one(), in[0]);
            case "sqrt" -> root(in[0]);
            case "neg" -> negate(in[0]);
            case "abs" -> f.isNegative(in[0]) ? negate(in[0]) : in[0];
            case "min", "max" -> extreme(in, opcode.equals("min"));
            default -> throw new IllegalArgumentException(opcode);
        };
        if (notes.ftz) {
            result = f.flush(result);
        }
        if (notes.sat) {
            result = f.isNaN(result) || f.isNegative(result) ? f.zero(false) : Math.min(result, f.one());
        }
        if (notes.relu && !f.isNaN(result) && f.isNegative(result)) {
            result = f.zero(false);
        }
        return result;
    }

    private long negate(long a) {
        return a ^ f.zero(true);
    }

    private long add(long a, long b) {
        if (f.isNaN(a) || f.isNaN(b) || (f.isInfinite(a) && f.isInfinite(b) && a != b)) {
            return f.nan();
        }
        if (f.isInfinite(a) || f.isInfinite(b)) {
            return f.isInfinite(a) ? a : b;
        }
        boolean both = f.isNegative(a) && f.isNegative(b);
        boolean opposite = f.isNegative(a) != f.isNegative(b) && notes.mode == Mode.RM;
        return f.round(f.exact(a).add(f.exact(b)), notes.mode, both || opposite);
    }

    private long multiply(long a, long b) {
        boolean negative = f.isNegative(a) != f.isNegative(b);
        if (f.isNaN(a) || f.isNaN(b) || (f.isInfinite(a) && f.isZero(b)) || (f.isZero(a) && f.isInfinite(b))) {
            return f.nan();
        }
        return f.isInfinite(a) || f.isInfinite(b)
                ? f.infinity(negative)
                : f.round(f.exact(a).multiply(f.exact(b)), notes.mode, negative);
    }

    private long fma(long a, long b, long c) {
        boolean negative = f.isNegative(a) != f.isNegative(b);
        boolean none = (f.isInfinite(a) && f.isZero(b)) || (f.isZero(a) && f.isInfinite(b));
        if (f.isNaN(a) || f.isNaN(b) || f.isNaN(c) || none) {
            return f.nan();
        }
        if (f.isInfinite(a) || f.isInfinite(b)) {
            return f.isInfinite(c) && f.isNegative(c) != negative ? f.nan() : f.infinity(negative);
        }
        if (f.isInfinite(c)) {
            return c;
        }
        boolean sign = negative == f.isNegative(c) ? negative : notes.mode == Mode.RM;
        return f.round(f.exact(a).multiply(f.exact(b)).add(f.exact(c)), notes.mode, sign);
    }

    private long divide(long a, long b) {
        boolean negative = f.isNegative(a) != f.isNegative(b);
        boolean none = (f.isInfinite(a) && f.isInfinite(b)) || (f.isZero(a) && f.isZero(b));
        if (f.isNaN(a) || f.isNaN(b) || none) {
            return f.nan();
        }
        if (f.isInfinite(a) || f.isZero(b)) {
            return f.infinity(negative);
        }
        if (f.isInfinite(b) || f.isZero(a)) {
            return f.zero(negative);
        }
        return f.round(f.exact(a).divide(f.exact(b), Format.generous()), notes.mode, negative);
    }

    private long root(long a) {
        if (f.isNaN(a) || (f.isNegative(a) && !f.isZero(a))) {
            return f.nan();
        }
        if (f.isInfinite(a) || f.isZero(a)) {
            return a;
        }
        BigDecimal exact = f.exact(a);
        return f.round(exact.sqrt(ROOT), notes.mode, false);
    }

    private long extreme(long[] in, boolean least) {
        long sign = f.zero(true);
        long found = notes.abs ? in[0] & ~sign : in[0];
        for (int i = 1; i < in.length; i++) {
            found = extreme(found, notes.abs ? in[i] & ~sign : in[i], least);
        }
        return notes.xorsign && !f.isNaN(found) ? found | ((in[0] ^ in[1]) & sign) : found;
    }

    private long extreme(long a, long b, boolean least) {
        if (f.isNaN(a) || f.isNaN(b)) {
            return notes.nan || (f.isNaN(a) && f.isNaN(b)) ? f.nan() : f.isNaN(a) ? b : a;
        }
        return (order(a) <= order(b)) == least ? a : b;
    }

    /** Numbers in their order, -0 before +0. */
    private long order(long a) {
        return f.isNegative(a) ? -(a ^ f.zero(true)) - 1 : a;
    }
}
