package org.v4vgpu.proto;

/**
 * How far the operands of a {@link BlasOperation} reach, in bytes from their addresses; 0 for one that is not looked at. Immutable.
 * Both sides check an operation by this: the client to tell the program at once, the server because the client may lie.
 *
 * <p>Source: cuBLAS documentation, the conditions of CUBLAS_STATUS_INVALID_VALUE.
 */
public record BlasOperands(long a, long b, long c) {
    private static final BlasOperands NOTHING = new BlasOperands(0, 0, 0);

    /**
     * Checks an operation.
     *
     * @throws IllegalArgumentException naming what is wrong, in cuBLAS's sense of an invalid value
     */
    public static BlasOperands of(BlasOperation operation) {
        require(operation.getM() >= 0, "m", operation.getM());
        require(operation.getN() >= 0, "n", operation.getN());
        require(operation.getK() >= 0, "k", operation.getK());
        require(operation.getCount() >= 0, "the number of matrices", operation.getCount());
        Spans spans = new Spans(operation);
        BlasOperands elements = spans.elements();
        int bytes = operation.getWide() ? Double.BYTES : Float.BYTES;
        try {
            return new BlasOperands(
                    Math.multiplyExact(elements.a, bytes),
                    Math.multiplyExact(elements.b, bytes),
                    Math.multiplyExact(elements.c, bytes));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("operands that exceed every memory", e);
        }
    }

    /** Whether the operation has a result beside its operands. */
    public static boolean hasResult(BlasRoutine routine) {
        return switch (routine) {
            case BLAS_DOT, BLAS_NRM2, BLAS_ASUM, BLAS_IAMAX -> true;
            default -> false;
        };
    }

    private static void require(boolean condition, String what, long value) {
        if (!condition) {
            throw new IllegalArgumentException(what + " is " + value);
        }
    }

    /** Lengths in elements. */
    private record Spans(BlasOperation of) {
        BlasOperands elements() {
            int m = of.getM();
            int n = of.getN();
            int k = of.getK();
            return switch (of.getRoutine()) {
                case BLAS_COPY, BLAS_SWAP, BLAS_AXPY -> new BlasOperands(vectorA(n), 0, vectorC(n));
                case BLAS_SCAL -> new BlasOperands(0, 0, of.getStepC() > 0 ? vectorC(n) : 0);
                case BLAS_DOT -> new BlasOperands(vectorA(n), vectorB(n), 0);
                case BLAS_NRM2, BLAS_ASUM, BLAS_IAMAX -> new BlasOperands(of.getStepA() > 0 ? vectorA(n) : 0, 0, 0);
                case BLAS_GEMV -> gemv(m, n);
                case BLAS_GER -> ger(m, n);
                case BLAS_TRMV -> trmv(n);
                case BLAS_TRSM -> trsm(m, n);
                case BLAS_GEAM -> geam(m, n);
                case BLAS_GEMM -> gemm(m, n, k);
                case BLAS_ROUTINE_UNSPECIFIED, UNRECOGNIZED ->
                    throw new IllegalArgumentException("routine " + of.getRoutineValue());
            };
        }

        private BlasOperands gemv(int m, int n) {
            long a = matrix("lda", m, n, of.getStepA());
            requireSteps();
            boolean nothing = m == 0 || n == 0;
            return nothing
                    ? NOTHING
                    : new BlasOperands(a, vectorB(of.getTransposeA() ? m : n), vectorC(of.getTransposeA() ? n : m));
        }

        private BlasOperands ger(int m, int n) {
            long c = matrix("lda", m, n, of.getStepC());
            require(of.getStepA() != 0, "incx", 0);
            require(of.getStepB() != 0, "incy", 0);
            return m == 0 || n == 0 ? NOTHING : new BlasOperands(vectorA(m), vectorB(n), c);
        }

        private BlasOperands trmv(int n) {
            long a = matrix("lda", n, n, of.getStepA());
            require(of.getStepC() != 0, "incx", 0);
            return new BlasOperands(a, 0, vectorC(n));
        }

        private BlasOperands trsm(int m, int n) {
            int order = of.getRight() ? n : m;
            long a = matrix("lda", order, order, of.getStepA());
            long c = matrix("ldb", m, n, of.getStepC());
            return m == 0 || n == 0 ? NOTHING : new BlasOperands(a, 0, c);
        }

        private BlasOperands geam(int m, int n) {
            boolean isTransposedA = of.getTransposeA();
            boolean isTransposedB = of.getTransposeB();
            long a = matrix("lda", isTransposedA ? n : m, isTransposedA ? m : n, of.getStepA());
            long b = matrix("ldb", isTransposedB ? n : m, isTransposedB ? m : n, of.getStepB());
            long c = matrix("ldc", m, n, of.getStepC());
            if (of.getC() != 0 && of.getC() == of.getA()) {
                require(!isTransposedA && of.getStepA() == of.getStepC(), "lda of a result in place", of.getStepA());
            }
            if (of.getC() != 0 && of.getC() == of.getB()) {
                require(!isTransposedB && of.getStepB() == of.getStepC(), "ldb of a result in place", of.getStepB());
            }
            return new BlasOperands(a, b, c);
        }

        private BlasOperands gemm(int m, int n, int k) {
            boolean isTransposedA = of.getTransposeA();
            boolean isTransposedB = of.getTransposeB();
            long a = matrix("lda", isTransposedA ? k : m, isTransposedA ? m : k, of.getStepA());
            long b = matrix("ldb", isTransposedB ? n : k, isTransposedB ? k : n, of.getStepB());
            long c = matrix("ldc", m, n, of.getStepC());
            if (m == 0 || n == 0) {
                return NOTHING;
            }
            if (of.getPointers()) {
                return new BlasOperands(a, b, c);
            }
            return new BlasOperands(
                    k == 0 ? 0 : batch("strideA", a, of.getStrideA()),
                    k == 0 ? 0 : batch("strideB", b, of.getStrideB()),
                    batch("strideC", c, of.getStrideC()));
        }

        private void requireSteps() {
            require(of.getStepB() != 0, "incx", 0);
            require(of.getStepC() != 0, "incy", 0);
        }

        private long vectorA(int n) {
            return vector(n, of.getStepA());
        }

        private long vectorB(int n) {
            return vector(n, of.getStepB());
        }

        private long vectorC(int n) {
            return vector(n, of.getStepC());
        }

        /** The elements between the first and the last one, whichever comes first. */
        private static long vector(int n, int step) {
            return n == 0 ? 0 : (n - 1L) * Math.abs((long) step) + 1;
        }

        private static long matrix(String name, int rows, int columns, int step) {
            require(step >= Math.max(1, rows), name, step);
            return rows == 0 || columns == 0 ? 0 : (columns - 1L) * step + rows;
        }

        private long batch(String name, long one, long stride) {
            int count = of.getCount();
            if (count <= 1) {
                return one;
            }
            require(stride >= 0 && stride < 1L << 40, name, stride);
            return (count - 1L) * stride + one;
        }
    }
}
