package org.v4vgpu.device.ptx.numeric;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.KernelBench;
import org.v4vgpu.device.ptx.runtime.VectorUnit;

/**
 * Runs many small pieces of PTX on many inputs each, a number of pieces to a kernel: all singly and, where the JVM has vectors, once
 * more in strips.
 */
final class NumericBatch {
    private static final int PIECES = 20;
    private static final int THREADS = 128;
    private static final int SOURCES = 3;

    private static final String HEAD = """
            .version 8.6
            .target sm_100
            .address_size 64
            .visible .entry k(.param .u64 in, .param .u64 out) {
            .reg .u64 %i, %o, %x; .reg .u32 %t, %n, %s;
            mov.u32 %t, %ctaid.x; mov.u32 %n, %ntid.x; mov.u32 %s, %tid.x; mad.lo.u32 %t, %t, %n, %s;
            ld.param.u64 %i, [in]; ld.param.u64 %o, [out];
            mul.wide.u32 %x, %t, 8; add.u64 %i, %i, %x; add.u64 %o, %o, %x;
            """;

    private final List<Piece> pieces = new ArrayList<>();
    private int formed;

    /** What a piece computes from the bits of %a, %b, %c. */
    interface Definition {
        long of(long[] row);
    }

    /** Whether a result is the one expected. */
    interface Likeness {
        boolean like(long expected, long actual);
    }

    /**
     * Instructions that write %d and read %a, %b, %c.
     *
     * @param types of %d, %a, %b, %c; a predicate is 0 or 1 in memory
     * @param rows the inputs, as bits
     */
    private record Piece(String ptx, List<String> types, List<long[]> rows, Definition definition, Likeness likeness) {

        void check(int row, long actual, String form) {
            long[] in = rows.get(row);
            long expected = definition.of(in);
            if (!likeness.like(expected, actual)) {
                StringBuilder text = new StringBuilder(ptx).append(form).append(" of");
                for (long value : in) {
                    text.append(' ').append(Long.toHexString(value));
                }
                throw new AssertionError(
                        text + " is " + Long.toHexString(actual) + ", not " + Long.toHexString(expected));
            }
        }
    }

    /** All bits. */
    static boolean exactly(long expected, long actual) {
        return expected == actual;
    }

    /** All bits, all NaNs alike. */
    static Likeness in(Format format) {
        return (expected, actual) -> expected == actual
                || (format.isNaN(expected) && format.isNaN(actual) && format.bits() == width(actual, format));
    }

    private static int width(long bits, Format format) {
        return format.bits() == 64 || bits >>> format.bits() == 0 ? format.bits() : 64;
    }

    /** Two values of a format side by side. */
    static Likeness inPairs(Format format) {
        int bits = format.bits();
        long mask = (1L << bits) - 1;
        Likeness half = in(format);
        return (expected, actual) -> half.like(expected & mask, actual & mask)
                && half.like((expected >>> bits) & mask, (actual >>> bits) & mask);
    }

    void add(String ptx, List<String> types, List<long[]> rows, Definition definition, Likeness likeness) {
        pieces.add(new Piece(ptx, types, rows, definition, likeness));
    }

    /** Runs all and checks every result. */
    void run() throws DeviceException {
        int kernels = 0;
        for (int from = 0; from < pieces.size(); from += PIECES, kernels++) {
            run(pieces.subList(from, Math.min(pieces.size(), from + PIECES)));
        }
        assertTrue(VectorUnit.bits() == 0 || formed > 0, "none of " + kernels + " kernels has run in strips");
    }

    private void run(List<Piece> some) throws DeviceException {
        int most = some.stream().mapToInt(piece -> piece.rows.size()).max().orElse(0);
        int rows = (most + THREADS - 1) / THREADS * THREADS;
        long[] in = new long[some.size() * SOURCES * rows];
        for (int n = 0; n < some.size(); n++) {
            List<long[]> values = some.get(n).rows;
            for (int row = 0; row < rows; row++) {
                long[] value = values.get(row % values.size());
                for (int source = 0; source < value.length; source++) {
                    in[(n * SOURCES + source) * rows + row] = value[source];
                }
            }
        }
        try (KernelBench bench = new KernelBench(kernel(some, rows))) {
            long input = bench.memory().allocate(8L * in.length);
            bench.memory().segment(input, 8L * in.length).copyFrom(MemorySegment.ofArray(in));
            // Asked before the first launch: else the kernel itself asks, and takes none that is not worth it.
            boolean hasStrips = bench.module().kernel("k").useStrips(false);
            launch(bench, some, rows, input, "");
            if (hasStrips) {
                formed++;
                bench.module().kernel("k").useStrips(true);
                launch(bench, some, rows, input, " in strips");
            }
        }
    }

    private static void launch(KernelBench bench, List<Piece> some, int rows, long input, String form)
            throws DeviceException {
        long bytes = 8L * some.size() * rows;
        long output = bench.memory().allocate(bytes);
        bench.memory().segment(output, bytes).fill((byte) 0);
        bench.launch("k", KernelBench.line(rows / THREADS, THREADS), input, output);
        long[] found = bench.memory().segment(output, bytes).toArray(ValueLayout.JAVA_LONG);
        for (int n = 0; n < some.size(); n++) {
            Piece piece = some.get(n);
            for (int row = 0; row < piece.rows.size(); row++) {
                piece.check(row, found[n * rows + row], form);
            }
        }
    }

    /** First all loads, last all stores, with a barrier between: strips neither load nor store behind a store to what was read. */
    private static String kernel(List<Piece> some, int rows) {
        StringBuilder loads = new StringBuilder(HEAD);
        StringBuilder work = new StringBuilder();
        StringBuilder stores = new StringBuilder();
        for (int n = 0; n < some.size(); n++) {
            Piece piece = some.get(n);
            for (int i = 0; i < piece.types.size(); i++) {
                String type = piece.types.get(i);
                String name = " %" + "dabc".charAt(i) + n;
                loads.append(".reg .").append(type).append(name).append(";\n");
                if (i > 0) {
                    boolean truth = type.equals("pred");
                    loads.append("ld.global.")
                            .append(truth ? "u32 %s" : type + name)
                            .append(", [%i+")
                            .append(8L * (n * SOURCES + i - 1) * rows)
                            .append("];\n")
                            .append(truth ? "setp.ne.u32" + name + ", %s, 0;\n" : "");
                }
            }
            work.append("{ .reg .pred %p, %q, %r; .reg .b32 %u, %v, %w; .reg .b16 %h, %g; .reg .b64 %y, %z;\n")
                    .append(piece.ptx.replaceAll("%([dabc])\\b", "%$1" + n))
                    .append("\n}\n");
            boolean truth = piece.types.getFirst().equals("pred");
            stores.append(truth ? "selp.u32 %s, 1, 0, %d" + n + ";\n" : "")
                    .append("st.global.")
                    .append(truth ? "u32" : piece.types.getFirst())
                    .append(" [%o+")
                    .append(8L * n * rows)
                    .append("], ")
                    .append(truth ? "%s" : "%d" + n)
                    .append(";\n");
        }
        return loads.append(work)
                .append("bar.sync 0;\n")
                .append(stores)
                .append("ret;\n}\n")
                .toString();
    }
}
