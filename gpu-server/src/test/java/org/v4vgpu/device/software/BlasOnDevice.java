package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** A software device to compute on, and numbers there and back, in either precision. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
abstract class BlasOnDevice {
    static final long LONG = TimeUnit.SECONDS.toNanos(30);
    static final double NAN = Double.NaN;

    final Random random = new Random(4840);
    final Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(256 << 20));
    DeviceContext context;
    DeviceStream stream;
    boolean wide;

    @BeforeEach
    void open() throws DeviceException {
        context = device.createContext(0);
        stream = context.createStream(1, 0);
    }

    @AfterEach
    void close() {
        device.close();
    }

    BlasOperation.Builder operation() {
        return BlasOperation.newBuilder().setWide(wide);
    }

    BlasOperation.Builder product(int m, int n, int k, long a, int lda, long b, int ldb, long c, int ldc) {
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

    void enqueue(BlasOperation.Builder operation) throws DeviceException {
        context.blas().enqueue(stream, operation.build(), null);
    }

    double reduce(BlasOperation.Builder operation) throws DeviceException {
        MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
        context.blas().enqueue(stream, operation.build(), result);
        stream.await(LONG);
        return result.get(ValueLayout.JAVA_DOUBLE, 0);
    }

    static void assertStatus(CudaStatus expected, org.junit.jupiter.api.function.Executable step) {
        assertEquals(expected, assertThrows(DeviceException.class, step).status());
    }

    int width() {
        return wide ? Double.BYTES : Float.BYTES;
    }

    double[] numbers(int length) {
        double[] numbers = new double[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = (random.nextInt(2001) - 1000) / 512.0;
        }
        return numbers;
    }

    static int length(int n, int step) {
        return Math.max(1, (n - 1) * Math.abs(step) + 1);
    }

    static int at(int index, int n, int step) {
        return step < 0 ? (n - 1 - index) * -step : index * step;
    }

    long put(double[] numbers) throws DeviceException {
        long address = context.allocate((long) numbers.length * width());
        put(numbers, address);
        return address;
    }

    void put(double[] numbers, long address) throws DeviceException {
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

    long putAddresses(long[] addresses) throws DeviceException {
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

    double[] get(long address, int count) throws DeviceException {
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

    void assertNumbers(double[] expected, long address) throws DeviceException {
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
