package org.v4vgpu.client.programs;

import static jcuda.jcublas.JCublas2.*;
import static org.v4vgpu.client.programs.Checks.is;
import static org.v4vgpu.client.programs.Checks.ok;
import static org.v4vgpu.client.programs.Checks.same;
import static org.v4vgpu.client.programs.Checks.that;
import static org.v4vgpu.client.programs.Checks.throwsNull;

import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.cublasDiagType;
import jcuda.jcublas.cublasFillMode;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasPointerMode;
import jcuda.jcublas.cublasSideMode;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS: every call that the bridge has, in both precisions. The numbers are whole and small, so that every result is exact; what the
 * routines compute in general is the server's to test.
 */
final class CublasCalls {
    private static final int N = cublasOperation.CUBLAS_OP_N;
    private static final int T = cublasOperation.CUBLAS_OP_T;

    private static final cublasHandle HANDLE = new cublasHandle();

    private CublasCalls() {}

    static void run() {
        wrongHandles();
        ok(cublasCreate(HANDLE));
        modes();
        for (Precision precision : Precision.values()) {
            transfers(precision);
            vectors(precision);
            matrices(precision);
            batches(precision);
            wrongArguments(precision);
        }
        scalarsOnTheDevice();
        ok(cublasDestroy(HANDLE));
        is(cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED, cublasDestroy(HANDLE));
    }

    private static void wrongHandles() {
        cublasHandle none = new cublasHandle();
        int uninitialized = cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED;
        is(uninitialized, cublasDestroy(none));
        is(uninitialized, cublasSetPointerMode(none, 0));
        is(uninitialized, cublasGetVersion(none, new int[1]));
        is(uninitialized, cublasSetStream(none, null));
        Pointer memory = new Precision.Memory(Precision.SINGLE, 4).pointer;
        is(uninitialized, cublasSscal(none, 1, Pointer.to(new float[1]), memory, 1));
        throwsNull("Parameter 'alpha' is null for cublasSscal", () -> {
            ok(cublasCreate(none));
            cublasSscal(none, 1, null, memory, 1);
        });
        ok(cublasDestroy(none));
        same("CUBLAS_STATUS_INVALID_VALUE", cublasGetStatusName(cublasStatus.CUBLAS_STATUS_INVALID_VALUE));
    }

    private static void modes() {
        int[] answer = {-1};
        ok(cublasGetVersion(HANDLE, answer));
        that(answer[0] >= 12_000, "version " + answer[0]);
        ok(cublasGetPointerMode(HANDLE, answer));
        is(cublasPointerMode.CUBLAS_POINTER_MODE_HOST, answer[0]);
        ok(cublasSetAtomicsMode(HANDLE, 1));
        ok(cublasGetAtomicsMode(HANDLE, answer));
        is(1, answer[0]);
        is(cublasStatus.CUBLAS_STATUS_INVALID_VALUE, cublasSetPointerMode(HANDLE, 2));
        is(cublasStatus.CUBLAS_STATUS_INVALID_VALUE, cublasSetAtomicsMode(HANDLE, -1));
        ok(cublasSetMathMode(HANDLE, cublasMath.CUBLAS_TF32_TENSOR_OP_MATH));
        ok(cublasGetMathMode(HANDLE, answer));
        is(cublasMath.CUBLAS_TF32_TENSOR_OP_MATH, answer[0]);
        is(cublasStatus.CUBLAS_STATUS_INVALID_VALUE, cublasSetMathMode(HANDLE, 99));
        cudaStream_t stream = new cudaStream_t();
        ok(JCuda.cudaStreamCreate(stream));
        ok(cublasSetStream(HANDLE, stream));
        cudaStream_t found = new cudaStream_t();
        ok(cublasGetStream(HANDLE, found));
        same(stream, found);
        ok(cublasSetStream(HANDLE, null));
        ok(cublasGetStream(HANDLE, found));
        same(new cudaStream_t(), found);
        ok(JCuda.cudaStreamDestroy(stream));
        is(cublasStatus.CUBLAS_STATUS_INVALID_VALUE, cublasSetStream(HANDLE, stream));
    }

    private static void transfers(Precision precision) {
        int size = precision.bytes();
        double[] numbers = {1, 2, 3, 4, 5, 6};
        Precision.Memory memory = new Precision.Memory(precision, 8);
        ok(cublasSetVector(3, size, precision.host(numbers), 2, memory.pointer, 1));
        memory.holds(1, 3, 5, 0);
        Object host = precision.array(6);
        ok(cublasGetVector(3, size, memory.pointer, 1, precision.pointer(host), 2));
        precision.holds(host, 1, 0, 3, 0, 5, 0);
        ok(cublasSetVectorAsync(2, size, precision.host(numbers), 1, memory.pointer, 1, null));
        ok(cublasGetVectorAsync(2, size, memory.pointer, 1, precision.pointer(host), 1, null));
        precision.holds(host, 1, 2, 3, 0, 5, 0);
        ok(cublasSetMatrix(2, 2, size, precision.host(numbers), 3, memory.pointer, 4));
        memory.holds(1, 2, 5, 0, 4, 5, 0, 0);
        host = precision.array(4);
        ok(cublasGetMatrix(2, 2, size, memory.pointer, 4, precision.pointer(host), 2));
        precision.holds(host, 1, 2, 4, 5);
        ok(cublasSetMatrixAsync(2, 1, size, precision.host(7, 8), 2, memory.pointer, 2, null));
        ok(cublasGetMatrixAsync(2, 1, size, memory.pointer, 2, precision.pointer(host), 2, null));
        precision.holds(host, 7, 8, 4, 5);
        int invalid = cublasStatus.CUBLAS_STATUS_INVALID_VALUE;
        is(invalid, cublasSetVector(3, size, precision.host(numbers), 0, memory.pointer, 1));
        is(invalid, cublasGetVector(3, 0, memory.pointer, 1, precision.pointer(host), 1));
        is(invalid, cublasSetMatrix(3, 1, size, precision.host(numbers), 2, memory.pointer, 3));
        is(invalid, cublasSetVector(9, size, precision.host(numbers), 1, memory.pointer, 1));
        memory.free();
    }

    private static void vectors(Precision precision) {
        Precision.Memory x = new Precision.Memory(precision, 1, -2, 3, -4);
        Precision.Memory y = new Precision.Memory(precision, 10, 20, 30, 40);
        Pointer two = precision.host(2);
        Object result = precision.array(1);
        Pointer to = precision.pointer(result);
        int[] index = new int[1];
        if (precision == Precision.SINGLE) {
            ok(cublasSaxpy(HANDLE, 4, two, x.pointer, 1, y.pointer, 1));
            y.holds(12, 16, 36, 32);
            ok(cublasSdot(HANDLE, 2, x.pointer, 2, y.pointer, 1, to));
            precision.holds(result, 12 + 48);
            ok(cublasSnrm2(HANDLE, 2, x.pointer.withByteOffset(8), 1, to));
            precision.holds(result, 5);
            ok(cublasSasum(HANDLE, 4, x.pointer, 1, to));
            precision.holds(result, 10);
            ok(cublasIsamax(HANDLE, 4, x.pointer, 1, Pointer.to(index)));
            ok(cublasSscal(HANDLE, 2, two, x.pointer, 2));
            x.holds(2, -2, 6, -4);
            ok(cublasSswap(HANDLE, 4, x.pointer, 1, y.pointer, -1));
            ok(cublasScopy(HANDLE, 2, x.pointer, 1, y.pointer, 1));
        } else {
            ok(cublasDaxpy(HANDLE, 4, two, x.pointer, 1, y.pointer, 1));
            y.holds(12, 16, 36, 32);
            ok(cublasDdot(HANDLE, 2, x.pointer, 2, y.pointer, 1, to));
            precision.holds(result, 12 + 48);
            ok(cublasDnrm2(HANDLE, 2, x.pointer.withByteOffset(16), 1, to));
            precision.holds(result, 5);
            ok(cublasDasum(HANDLE, 4, x.pointer, 1, to));
            precision.holds(result, 10);
            ok(cublasIdamax(HANDLE, 4, x.pointer, 1, Pointer.to(index)));
            ok(cublasDscal(HANDLE, 2, two, x.pointer, 2));
            x.holds(2, -2, 6, -4);
            ok(cublasDswap(HANDLE, 4, x.pointer, 1, y.pointer, -1));
            ok(cublasDcopy(HANDLE, 2, x.pointer, 1, y.pointer, 1));
        }
        is(4, index[0]);
        x.holds(32, 36, 16, 12);
        y.holds(32, 36, -2, 2);
        x.free();
        y.free();
    }

    private static void matrices(Precision precision) {
        Precision.Memory a = new Precision.Memory(precision, 1, 2, 3, 4); // columns (1 2) (3 4)
        Precision.Memory b = new Precision.Memory(precision, 5, 6, 7, 8);
        Precision.Memory c = new Precision.Memory(precision, 1, 1, 1, 1);
        Pointer one = precision.host(1);
        Pointer two = precision.host(2);
        int lower = cublasFillMode.CUBLAS_FILL_MODE_LOWER;
        int upper = cublasFillMode.CUBLAS_FILL_MODE_UPPER;
        int unit = cublasDiagType.CUBLAS_DIAG_UNIT;
        int nonUnit = cublasDiagType.CUBLAS_DIAG_NON_UNIT;
        int left = cublasSideMode.CUBLAS_SIDE_LEFT;
        if (precision == Precision.SINGLE) {
            ok(cublasSgemm(HANDLE, N, T, 2, 2, 2, two, a.pointer, 2, b.pointer, 2, one, c.pointer, 2));
            c.holds(1 + 2 * 26, 1 + 2 * 38, 1 + 2 * 30, 1 + 2 * 44);
            ok(cublasSgemv(HANDLE, T, 2, 2, one, a.pointer, 2, b.pointer, 1, two, c.pointer, 1));
            c.holds(17 + 2 * 53, 39 + 2 * 77, 61, 89);
            ok(cublasSger(HANDLE, 2, 1, one, b.pointer, 1, a.pointer, 1, c.pointer, 2));
            c.holds(128, 199, 61, 89);
            ok(cublasSgeam(HANDLE, T, N, 2, 2, one, a.pointer, 2, two, b.pointer, 2, c.pointer, 2));
            c.holds(11, 15, 16, 20);
            ok(cublasStrmv(HANDLE, upper, N, nonUnit, 2, a.pointer, 2, b.pointer, 1));
            b.holds(23, 24, 7, 8);
            ok(cublasStrsm(HANDLE, left, lower, N, unit, 2, 2, two, a.pointer, 2, c.pointer, 2));
        } else {
            ok(cublasDgemm(HANDLE, N, T, 2, 2, 2, two, a.pointer, 2, b.pointer, 2, one, c.pointer, 2));
            c.holds(1 + 2 * 26, 1 + 2 * 38, 1 + 2 * 30, 1 + 2 * 44);
            ok(cublasDgemv(HANDLE, T, 2, 2, one, a.pointer, 2, b.pointer, 1, two, c.pointer, 1));
            c.holds(17 + 2 * 53, 39 + 2 * 77, 61, 89);
            ok(cublasDger(HANDLE, 2, 1, one, b.pointer, 1, a.pointer, 1, c.pointer, 2));
            c.holds(128, 199, 61, 89);
            ok(cublasDgeam(HANDLE, T, N, 2, 2, one, a.pointer, 2, two, b.pointer, 2, c.pointer, 2));
            c.holds(11, 15, 16, 20);
            ok(cublasDtrmv(HANDLE, upper, N, nonUnit, 2, a.pointer, 2, b.pointer, 1));
            b.holds(23, 24, 7, 8);
            ok(cublasDtrsm(HANDLE, left, lower, N, unit, 2, 2, two, a.pointer, 2, c.pointer, 2));
        }
        c.holds(22, 30 - 44, 32, 40 - 64);
        a.free();
        b.free();
        c.free();
    }

    private static void batches(Precision precision) {
        Precision.Memory a = new Precision.Memory(precision, 1, 2, 3);
        Precision.Memory b = new Precision.Memory(precision, 4, 5, 6);
        Precision.Memory c = new Precision.Memory(precision, 0, 0, 0);
        Pointer one = precision.host(1);
        Pointer addresses = table(a.pointer, b.pointer, c.pointer, precision.bytes());
        Pointer as = addresses;
        Pointer bs = addresses.withByteOffset(16);
        Pointer cs = addresses.withByteOffset(32);
        if (precision == Precision.SINGLE) {
            ok(cublasSgemmStridedBatched(
                    HANDLE, N, N, 1, 1, 1, one, a.pointer, 1, 1, b.pointer, 1, 1, one, c.pointer, 1, 1, 3));
            c.holds(4, 10, 18);
            ok(cublasSgemmBatched(HANDLE, N, N, 1, 1, 1, one, as, 1, bs, 1, one, cs, 1, 2));
        } else {
            ok(cublasDgemmStridedBatched(
                    HANDLE, N, N, 1, 1, 1, one, a.pointer, 1, 1, b.pointer, 1, 1, one, c.pointer, 1, 1, 3));
            c.holds(4, 10, 18);
            ok(cublasDgemmBatched(HANDLE, N, N, 1, 1, 1, one, as, 1, bs, 1, one, cs, 1, 2));
        }
        c.holds(8, 20, 18);
        ok(JCuda.cudaFree(addresses));
        a.free();
        b.free();
        c.free();
    }

    /** On the device: the addresses of the first two elements of each. */
    private static Pointer table(Pointer a, Pointer b, Pointer c, int bytes) {
        Pointer table = new Pointer();
        ok(JCuda.cudaMalloc(table, 6 * 8));
        Pointer[] elements = {a, a.withByteOffset(bytes), b, b.withByteOffset(bytes), c, c.withByteOffset(bytes)};
        ok(JCuda.cudaMemcpy(table, Pointer.to(elements), 6 * 8, 1));
        return table;
    }

    private static void wrongArguments(Precision precision) {
        if (precision == Precision.DOUBLE) {
            return;
        }
        Precision.Memory a = new Precision.Memory(precision, new double[16]);
        Pointer one = precision.host(1);
        int invalid = cublasStatus.CUBLAS_STATUS_INVALID_VALUE;
        is(invalid, cublasSgemm(HANDLE, N, N, -1, 2, 2, one, a.pointer, 2, a.pointer, 2, one, a.pointer, 2));
        is(invalid, cublasSgemm(HANDLE, N, N, 4, 2, 2, one, a.pointer, 2, a.pointer, 2, one, a.pointer, 4));
        is(invalid, cublasSgemm(HANDLE, 3, N, 2, 2, 2, one, a.pointer, 2, a.pointer, 2, one, a.pointer, 2));
        is(invalid, cublasSgemv(HANDLE, N, 2, 2, one, a.pointer, 2, a.pointer, 0, one, a.pointer, 1));
        is(invalid, cublasStrmv(HANDLE, 7, N, 0, 2, a.pointer, 2, a.pointer, 1));
        is(
                cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED,
                cublasSscal(HANDLE, 17, one, a.pointer, 1)); // beyond its memory
        ok(cublasSgemm(HANDLE, N, N, 0, 2, 2, one, a.pointer, 2, a.pointer, 2, one, a.pointer, 2));
        ok(cublasSscal(HANDLE, 0, one, a.pointer, 1));
        is(cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED, cublasCscal(HANDLE, 1, one, a.pointer, 1));
        a.free();
    }

    private static void scalarsOnTheDevice() {
        Precision.Memory scalars = new Precision.Memory(Precision.DOUBLE, 3, 0);
        Precision.Memory x = new Precision.Memory(Precision.DOUBLE, 1, 2);
        ok(cublasSetPointerMode(HANDLE, cublasPointerMode.CUBLAS_POINTER_MODE_DEVICE));
        ok(cublasDscal(HANDLE, 2, scalars.pointer, x.pointer, 1));
        ok(cublasDasum(HANDLE, 2, x.pointer, 1, scalars.pointer.withByteOffset(8)));
        ok(cublasSetPointerMode(HANDLE, cublasPointerMode.CUBLAS_POINTER_MODE_HOST));
        scalars.holds(3, 9);
        scalars.free();
        x.free();
    }

    /** What is the same in float and double but for the type. */
    private enum Precision {
        SINGLE,
        DOUBLE;

        int bytes() {
            return this == SINGLE ? Float.BYTES : Double.BYTES;
        }

        Object array(int length) {
            return this == SINGLE ? new float[length] : new double[length];
        }

        Pointer pointer(Object array) {
            return array instanceof float[] floats ? Pointer.to(floats) : Pointer.to((double[]) array);
        }

        Pointer host(double... values) {
            Object array = array(values.length);
            for (int i = 0; i < values.length; i++) {
                if (array instanceof float[] floats) {
                    floats[i] = (float) values[i];
                } else {
                    ((double[]) array)[i] = values[i];
                }
            }
            return pointer(array);
        }

        void holds(Object array, double... expected) {
            double[] actual = new double[expected.length];
            for (int i = 0; i < actual.length; i++) {
                actual[i] = array instanceof float[] floats ? floats[i] : ((double[]) array)[i];
            }
            that(Arrays.equals(expected, actual), Arrays.toString(actual) + " for " + Arrays.toString(expected));
        }

        /** Numbers on the device. */
        static final class Memory {
            final CUdeviceptr pointer = new CUdeviceptr();
            private final Precision precision;

            Memory(Precision precision, double... values) {
                this.precision = precision;
                long bytes = (long) values.length * precision.bytes();
                ok(JCudaDriver.cuMemAlloc(pointer, bytes));
                ok(JCudaDriver.cuMemcpyHtoD(pointer, precision.host(values), bytes));
            }

            Memory(Precision precision, int length) {
                this(precision, new double[length]);
            }

            void holds(double... expected) {
                Object array = precision.array(expected.length);
                ok(JCudaDriver.cuMemcpyDtoH(
                        precision.pointer(array), pointer, (long) expected.length * precision.bytes()));
                precision.holds(array, expected);
            }

            void free() {
                ok(JCudaDriver.cuMemFree(pointer));
            }
        }
    }
}
