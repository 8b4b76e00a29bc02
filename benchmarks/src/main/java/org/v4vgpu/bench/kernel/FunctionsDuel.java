package org.v4vgpu.bench.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.GpuModule;

/** Functions that are called, one of them recursively, a structure as a parameter, a constant array, a local one, and a printf. */
final class FunctionsDuel extends KernelDuel {
    private static final int BLOCK = 128;
    private static final float[] COEFFICIENTS = {1, -2, 3, 0.5f, -0.25f, 2, 7, -1};
    private static final float X = 1.5f;
    private static final float Y = 0.25f;
    private static final int[] K = {3, -4, 5};

    private final float[] in;
    private final float[] out;

    FunctionsDuel(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
        super(ground, source, "devfunc " + count, 4L * count, 1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 0.5f + i % 11;
        }
        in = given(values);
        out = changing(new float[count]);
        launch("devfunc", row(count, BLOCK), structure(), in, out, count);
    }

    private static MemorySegment structure() {
        MemorySegment structure = MemorySegment.ofArray(new int[2 + K.length]);
        structure.setAtIndex(ValueLayout.JAVA_FLOAT, 0, X);
        structure.setAtIndex(ValueLayout.JAVA_FLOAT, 1, Y);
        for (int i = 0; i < K.length; i++) {
            structure.setAtIndex(ValueLayout.JAVA_INT, 2 + i, K[i]);
        }
        return structure;
    }

    @Override
    void prepare(GpuModule loaded) throws DeviceException {
        loaded.global("coef").copyFrom(COEFFICIENTS);
    }

    /** OpenCL C has no recursion. */
    @Override
    public boolean isInOpenCl() {
        return false;
    }

    @Override
    public void inJava() {
        share(in.length, (from, to) -> {
            float[] local = new float[COEFFICIENTS.length];
            for (int i = from; i < to; i++) {
                for (int j = 0; j < local.length; j++) {
                    local[j] = COEFFICIENTS[j + i & 7] * X;
                }
                int index = (int) in[i] & 7;
                local[index] += Y + K[index % K.length];
                out[i] = polynomial(in[i], local) + fibonacci(i % 8);
            }
        });
    }

    private static float polynomial(float x, float[] coefficients) {
        float sum = 0;
        for (float coefficient : coefficients) {
            sum = Math.fma(sum, x, coefficient);
        }
        return sum;
    }

    private static int fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }
}
