package org.v4vgpu.device.ptx.runtime;

/**
 * mma and wmma.mma: D = A B + C. Products of floating-point numbers of up to 32 bits are exact, their sum is taken in double
 * precision and rounded once, which is better than the bounds of the ISA, whose order of additions is not specified; f64 is a chain
 * of fused multiplications and additions. Source: PTX ISA 9.7.15.
 *
 * @param fragments whether elements lie as {@link MatrixFragment} puts them, rather than as mma says
 * @param aWords how many words of A each lane has; likewise of the others
 * @param saturating whether integers stop at their limits
 * @param combination how single bits are multiplied
 */
public record MatrixProduct(
        int m,
        int n,
        int k,
        MatrixElement a,
        MatrixElement b,
        MatrixElement c,
        MatrixElement d,
        int aWords,
        int bWords,
        int cWords,
        int dWords,
        boolean fragments,
        boolean saturating,
        Combination combination)
        implements WarpOperation {
    /** What stands in the place of the product of two elements. */
    public enum Combination {
        PRODUCT,
        XOR,
        AND
    }

    private enum Role {
        A,
        B,
        C
    }

    @Override
    public void run(ThreadBlock block, int first, int line) {
        if (a.isFloating()) {
            multiplyReals(block, first);
        } else {
            multiplyIntegers(block, first);
        }
    }

    private void multiplyReals(ThreadBlock block, int first) {
        double[] left = reals(block, first, a, Role.A, 0, aWords, m * k);
        double[] right = reals(block, first, b, Role.B, aWords, bWords, k * n);
        double[] sums = reals(block, first, c, Role.C, aWords + bWords, cWords, m * n);
        for (int row = 0; row < m; row++) {
            for (int column = 0; column < n; column++) {
                double addend = sums[row * n + column];
                double sum = a == MatrixElement.F64 ? addend : 0;
                for (int i = 0; i < k; i++) {
                    double x = left[row * k + i];
                    double y = right[i * n + column];
                    sum = a == MatrixElement.F64 ? Math.fma(x, y, sum) : sum + x * y;
                }
                sums[row * n + column] = a == MatrixElement.F64 ? sum : sum + addend;
            }
        }
        int perLane = MatrixFragment.perLane(d, dWords);
        for (int lane = 0; lane < 32; lane++) {
            int word = 0;
            for (int i = 0; i < perLane; i++) {
                long bits = d.bits(sums[place(Role.C, lane, i, perLane, d)]);
                if (d == MatrixElement.F64) {
                    WarpOperation.wideResult(block, 2 * i, first + lane, bits);
                } else {
                    int shift = i % d.perWord() * d.bits();
                    word = shift == 0 ? (int) bits : word | (int) bits << shift;
                    WarpOperation.result(block, i / d.perWord(), first + lane, word);
                }
            }
        }
    }

    private void multiplyIntegers(ThreadBlock block, int first) {
        int[] left = integers(block, first, a, Role.A, 0, aWords, m * k);
        int[] right = integers(block, first, b, Role.B, aWords, bWords, k * n);
        int[] sums = integers(block, first, c, Role.C, aWords + bWords, cWords, m * n);
        for (int row = 0; row < m; row++) {
            for (int column = 0; column < n; column++) {
                long sum = sums[row * n + column];
                for (int i = 0; i < k; i++) {
                    int x = left[row * k + i];
                    int y = right[i * n + column];
                    sum += switch (combination) {
                        case PRODUCT -> x * y;
                        case XOR -> x ^ y;
                        case AND -> x & y;
                    };
                }
                sums[row * n + column] = saturating ? Math.clamp(sum, Integer.MIN_VALUE, Integer.MAX_VALUE) : (int) sum;
            }
        }
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < dWords; i++) {
                WarpOperation.result(block, i, first + lane, sums[place(Role.C, lane, i, dWords, d)]);
            }
        }
    }

    private double[] reals(
            ThreadBlock block, int first, MatrixElement element, Role role, int from, int words, int count) {
        double[] values = new double[count];
        int perLane = MatrixFragment.perLane(element, words);
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < perLane; i++) {
                long raw = element == MatrixElement.F64
                        ? WarpOperation.wideOperand(block, from + 2 * i, first + lane)
                        : part(block, first + lane, element, from, i);
                values[place(role, lane, i, perLane, element)] = element.value(raw);
            }
        }
        return values;
    }

    private int[] integers(
            ThreadBlock block, int first, MatrixElement element, Role role, int from, int words, int count) {
        int[] values = new int[count];
        int perLane = MatrixFragment.perLane(element, words);
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < perLane; i++) {
                values[place(role, lane, i, perLane, element)] =
                        element.integer(part(block, first + lane, element, from, i));
            }
        }
        return values;
    }

    private static int part(ThreadBlock block, int thread, MatrixElement element, int from, int i) {
        int word = WarpOperation.operand(block, from + i / element.perWord(), thread);
        return word >>> (i % element.perWord() * element.bits());
    }

    /** Where in the matrix, row by row, the i-th element of a lane belongs. */
    private int place(Role role, int lane, int i, int perLane, MatrixElement element) {
        int rows = role == Role.B ? k : m;
        int columns = role == Role.A ? k : n;
        if (fragments) {
            return (lane * perLane + i) % (rows * columns);
        }
        int group = lane >> 2;
        int within = lane & 3;
        int each = element.perWord();
        int register = i / each;
        return switch (role) {
            case A -> {
                int row = group + (m == 16 ? 8 * (register & 1) : 0);
                int part = m == 16 ? register >> 1 : register;
                yield row * k + 4 * each * part + within * each + i % each;
            }
            case B -> (4 * each * register + within * each + i % each) * n + group;
            case C -> (group + 8 * (i >> 1)) * n + 2 * within + (i & 1);
        };
    }
}
