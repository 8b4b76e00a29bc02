package org.v4vgpu.device.ptx.numeric;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Operands for tests: values at the edges of a type, and combinations of them. */
final class Values {
    /** How many combinations of edges, and as many of random values, a list has at most. */
    private static final int COMBINATIONS = 96;

    private Values() {}

    /** The format of that name, or null if it is none of floating point. Pairs are of the format of their halves. */
    static @org.jspecify.annotations.Nullable Format format(String type) {
        return switch (type.replace("x2", "")) {
            case "f16" -> Format.F16;
            case "bf16" -> Format.BF16;
            case "tf32" -> Format.TF32;
            case "f32" -> Format.F32;
            case "f64" -> Format.F64;
            default -> null;
        };
    }

    /** The type's bits: 1 for a predicate. */
    static int bits(String type) {
        if (type.equals("pred")) {
            return 1;
        }
        boolean pair = type.endsWith("x2");
        String digits = type.replace("x2", "").replaceAll("\\D", "");
        return Integer.parseInt(digits) * (pair ? 2 : 1);
    }

    /** A register that holds a type's values. */
    static String register(String type) {
        if (type.equals("f32") || type.equals("f64") || type.equals("pred")) {
            return type;
        }
        int bits = Math.max(bits(type), 16);
        return bits(type) == 8 ? "b32" : "b" + bits;
    }

    /** Rows of one value of each type. */
    static List<long[]> rows(String... types) {
        Random random = new Random(String.join(" ", types).hashCode());
        List<List<Long>> edges = new ArrayList<>();
        for (String type : types) {
            edges.add(edges(type));
        }
        List<long[]> rows = new ArrayList<>();
        long all = 1;
        for (List<Long> each : edges) {
            all *= each.size();
        }
        for (int n = 0; n < Math.min(all, COMBINATIONS); n++) {
            long[] row = new long[types.length];
            long rest = all <= COMBINATIONS ? n : random.nextLong(all);
            for (int i = 0; i < row.length; i++) {
                row[i] = edges.get(i).get((int) (rest % edges.get(i).size()));
                rest /= edges.get(i).size();
            }
            rows.add(row);
        }
        for (int n = 0; n < COMBINATIONS; n++) {
            long[] row = new long[types.length];
            for (int i = 0; i < row.length; i++) {
                int choice = random.nextInt(4);
                // Equal and near values, too.
                row[i] = i > 0 && choice == 0 && types[i].equals(types[i - 1])
                        ? row[i - 1]
                        : choice == 1
                                ? edges.get(i).get(random.nextInt(edges.get(i).size()))
                                : random(types[i], random);
            }
            rows.add(row);
        }
        return rows;
    }

    private static long random(String type, Random random) {
        int bits = bits(type);
        Format format = format(type);
        if (type.endsWith("x2")) {
            String half = type.replace("x2", "");
            return random(half, random) | random(half, random) << (bits / 2);
        }
        long value = random.nextLong() >>> (64 - bits);
        if (format == null || random.nextInt(3) == 0) {
            return value;
        }
        // Of a size near that of integers, and near one.
        double near = random.nextGaussian() * (random.nextBoolean() ? 2 : StrictMath.pow(2, random.nextInt(40)));
        return format.round(java.math.BigDecimal.valueOf(near), Format.Mode.RN, false);
    }

    private static List<Long> edges(String type) {
        List<Long> found = new ArrayList<>();
        int bits = bits(type);
        Format format = format(type);
        if (type.endsWith("x2")) {
            List<Long> halves = edges(type.replace("x2", "").toLowerCase(Locale.ROOT));
            for (int i = 0; i < halves.size(); i++) {
                found.add(halves.get(i) | halves.get((7 * i + 3) % halves.size()) << (bits / 2));
            }
            return found;
        }
        long mask = bits == 64 ? -1 : (1L << bits) - 1;
        if (format == null) {
            for (long value :
                    new long[] {0, 1, 2, 3, 7, bits - 1, bits, 100, -1, -2, mask >>> 1, ~(mask >>> 1), (mask >>> 1) - 1
                    }) {
                if (!found.contains(value & mask)) {
                    found.add(value & mask);
                }
            }
            return found;
        }
        int mantissa = format.precision - 1;
        for (boolean negative : new boolean[] {false, true}) {
            long sign = format.zero(negative);
            found.add(sign);
            found.add(sign | 1); // The least subnormal.
            found.add(sign | format.one() / 2);
            found.add(sign | format.one());
            found.add(format.largest(negative));
            found.add(format.infinity(negative));
            for (double value :
                    new double[] {0.5, 1.5, 2.5, 127.5, 128.5, 255.5, 32767.5, 65535.5, 0x1p31, 0x1p32, 0x1p63}) {
                found.add(format.round(java.math.BigDecimal.valueOf(negative ? -value : value), Format.Mode.RZ, false));
            }
        }
        found.add((1L << mantissa) - 1); // The largest subnormal.
        found.add(1L << mantissa); // The least normal.
        found.add(format.nan());
        return found;
    }
}
