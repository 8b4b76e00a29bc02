package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** Every routine against sums written down as their definitions, in both precisions. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class SoftwareBlasTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final double NAN = Double.NaN;

    private final Random random = new Random(4840);
    private final Device device =
            new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(256 << 20));
    private DeviceContext context;
    private DeviceStream stream;
    private boolean wide;

    @BeforeEach
    void open() throws DeviceException {
        context = device.createContext(0);
        stream = context.createStream(1, 0);
    }

    @AfterEach
    void close() {
        device.close();
    }

    // ---- vectors

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void vectorsWithStepsInEitherDirection(boolean isWide) throws DeviceException {
        wide = isWide;
        for (int n : new int[] {0, 1, 7, 300}) {
            for (int stepX : new int[] {1, 3, -2}) {
                for (int stepY : new int[] {1, 2, -1}) {
                    double[] x = numbers(length(n, stepX));
                    double[] y = numbers(length(n, stepY));
                    double[] added = y.clone();
                    double[] copied = y.clone();
                    double[] swappedX = x.clone();
                    double dot = 0;
                    for (int i = 0; i < n; i++) {
                        int ix = at(i, n, stepX);
                        int iy = at(i, n, stepY);
                        added[iy] += 1.5 * x[ix];
                        copied[iy] = x[ix];
                        swappedX[ix] = y[iy];
                        dot += x[ix] * y[iy];
                    }
                    long deviceX = put(x);
                    long deviceY = put(y);
                    BlasOperation.Builder both = operation()
                            .setN(n)
                            .setA(deviceX)
                            .setStepA(stepX)
                            .setC(deviceY)
                            .setStepC(stepY);
                    enqueue(both.clone().setRoutine(BlasRoutine.BLAS_AXPY).setAlpha(1.5));
                    assertNumbers(added, deviceY);
                    put(y, deviceY);
                    enqueue(both.clone().setRoutine(BlasRoutine.BLAS_SWAP));
                    assertNumbers(copied, deviceY);
                    assertNumbers(swappedX, deviceX);
                    put(x, deviceX);
                    put(y, deviceY);
                    enqueue(both.clone().setRoutine(BlasRoutine.BLAS_COPY));
                    assertNumbers(copied, deviceY);
                    put(y, deviceY);
                    assertEquals(
                            dot,
                            reduce(operation()
                                    .setRoutine(BlasRoutine.BLAS_DOT)
                                    .setN(n)
                                    .setA(deviceX)
                                    .setStepA(stepX)
                                    .setB(deviceY)
                                    .setStepB(stepY)),
                            1e-3);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void normsAndTheirKind(boolean isWide) throws DeviceException {
        wide = isWide;
        double[] x = numbers(length(200, 2));
        x[2 * 150] = -99;
        x[2 * 170] = 99;
        long onDevice = put(x);
        double squares = 0;
        double sum = 0;
        for (int i = 0; i < 200; i++) {
            squares += x[2 * i] * x[2 * i];
            sum += Math.abs(x[2 * i]);
        }
        BlasOperation.Builder of = operation().setN(200).setA(onDevice).setStepA(2);
        assertEquals(Math.sqrt(squares), reduce(of.clone().setRoutine(BlasRoutine.BLAS_NRM2)), 1e-4);
        assertEquals(sum, reduce(of.clone().setRoutine(BlasRoutine.BLAS_ASUM)), 1e-3);
        assertEquals(151, reduce(of.clone().setRoutine(BlasRoutine.BLAS_IAMAX)), 0);
        for (BlasRoutine routine :
                new BlasRoutine[] {BlasRoutine.BLAS_NRM2, BlasRoutine.BLAS_ASUM, BlasRoutine.BLAS_IAMAX}) {
            assertEquals(0, reduce(of.clone().setRoutine(routine).setN(0)), 0);
            assertEquals(0, reduce(of.clone().setRoutine(routine).setStepA(-1)), 0);
        }
        double[] huge = {wide ? 1e300 : 1e30, wide ? 1e300 : 1e30, 0};
        assertEquals(
                huge[0] * Math.sqrt(2),
                reduce(operation()
                        .setRoutine(BlasRoutine.BLAS_NRM2)
                        .setN(3)
                        .setA(put(huge))
                        .setStepA(1)),
                huge[0] * 1e-6);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_SCAL)
                .setN(200)
                .setAlpha(-2)
                .setC(onDevice)
                .setStepC(2));
        double[] scaled = x.clone();
        for (int i = 0; i < 200; i++) {
            scaled[2 * i] *= -2;
        }
        assertNumbers(scaled, onDevice);
    }

    // ---- matrices

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void productsOfMatrices(boolean isWide) throws DeviceException {
        wide = isWide;
        int[][] sizes = {{1, 1, 1}, {3, 5, 7}, {64, 1, 33}, {130, 140, 520}, {300, 260, 9}, {4, 4, 0}};
        for (int[] size : sizes) {
            for (int transposes = 0; transposes < 4; transposes++) {
                boolean ta = (transposes & 1) != 0;
                boolean tb = (transposes & 2) != 0;
                int m = size[0];
                int n = size[1];
                int k = size[2];
                int lda = Math.max(1, ta ? k : m) + 3;
                int ldb = Math.max(1, tb ? n : k) + 2;
                int ldc = m + 1;
                double[] a = numbers(lda * (ta ? m : Math.max(k, 1)));
                double[] b = numbers(ldb * (tb ? Math.max(k, 1) : n));
                double[] c = numbers(ldc * n);
                double[] expected = c.clone();
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        double sum = 0;
                        for (int l = 0; l < k; l++) {
                            sum += (ta ? a[l + i * lda] : a[i + l * lda]) * (tb ? b[j + l * ldb] : b[l + j * ldb]);
                        }
                        expected[i + j * ldc] = 0.5 * sum + 2 * c[i + j * ldc];
                    }
                }
                long result = put(c);
                enqueue(product(m, n, k, put(a), lda, put(b), ldb, result, ldc)
                        .setTransposeA(ta)
                        .setTransposeB(tb)
                        .setAlpha(0.5)
                        .setBeta(2));
                assertNumbers(expected, result);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void batchesOfProducts(boolean isWide) throws DeviceException {
        wide = isWide;
        int m = 5;
        int n = 4;
        int k = 3;
        int count = 6;
        double[] a = numbers(m * k * count);
        double[] b = numbers(k * n);
        double[] expected = new double[m * n * count];
        for (int p = 0; p < count; p++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    for (int l = 0; l < k; l++) {
                        expected[p * m * n + i + j * m] += a[p * m * k + i + l * m] * b[l + j * k];
                    }
                }
            }
        }
        long deviceA = put(a);
        long deviceB = put(b);
        double[] garbage = new double[m * n * count];
        Arrays.fill(garbage, NAN);
        long strided = put(garbage);
        enqueue(product(m, n, k, deviceA, m, deviceB, k, strided, m)
                .setAlpha(1)
                .setCount(count)
                .setStrideA((long) m * k)
                .setStrideC((long) m * n));
        assertNumbers(expected, strided);

        long pointed = put(garbage);
        long[] as = new long[count];
        long[] bs = new long[count];
        long[] cs = new long[count];
        for (int p = 0; p < count; p++) {
            as[p] = deviceA + (long) p * m * k * width();
            bs[p] = deviceB;
            cs[p] = pointed + (long) p * m * n * width();
        }
        enqueue(product(m, n, k, putAddresses(as), m, putAddresses(bs), k, putAddresses(cs), m)
                .setAlpha(1)
                .setCount(count)
                .setPointers(true));
        assertNumbers(expected, pointed);

        cs[3] = 0x1234;
        enqueue(product(m, n, k, putAddresses(as), m, putAddresses(bs), k, putAddresses(cs), m)
                .setAlpha(1)
                .setCount(count)
                .setPointers(true));
        assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> stream.await(LONG));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void matrixTimesVectorAndOuterProduct(boolean isWide) throws DeviceException {
        wide = isWide;
        for (int[] steps : new int[][] {{1, 1}, {2, -3}, {-1, 2}}) {
            for (boolean transposed : new boolean[] {false, true}) {
                int m = 70;
                int n = 45;
                int lda = 72;
                int inner = transposed ? m : n;
                int outer = transposed ? n : m;
                double[] a = numbers(lda * n);
                double[] x = numbers(length(inner, steps[0]));
                double[] y = numbers(length(outer, steps[1]));
                double[] expected = y.clone();
                for (int i = 0; i < outer; i++) {
                    double sum = 0;
                    for (int j = 0; j < inner; j++) {
                        sum += (transposed ? a[j + i * lda] : a[i + j * lda]) * x[at(j, inner, steps[0])];
                    }
                    int iy = at(i, outer, steps[1]);
                    expected[iy] = 2 * sum - y[iy];
                }
                long result = put(y);
                enqueue(operation()
                        .setRoutine(BlasRoutine.BLAS_GEMV)
                        .setTransposeA(transposed)
                        .setM(m)
                        .setN(n)
                        .setA(put(a))
                        .setStepA(lda)
                        .setB(put(x))
                        .setStepB(steps[0])
                        .setC(result)
                        .setStepC(steps[1])
                        .setAlpha(2)
                        .setBeta(-1));
                assertNumbers(expected, result);
            }
            double[] x = numbers(length(9, steps[0]));
            double[] y = numbers(length(6, steps[1]));
            double[] a = numbers(11 * 6);
            double[] expected = a.clone();
            for (int i = 0; i < 9; i++) {
                for (int j = 0; j < 6; j++) {
                    expected[i + j * 11] += 3 * x[at(i, 9, steps[0])] * y[at(j, 6, steps[1])];
                }
            }
            long result = put(a);
            enqueue(operation()
                    .setRoutine(BlasRoutine.BLAS_GER)
                    .setM(9)
                    .setN(6)
                    .setA(put(x))
                    .setStepA(steps[0])
                    .setB(put(y))
                    .setStepB(steps[1])
                    .setC(result)
                    .setStepC(11)
                    .setAlpha(3));
            assertNumbers(expected, result);
        }
    }

    /** What is solved and then multiplied is what it was. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trianglesOfEveryKind(boolean isWide) throws DeviceException {
        wide = isWide;
        for (int kind = 0; kind < 16; kind++) {
            boolean upper = (kind & 1) != 0;
            boolean transposed = (kind & 2) != 0;
            boolean unit = (kind & 4) != 0;
            boolean right = (kind & 8) != 0;
            int m = 12;
            int n = 7;
            int order = right ? n : m;
            int lda = order + 2;
            int ldb = m + 1;
            double[] a = new double[lda * order];
            double[] full = new double[order * order];
            for (int j = 0; j < order; j++) {
                for (int i = 0; i < order; i++) {
                    double value = i == j ? 2 + random.nextDouble() : 0.2 * random.nextDouble();
                    boolean belongs = upper ? i <= j : i >= j;
                    a[i + j * lda] = belongs && !(unit && i == j) ? value : NAN;
                    double used = belongs ? (unit && i == j ? 1 : value) : 0;
                    full[transposed ? j + i * order : i + j * order] = used;
                }
            }
            double[] b = numbers(ldb * n);
            long x = put(b);
            BlasOperation.Builder triangle = operation()
                    .setUpper(upper)
                    .setTransposeA(transposed)
                    .setUnit(unit)
                    .setRight(right)
                    .setA(put(a))
                    .setStepA(lda);
            enqueue(triangle.clone()
                    .setRoutine(BlasRoutine.BLAS_TRSM)
                    .setM(m)
                    .setN(n)
                    .setC(x)
                    .setStepC(ldb)
                    .setAlpha(2));
            double[] solved = get(x, b.length);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int l = 0; l < order; l++) {
                        sum += right
                                ? solved[i + l * ldb] * full[l + j * order]
                                : full[i + l * order] * solved[l + j * ldb];
                    }
                    assertEquals(2 * b[i + j * ldb], sum, 1e-3, "kind " + kind);
                }
            }
            double[] v = numbers(length(order, -2));
            double[] expected = v.clone();
            for (int i = 0; i < order; i++) {
                double sum = 0;
                for (int l = 0; l < order; l++) {
                    sum += full[i + l * order] * v[at(l, order, -2)];
                }
                expected[at(i, order, -2)] = sum;
            }
            long vector = put(v);
            enqueue(triangle.clone()
                    .setRoutine(BlasRoutine.BLAS_TRMV)
                    .setN(order)
                    .setC(vector)
                    .setStepC(-2));
            assertNumbers(expected, vector);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sumsAndTransposes(boolean isWide) throws DeviceException {
        wide = isWide;
        int m = 6;
        int n = 4;
        double[] a = numbers(8 * 6);
        double[] b = numbers(7 * 4);
        double[] expected = new double[6 * 4];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                expected[i + j * m] = 2 * a[j + i * 8] - b[i + j * 7];
            }
        }
        long result = put(new double[m * n]);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_GEAM)
                .setTransposeA(true)
                .setM(m)
                .setN(n)
                .setA(put(a))
                .setStepA(8)
                .setB(put(b))
                .setStepB(7)
                .setC(result)
                .setStepC(m)
                .setAlpha(2)
                .setBeta(-1));
        assertNumbers(expected, result);
    }

    // ---- rules

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsMultipliedByZeroIsNotLookedAt(boolean isWide) throws DeviceException {
        wide = isWide;
        double[] nans = new double[9];
        Arrays.fill(nans, NAN);
        double[] numbers = numbers(9);
        double[] zeros = new double[9];
        long result = put(nans);
        enqueue(product(3, 3, 3, put(nans), 3, put(nans), 3, result, 3));
        assertNumbers(zeros, result);
        put(numbers, result);
        enqueue(product(3, 3, 3, put(nans), 3, put(nans), 3, result, 3).setBeta(1));
        assertNumbers(numbers, result);
        put(nans, result);
        BlasOperation.Builder gemv = operation()
                .setRoutine(BlasRoutine.BLAS_GEMV)
                .setM(3)
                .setN(3)
                .setA(put(nans))
                .setStepA(3)
                .setB(put(nans))
                .setStepB(1)
                .setC(result)
                .setStepC(1);
        enqueue(gemv);
        assertEquals(0, get(result, 9)[2], 0);
        assertEquals(NAN, get(result, 9)[3], 0);
        put(nans, result);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_GEAM)
                .setM(3)
                .setN(3)
                .setA(put(nans))
                .setStepA(3)
                .setB(put(numbers))
                .setStepB(3)
                .setC(result)
                .setStepC(3)
                .setBeta(1));
        assertNumbers(numbers, result);
        put(nans, result);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_TRSM)
                .setM(3)
                .setN(3)
                .setA(put(nans))
                .setStepA(3)
                .setC(result)
                .setStepC(3));
        assertNumbers(zeros, result);
        put(numbers, result);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_AXPY)
                .setN(9)
                .setA(put(nans))
                .setStepA(1)
                .setC(result)
                .setStepC(1));
        assertNumbers(numbers, result);
    }

    @Test
    void scalarsAndResultsMayBeOnTheDevice() throws DeviceException {
        wide = false;
        long scalars = put(new double[] {3, 0, 0});
        long x = put(new double[] {1, -5, 2});
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_SCAL)
                .setN(3)
                .setAlphaAddress(scalars)
                .setC(x)
                .setStepC(1));
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_ASUM)
                .setN(3)
                .setA(x)
                .setStepA(1)
                .setResultAddress(scalars + 4));
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_IAMAX)
                .setN(3)
                .setA(x)
                .setStepA(1)
                .setResultAddress(scalars + 8));
        assertNumbers(new double[] {3, -15, 6}, x);
        assertEquals(24, get(scalars, 3)[1], 0);
        assertEquals(2, Float.floatToRawIntBits((float) get(scalars, 3)[2]));
    }

    @Test
    void wrongSizesAndRangesAreRefusedAtOnce() throws DeviceException {
        long x = put(new double[16]);
        refused(product(-1, 1, 1, x, 1, x, 1, x, 1));
        refused(product(4, 1, 1, x, 3, x, 1, x, 4));
        refused(product(4, 4, 4, x, 4, x, 4, x, 3));
        refused(product(5, 4, 4, x, 5, x, 4, x, 5));
        refused(product(4, 4, 4, x, 4, x, 4, x + 4, 4));
        refused(product(4, 4, 4, x, 4, 0x10, 4, x, 4));
        refused(product(2, 2, 2, x, 2, x, 2, x, 2).setCount(-1));
        refused(product(2, 2, 2, x, 2, x, 2, x, 2).setCount(5).setStrideC(4).setStrideA(-4));
        refused(product(2, 2, 2, x, 2, x, 2, x, 2).setCount(Integer.MAX_VALUE).setStrideC((1L << 40) - 1));
        refused(operation()
                .setRoutine(BlasRoutine.BLAS_COPY)
                .setN(Integer.MAX_VALUE)
                .setA(x)
                .setStepA(Integer.MIN_VALUE)
                .setC(x)
                .setStepC(1));
        refused(operation().setN(1));
        refused(operation().setRoutineValue(77).setN(1));
        refused(operation()
                .setRoutine(BlasRoutine.BLAS_GEMV)
                .setM(4)
                .setN(4)
                .setA(x)
                .setStepA(4)
                .setB(x)
                .setC(x)
                .setStepC(1));
        refused(operation()
                .setRoutine(BlasRoutine.BLAS_SCAL)
                .setN(16)
                .setC(x)
                .setStepC(1)
                .setAlphaAddress(0x77));
        enqueue(product(4, 4, 4, x, 4, x, 4, x, 4));
    }

    @Test
    void aCancelledProductEndsSoon() throws DeviceException {
        int n = 3000;
        long a = context.allocate(4L * n * n);
        long c = context.allocate(4L * n * n);
        context.blas()
                .enqueue(stream, product(n, n, n, a, n, a, n, c, n).setAlpha(1).build(), null);
        context.blas()
                .enqueue(stream, product(n, n, n, a, n, a, n, c, n).setAlpha(1).build(), null);
        context.cancel();
        context.close();
        assertEquals(0, device.usedBytes());
    }

    // ---- steps

    private BlasOperation.Builder operation() {
        return BlasOperation.newBuilder().setWide(wide);
    }

    private BlasOperation.Builder product(int m, int n, int k, long a, int lda, long b, int ldb, long c, int ldc) {
        return operation()
                .setRoutine(BlasRoutine.BLAS_GEMM)
                .setM(m)
                .setN(n)
                .setK(k)
                .setA(a)
                .setStepA(lda)
                .setB(b)
                .setStepB(ldb)
                .setC(c)
                .setStepC(ldc);
    }

    private void enqueue(BlasOperation.Builder operation) throws DeviceException {
        context.blas().enqueue(stream, operation.build(), null);
    }

    private double reduce(BlasOperation.Builder operation) throws DeviceException {
        MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
        context.blas().enqueue(stream, operation.build(), result);
        stream.await(LONG);
        return result.get(ValueLayout.JAVA_DOUBLE, 0);
    }

    private void refused(BlasOperation.Builder operation) {
        assertStatus(CudaStatus.INVALID_VALUE, () -> enqueue(operation));
    }

    private static void assertStatus(CudaStatus expected, org.junit.jupiter.api.function.Executable step) {
        assertEquals(expected, assertThrows(DeviceException.class, step).status());
    }

    private int width() {
        return wide ? Double.BYTES : Float.BYTES;
    }

    private double[] numbers(int length) {
        double[] numbers = new double[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = (random.nextInt(2001) - 1000) / 512.0;
        }
        return numbers;
    }

    private static int length(int n, int step) {
        return Math.max(1, (n - 1) * Math.abs(step) + 1);
    }

    private static int at(int index, int n, int step) {
        return step < 0 ? (n - 1 - index) * -step : index * step;
    }

    private long put(double[] numbers) throws DeviceException {
        long address = context.allocate((long) numbers.length * width());
        put(numbers, address);
        return address;
    }

    private void put(double[] numbers, long address) throws DeviceException {
        MemorySegment bytes = MemorySegment.ofArray(new byte[numbers.length * width()]);
        for (int i = 0; i < numbers.length; i++) {
            if (wide) {
                bytes.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, numbers[i]);
            } else {
                bytes.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) numbers[i]);
            }
        }
        copyIn(bytes, address);
    }

    private long putAddresses(long[] addresses) throws DeviceException {
        long address = context.allocate((long) addresses.length * Long.BYTES);
        copyIn(MemorySegment.ofArray(addresses), address);
        return address;
    }

    private void copyIn(MemorySegment bytes, long address) throws DeviceException {
        try (DeviceCopy copy = stream.copyIn(address, bytes.byteSize())) {
            assertEquals(true, copy.await(LONG));
            copy.transfer(0, bytes);
        }
    }

    private double[] get(long address, int count) throws DeviceException {
        MemorySegment bytes = MemorySegment.ofArray(new byte[count * width()]);
        try (DeviceCopy copy = stream.copyOut(address, bytes.byteSize())) {
            assertEquals(true, copy.await(LONG));
            copy.transfer(0, bytes);
        }
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = wide
                    ? bytes.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i)
                    : bytes.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        }
        return numbers;
    }

    private void assertNumbers(double[] expected, long address) throws DeviceException {
        double[] actual = get(address, expected.length);
        for (int i = 0; i < expected.length; i++) {
            int index = i;
            assertEquals(
                    expected[i],
                    actual[i],
                    (wide ? 1e-11 : 1e-4) * (1 + Math.abs(expected[i])) * 10,
                    () -> "element " + index);
        }
    }
}
