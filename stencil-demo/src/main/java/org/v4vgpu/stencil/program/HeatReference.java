package org.v4vgpu.stencil.program;

import java.util.stream.IntStream;

/**
 * The Jacobi iterations on the CPU. The kernel adds the four neighbours in the order left, right, above, below and multiplies
 * by a quarter; so does this, in the same precision, and IEEE 754 leaves no room for another result. Safe for any thread.
 */
final class HeatReference {
    private HeatReference() {}

    static float[] iterate(HeatField field, int iterations) {
        float[] from = field.cells().clone();
        float[] to = field.cells().clone(); // The border is never written: it keeps its temperature.
        for (int iteration = 0; iteration < iterations; iteration++) {
            float[] in = from;
            float[] out = to;
            IntStream.range(1, Math.max(1, field.height() - 1))
                    .parallel()
                    .forEach(y -> row(in, out, y * field.width(), field.width()));
            from = out;
            to = in;
        }
        return from;
    }

    private static void row(float[] in, float[] out, int offset, int width) {
        for (int i = offset + 1; i < offset + width - 1; i++) {
            out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - width] + in[i + width]);
        }
    }

    /** The largest absolute difference; NaN if an element of {@code actual} is NaN. */
    static double maximumDifference(float[] expected, float[] actual) {
        double maximum = 0;
        for (int i = 0; i < expected.length; i++) {
            maximum = Math.max(maximum, Math.abs((double) expected[i] - actual[i])); // Math.max keeps NaN
        }
        return maximum;
    }
}
