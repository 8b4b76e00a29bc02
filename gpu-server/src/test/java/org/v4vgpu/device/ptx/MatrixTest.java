package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;

/** The matrix instructions of a warp that multiply, one by one, with the places of the elements as the ISA's figures and formulas give them. */
class MatrixTest {
    private static final String HEAD = ".version 8.6\n.target sm_100\n.address_size 64\n";

    /** How the bits of an element mean a number. */
    private enum Kind {
        F16(16),
        BF16(16),
        TF32(32),
        F32(32),
        F64(64),
        S8(8),
        U8(8),
        S4(4),
        B1(1),
        S32(32);

        final int bits;

        Kind(int bits) {
            this.bits = bits;
        }

        /** A small number that the type holds exactly. */
        double random(Random random) {
            return switch (this) {
                case F16, BF16, TF32, F32, F64 -> random.nextInt(-16, 16) / 4.0;
                case S8 -> random.nextInt(-128, 128);
                case U8 -> random.nextInt(256);
                case S4 -> random.nextInt(-8, 8);
                case B1 -> random.nextInt(2);
                case S32 -> random.nextInt(-1000, 1000);
            };
        }

        long encode(double value) {
            return switch (this) {
                case F16 -> Float.floatToFloat16((float) value) & 0xFFFF;
                case BF16 -> Float.floatToRawIntBits((float) value) >>> 16;
                case TF32, F32 -> Float.floatToRawIntBits((float) value) & 0xFFFF_FFFFL;
                case F64 -> Double.doubleToRawLongBits(value);
                case S8, U8, S4, B1, S32 -> (long) value & (1L << bits) - 1;
            };
        }
    }

    /**
     * A shape with the places of its elements, by group (lane / 4), thread in group (lane % 4) and number of the element, packed as
     * {@code row << 16 | column}. Source: PTX ISA 9.7.15.5, the formulas below each figure.
     */
    private interface Place {
        int of(int group, int thread, int i);
    }

    private record Shape(int m, int n, int k, int aElements, int bElements, Place a, Place b) {}

    private static int at(int row, int column) {
        return row << 16 | column;
    }

    private static Shape shape(String name) {
        return switch (name) {
            case "m16n8k16" ->
                new Shape( // .f16, .bf16
                        16,
                        8,
                        16,
                        8,
                        4,
                        (g, t, i) -> at(
                                i < 2 || (i >= 4 && i < 6) ? g : g + 8, i < 4 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8),
                        (g, t, i) -> at(i < 2 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8, g));
            case "m16n8k8" ->
                new Shape( // .f16, .bf16
                        16,
                        8,
                        8,
                        4,
                        2,
                        (g, t, i) -> at(i < 2 ? g : g + 8, t * 2 + (i & 1)),
                        (g, t, i) -> at(t * 2 + i, g));
            case "m16n8k8.tf32" ->
                new Shape(
                        16,
                        8,
                        8,
                        4,
                        2,
                        (g, t, i) -> at(i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4),
                        (g, t, i) -> at(i == 0 ? t : t + 4, g));
            case "m16n8k4.tf32" ->
                new Shape(16, 8, 4, 2, 1, (g, t, i) -> at(i == 0 ? g : g + 8, t), (g, t, i) -> at(t, g));
            case "m8n8k4" -> new Shape(8, 8, 4, 1, 1, (g, t, i) -> at(g, t), (g, t, i) -> at(t, g)); // .f64
            case "m16n8k16.f64" ->
                new Shape(
                        16,
                        8,
                        16,
                        8,
                        4,
                        (g, t, i) -> at(i % 2 == 0 ? g : g + 8, i % 2 == 0 ? i * 2 + t : i * 2 - 2 + t),
                        (g, t, i) -> at(t + i * 4, g));
            case "m8n8k16" ->
                new Shape( // .u8, .s8
                        8, 8, 16, 4, 4, (g, t, i) -> at(g, t * 4 + i), (g, t, i) -> at(t * 4 + i, g));
            case "m16n8k16.u8" ->
                new Shape(
                        16,
                        8,
                        16,
                        8,
                        4,
                        (g, t, i) -> at(i < 4 ? g : g + 8, t * 4 + (i & 3)),
                        (g, t, i) -> at(t * 4 + i, g));
            case "m16n8k32" ->
                new Shape( // .u8, .s8
                        16,
                        8,
                        32,
                        16,
                        8,
                        (g, t, i) -> at(
                                i < 4 || (i >= 8 && i < 12) ? g : g + 8,
                                i < 8 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16),
                        (g, t, i) -> at(i < 4 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16, g));
            case "m16n8k64" ->
                new Shape( // .u4, .s4
                        16,
                        8,
                        64,
                        32,
                        16,
                        (g, t, i) -> at(
                                i < 8 || (i >= 16 && i < 24) ? g : g + 8,
                                i < 16 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32),
                        (g, t, i) -> at(i < 8 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32, g));
            case "m16n8k256" ->
                new Shape( // .b1
                        16,
                        8,
                        256,
                        128,
                        64,
                        (g, t, i) -> at(
                                i < 32 || (i >= 64 && i < 96) ? g : g + 8,
                                i < 64 ? t * 32 + (i & 31) : t * 32 + (i & 31) + 128),
                        (g, t, i) -> at(i < 32 ? t * 32 + (i & 31) : t * 32 + (i & 31) + 128, g));
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static int placeOfResult(int group, int thread, int i) {
        return at(i < 2 ? group : group + 8, thread * 2 + (i & 1));
    }

    static Stream<String> products() {
        return Stream.of(
                "m16n8k16 m16n8k16.row.col.f32.f16.f16.f32",
                "m16n8k16 m16n8k16.row.col.f16.f16.f16.f16",
                "m16n8k16 m16n8k16.row.col.f32.bf16.bf16.f32",
                "m16n8k8 m16n8k8.row.col.f32.f16.f16.f32",
                "m16n8k8 m16n8k8.row.col.f32.bf16.bf16.f32",
                "m16n8k8.tf32 m16n8k8.row.col.f32.tf32.tf32.f32",
                "m16n8k4.tf32 m16n8k4.row.col.f32.tf32.tf32.f32",
                "m8n8k4 m8n8k4.row.col.f64.f64.f64.f64",
                "m16n8k16.f64 m16n8k16.row.col.f64.f64.f64.f64",
                "m8n8k16 m8n8k16.row.col.s32.s8.s8.s32",
                "m16n8k16.u8 m16n8k16.row.col.s32.u8.u8.s32",
                "m16n8k32 m16n8k32.row.col.s32.s8.u8.s32",
                "m16n8k32 m16n8k32.row.col.satfinite.s32.s8.s8.s32",
                "m16n8k64 m16n8k64.row.col.s32.s4.s4.s32",
                "m16n8k256 m16n8k256.row.col.s32.b1.b1.s32.and.popc",
                "m16n8k256 m16n8k256.row.col.s32.b1.b1.s32.xor.popc");
    }

    @ParameterizedTest
    @MethodSource("products")
    void multipliesAndAdds(String each) throws DeviceException {
        Shape shape = shape(each.split(" ", -1)[0]);
        String form = each.split(" ", -1)[1];
        Kind[] kinds = Stream.of(form.split("\\.", -1))
                .map(word -> word.toUpperCase(java.util.Locale.ROOT))
                .filter(word ->
                        Stream.of(Kind.values()).anyMatch(kind -> kind.name().equals(word)))
                .map(Kind::valueOf)
                .toArray(Kind[]::new);
        Random random = new Random(11);
        double[] a = random(random, kinds[1], shape.m * shape.k);
        double[] b = random(random, kinds[2], shape.k * shape.n);
        double[] c = random(random, kinds[3], shape.m * shape.n);
        int results = shape.m * shape.n / 32;
        long[][] registers = {
            registers(kinds[1], shape.aElements, shape.a, a, shape.k),
            registers(kinds[2], shape.bElements, shape.b, b, shape.n),
            registers(kinds[3], results, MatrixTest::placeOfResult, c, shape.n)
        };
        long[] actual = run("mma.sync.aligned." + form, kinds, registers, results * kinds[0].bits / 32);
        boolean exclusive = form.contains("xor");
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < results; i++) {
                int place = placeOfResult(lane >> 2, lane & 3, i);
                int row = place >> 16;
                int column = place & 0xFFFF;
                double sum = c[row * shape.n + column];
                for (int x = 0; x < shape.k; x++) {
                    double left = a[row * shape.k + x];
                    double right = b[x * shape.n + column];
                    sum += exclusive ? (left == right ? 0 : 1) : left * right;
                }
                assertEquals(
                        kinds[0].encode(sum), element(actual, kinds[0], lane, i, results), each + " " + lane + " " + i);
            }
        }
    }

    private static double[] random(Random random, Kind kind, int count) {
        return random.doubles(count).map(_ -> kind.random(random)).toArray();
    }

    /** The words of all lanes, one lane behind the other. */
    private static long[] registers(Kind kind, int elements, Place place, double[] matrix, int columns) {
        int words = elements * kind.bits / 32;
        long[] found = new long[32 * words];
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < elements; i++) {
                int where = place.of(lane >> 2, lane & 3, i);
                long bits = kind.encode(matrix[(where >> 16) * columns + (where & 0xFFFF)]);
                int bit = i * kind.bits;
                found[lane * words + bit / 32] |= bits << bit % 32 & 0xFFFF_FFFFL;
                if (kind.bits == 64) {
                    found[lane * words + bit / 32 + 1] = bits >>> 32;
                }
            }
        }
        return found;
    }

    private static long element(long[] words, Kind kind, int lane, int i, int elements) {
        int bit = i * kind.bits;
        int at = lane * (elements * kind.bits / 32) + bit / 32;
        if (kind.bits == 64) {
            return (words[at] & 0xFFFF_FFFFL) | words[at + 1] << 32;
        }
        return words[at] >>> bit % 32 & (1L << kind.bits) - 1;
    }

    /** Loads each lane's registers, runs the instruction, stores the result. */
    private static long[] run(String instruction, Kind[] kinds, long[][] registers, int resultWords)
            throws DeviceException {
        StringBuilder text = new StringBuilder(HEAD + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                .reg .b32 %t, %w<64>; .reg .f64 %f<32>; .reg .u64 %i, %o, %x;
                ld.param.u64 %i, [in]; ld.param.u64 %o, [out]; mov.u32 %t, %tid.x;
                """);
        StringBuilder operands = new StringBuilder();
        int next = 0;
        int start = 0;
        for (int n = 0; n < 3; n++) {
            int words = registers[n].length / 32;
            operands.append(", {");
            text.append("mul.wide.u32 %x, %t, ").append(4 * words).append("; add.u64 %x, %i, %x;\n");
            boolean wide = kinds[n + 1] == Kind.F64;
            for (int word = 0; word < words; word += wide ? 2 : 1) {
                String name = (wide ? "%f" : "%w") + next++;
                text.append(wide ? "ld.global.f64 " : "ld.global.b32 ")
                        .append(name)
                        .append(", [%x+")
                        .append(4 * (start + word))
                        .append("];\n");
                operands.append(word == 0 ? "" : ", ").append(name);
            }
            operands.append('}');
            start += 32 * words;
        }
        boolean wide = kinds[0] == Kind.F64;
        StringBuilder results = new StringBuilder();
        StringBuilder stores = new StringBuilder();
        for (int word = 0; word < resultWords; word += wide ? 2 : 1) {
            String name = (wide ? "%f" : "%w") + next++;
            results.append(word == 0 ? "" : ", ").append(name);
            stores.append(wide ? "st.global.f64 [%x+" : "st.global.b32 [%x+")
                    .append(4 * word)
                    .append("], ")
                    .append(name)
                    .append(";\n");
        }
        text.append(instruction)
                .append(" {")
                .append(results)
                .append('}')
                .append(operands)
                .append(";\n");
        text.append("mul.wide.u32 %x, %t, ")
                .append(4 * resultWords)
                .append("; add.u64 %x, %o, %x;\n")
                .append(stores);
        text.append("ret;\n}\n");
        int[] in = Stream.of(registers)
                .flatMapToInt(all -> java.util.Arrays.stream(all).mapToInt(word -> (int) word))
                .toArray();
        try (KernelBench bench = new KernelBench(text.toString())) {
            long out = bench.upload(new int[32 * resultWords]);
            bench.launch("k", KernelBench.line(1, 32), bench.upload(in), out);
            return java.util.Arrays.stream(bench.ints(out, 32 * resultWords))
                    .mapToLong(word -> word & 0xFFFF_FFFFL)
                    .toArray();
        }
    }

    // wmma

    @ParameterizedTest
    @CsvSource({
        "m16n16k16, f16, f32, f32, 8, 8, 8, 8",
        "m32n8k16, f16, f16, f32, 8, 8, 4, 8",
        "m8n32k16, f16, f32, f16, 8, 8, 8, 4",
        "m16n16k16, bf16, f32, f32, 4, 4, 8, 8",
        "m8n32k16, bf16, f32, f32, 2, 8, 8, 8",
        "m16n16k8, tf32, f32, f32, 4, 4, 8, 8",
        "m8n8k4, f64, f64, f64, 1, 1, 2, 2",
        "m16n16k16, f16, f16, f16, 8, 8, 4, 4",
        "m32n8k16, f16, f32, f16, 8, 8, 8, 4",
        "m32n8k16, bf16, f32, f32, 8, 2, 8, 8",
        "m32n8k16, s8, s32, s32, 4, 1, 8, 8",
        "m8n32k16, s8, s32, s32, 1, 4, 8, 8",
        "m16n16k16, s8, s32, s32, 2, 2, 8, 8",
        "m32n8k16, u8, s32, s32, 4, 1, 8, 8",
        "m8n32k16, u8, s32, s32, 1, 4, 8, 8",
        "m16n16k16, u8, s32, s32, 2, 2, 8, 8",
    })
    void fragmentsGoThroughLoadProductAndStore(
            String shape, String type, String addend, String result, int a, int b, int c, int d)
            throws DeviceException {
        goThrough(shape, type, addend, result, a, b, c, d, false);
        goThrough(shape, type, addend, result, a, b, c, d, true);
    }

    /** @param turned whether C comes by rows and D goes by columns, rather than the other way */
    private static void goThrough(
            String shape, String type, String addend, String result, int a, int b, int c, int d, boolean turned)
            throws DeviceException {
        int[] size = Stream.of(shape.substring(1).split("[nk]", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
        int m = size[0];
        int n = size[1];
        int k = size[2];
        Kind of = Kind.valueOf(type.toUpperCase(java.util.Locale.ROOT));
        Kind in = Kind.valueOf(addend.toUpperCase(java.util.Locale.ROOT));
        Kind out = Kind.valueOf(result.toUpperCase(java.util.Locale.ROOT));
        String all =
                of == Kind.F16 ? "." + result + "." + addend : "." + result + "." + type + "." + type + "." + addend;
        String text = HEAD + ".visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d) {\n"
                + ".reg .b32 %r<64>; .reg .f64 %f<64>; .reg .u64 %p<5>;\n"
                + "ld.param.u64 %p1, [a]; ld.param.u64 %p2, [b]; ld.param.u64 %p3, [c]; ld.param.u64 %p4, [d];\n"
                + "wmma.load.a.sync.aligned.row." + shape + ".global." + type + " " + list(of, 0, a) + ", [%p1], " + k
                + ";\n"
                + "wmma.load.b.sync.aligned.col." + shape + "." + type + " " + list(of, 8, b) + ", [%p2];\n"
                + "wmma.load.c.sync.aligned." + (turned ? "row." : "col.") + shape + ".global." + addend + " "
                + list(in, 16, c) + ", [%p3], "
                + (turned ? n : m) + ";\n"
                + "wmma.mma.sync.aligned.row.col." + shape + all + " " + list(out, 32, d) + ", " + list(of, 0, a) + ", "
                + list(of, 8, b) + ", " + list(in, 16, c) + ";\n"
                + "wmma.store.d.sync.aligned." + (turned ? "col." : "row.") + shape + ".global." + result + " [%p4], "
                + list(out, 32, d) + ", "
                + ((turned ? m : n) + 8)
                + ";\nret;\n}\n";
        Random random = new Random(12);
        double[] left = random(random, of, m * k);
        double[] right = random(random, of, k * n);
        double[] sums = random(random, in, m * n);
        try (KernelBench bench = new KernelBench(text)) {
            // A by rows; B and C by columns; D by rows that are longer than the matrix. Turned, C and D the other way.
            long pa = upload(bench, of, m * k, i -> left[i]);
            long pb = upload(bench, of, k * n, i -> right[i % k * n + i / k]);
            long pc = upload(bench, in, m * n, i -> turned ? sums[i] : sums[i % m * n + i / m]);
            int elements = turned ? n * (m + 8) : m * (n + 8);
            long pd = upload(bench, out, elements, _ -> 0);
            bench.launch("k", KernelBench.line(1, 32), pa, pb, pc, pd);
            byte[] bytes =
                    bench.memory().segment(pd, (long) elements * out.bits / 8).toArray(ValueLayout.JAVA_BYTE);
            for (int row = 0; row < m; row++) {
                for (int column = 0; column < n; column++) {
                    double sum = sums[row * n + column];
                    for (int x = 0; x < k; x++) {
                        sum += left[row * k + x] * right[x * n + column];
                    }
                    long actual = 0;
                    int at = turned ? column * (m + 8) + row : row * (n + 8) + column;
                    for (int i = 0; i < out.bits / 8; i++) {
                        actual |= (bytes[at * out.bits / 8 + i] & 0xFFL) << (8 * i);
                    }
                    assertEquals(out.encode(sum), actual, shape + " " + row + " " + column);
                }
            }
        }
    }

    private static String list(Kind kind, int first, int count) {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : ", ")
                    .append(kind == Kind.F64 ? "%f" : "%r")
                    .append(first + i);
        }
        return text.append('}').toString();
    }

    private static long upload(KernelBench bench, Kind kind, int count, java.util.function.IntToDoubleFunction values)
            throws DeviceException {
        byte[] bytes = new byte[count * kind.bits / 8];
        for (int i = 0; i < count; i++) {
            long bits = kind.encode(values.applyAsDouble(i));
            for (int n = 0; n < kind.bits / 8; n++) {
                bytes[i * kind.bits / 8 + n] = (byte) (bits >>> (8 * n));
            }
        }
        return bench.upload(bytes);
    }
}
