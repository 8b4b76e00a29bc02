package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** cuBLAS on a GPU, or the stand-in for both, against the software device: the same operations on the same numbers. */
final class CudaBlasTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final int ELEMENTS = 2000;

    private static final Random RANDOM = new Random(12);

    private static final Machine SOFTWARE = Machine.open(new SoftwareDevice(SoftwareDeviceOptions.defaults()));

    private static Machine gpu = SOFTWARE; // until there is one

    /** A device with three pieces of memory, which begin with the same numbers on both. */
    private record Machine(Device device, DeviceContext context, DeviceStream stream, List<Long> memory) {
        static Machine open(Device device) {
            try {
                DeviceContext context = device.createContext(0);
                List<Long> memory = List.of(
                        context.allocate(ELEMENTS * 8), context.allocate(ELEMENTS * 8), context.allocate(ELEMENTS * 8));
                return new Machine(device, context, context.createStream(1, 0), memory);
            } catch (DeviceException e) {
                throw new AssertionError(e);
            }
        }

        void write(long address, MemorySegment bytes) throws DeviceException {
            try (DeviceCopy copy = stream.copyIn(address, bytes.byteSize())) {
                assertTrue(copy.await(LONG));
                copy.transfer(0, bytes);
            }
        }

        byte[] read(long address, int length) throws DeviceException {
            byte[] bytes = new byte[length];
            try (DeviceCopy copy = stream.copyOut(address, length)) {
                assertTrue(copy.await(LONG));
                copy.transfer(0, MemorySegment.ofArray(bytes));
            }
            return bytes;
        }

        BlasOperation.Builder on(BlasOperation operation) {
            return BlasOperation.newBuilder(operation)
                    .setA(memory.get(0))
                    .setB(memory.get(1))
                    .setC(memory.get(2));
        }
    }

    @BeforeAll
    static void needsAGpuWithCublas() {
        DeviceException cause = Cublas.unavailabilityCause();
        assumeTrue(cause == null, () -> cause == null ? "" : String.valueOf(cause.getMessage()));
        try {
            gpu = Machine.open(CudaDevice.open(0, _ -> {}));
        } catch (DeviceException e) {
            throw new AssertionError(e);
        }
    }

    @AfterAll
    static void close() {
        gpu.device().close();
        SOFTWARE.device().close();
        if (StandIn.isDriver()) {
            assertEquals(Map.of(), StandIn.counts(), "handles and workspaces go with their context");
        }
    }

    private static void fill(boolean wide) throws DeviceException {
        for (int i = 0; i < 3; i++) {
            MemorySegment numbers = MemorySegment.ofArray(new byte[ELEMENTS * 8]);
            for (int j = 0; j < ELEMENTS; j++) {
                double value = (RANDOM.nextInt(401) - 200) / 128.0;
                if (i == 0 && j % 13 == 0) {
                    value +=
                            5; // on the diagonals of a triangle of 12 with a leading dimension of 12, so that it can be
                    // solved
                }
                if (wide) {
                    numbers.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, j, value);
                } else {
                    numbers.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, j, (float) value);
                }
            }
            gpu.write(gpu.memory().get(i), numbers);
            SOFTWARE.write(SOFTWARE.memory().get(i), numbers);
        }
    }

    /** Runs an operation on both; afterwards all memory is the same but for rounding. */
    private static void same(BlasOperation.Builder operation) throws DeviceException {
        BlasOperation of = operation.build();
        fill(of.getWide());
        gpu.context().blas().enqueue(gpu.stream(), gpu.on(of).build(), null);
        SOFTWARE.context().blas().enqueue(SOFTWARE.stream(), SOFTWARE.on(of).build(), null);
        assertTrue(gpu.stream().await(LONG) && SOFTWARE.stream().await(LONG));
        for (int i = 0; i < 3; i++) {
            assertClose(
                    of,
                    gpu.read(gpu.memory().get(i), ELEMENTS * 8),
                    SOFTWARE.read(SOFTWARE.memory().get(i), ELEMENTS * 8));
        }
    }

    private static void assertClose(BlasOperation of, byte[] actual, byte[] expected) {
        MemorySegment left = MemorySegment.ofArray(actual);
        MemorySegment right = MemorySegment.ofArray(expected);
        for (int i = 0; i < ELEMENTS; i++) {
            double x = number(left, of.getWide(), i);
            double y = number(right, of.getWide(), i);
            int index = i;
            assertEquals(
                    y, x, (1 + Math.abs(y)) * (of.getWide() ? 1e-11 : 1e-4), () -> "element " + index + " of " + of);
        }
    }

    private static double number(MemorySegment of, boolean wide, int index) {
        return wide
                ? of.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index)
                : of.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
    }

    private static BlasOperation.Builder operation(BlasRoutine routine, boolean wide) {
        return BlasOperation.newBuilder()
                .setRoutine(routine)
                .setWide(wide)
                .setAlpha(1.5)
                .setBeta(-0.5);
    }

    @Test
    void vectors() throws DeviceException {
        for (boolean wide : new boolean[] {false, true}) {
            for (int[] steps : new int[][] {{1, 1}, {3, 2}, {-2, 5}}) {
                for (BlasRoutine routine : List.of(
                        BlasRoutine.BLAS_COPY, BlasRoutine.BLAS_SWAP, BlasRoutine.BLAS_AXPY, BlasRoutine.BLAS_SCAL)) {
                    same(operation(routine, wide).setN(150).setStepA(steps[0]).setStepC(steps[1]));
                }
            }
        }
    }

    @Test
    void resultsToTheHostAndToTheDevice() throws DeviceException {
        for (boolean wide : new boolean[] {false, true}) {
            fill(wide);
            for (BlasRoutine routine : List.of(
                    BlasRoutine.BLAS_DOT, BlasRoutine.BLAS_NRM2, BlasRoutine.BLAS_ASUM, BlasRoutine.BLAS_IAMAX)) {
                BlasOperation of = operation(routine, wide)
                        .setN(200)
                        .setStepA(3)
                        .setStepB(-2)
                        .build();
                double expected = reduce(SOFTWARE, of);
                assertEquals(expected, reduce(gpu, of), Math.abs(expected) * 1e-5, routine::name);
                long at = gpu.memory().get(2) + 8;
                gpu.context()
                        .blas()
                        .enqueue(gpu.stream(), gpu.on(of).setResultAddress(at).build(), null);
                MemorySegment found = MemorySegment.ofArray(gpu.read(at, 8));
                double value = routine == BlasRoutine.BLAS_IAMAX
                        ? found.get(ValueLayout.JAVA_INT_UNALIGNED, 0)
                        : number(found, wide, 0);
                assertEquals(expected, value, Math.abs(expected) * 1e-5, routine::name);
            }
        }
    }

    private static double reduce(Machine machine, BlasOperation of) throws DeviceException {
        MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
        machine.context().blas().enqueue(machine.stream(), machine.on(of).build(), result);
        assertTrue(machine.stream().await(LONG));
        return result.get(ValueLayout.JAVA_DOUBLE, 0);
    }

    @Test
    void matrices() throws DeviceException {
        for (int kind = 0; kind < 32; kind++) {
            boolean wide = (kind & 16) != 0;
            boolean transposed = (kind & 1) != 0;
            boolean other = (kind & 2) != 0;
            int rows = transposed ? 9 : 14;
            same(operation(BlasRoutine.BLAS_GEMM, wide)
                    .setTransposeA(transposed)
                    .setTransposeB(other)
                    .setM(14)
                    .setN(11)
                    .setK(9)
                    .setStepA(rows + 1)
                    .setStepB((other ? 11 : 9) + 2)
                    .setStepC(14 + kind % 3));
            same(operation(BlasRoutine.BLAS_GEAM, wide)
                    .setTransposeA(transposed)
                    .setTransposeB(other)
                    .setM(14)
                    .setN(11)
                    .setStepA(15)
                    .setStepB(16)
                    .setStepC(14 + kind % 3));
            same(operation(BlasRoutine.BLAS_GEMV, wide)
                    .setTransposeA(transposed)
                    .setM(14)
                    .setN(11)
                    .setStepA(15)
                    .setStepB(other ? 2 : -1)
                    .setStepC(3));
            BlasOperation.Builder triangle = operation(BlasRoutine.BLAS_TRSM, wide)
                    .setTransposeA(transposed)
                    .setUpper(other)
                    .setUnit((kind & 4) != 0)
                    .setRight((kind & 8) != 0)
                    .setM(12)
                    .setN(12)
                    .setStepA(12)
                    .setStepC(13);
            if (!triangle.getUnit()) { // a unit triangle of such numbers is close to none
                same(triangle);
            }
            same(triangle.setRoutine(BlasRoutine.BLAS_TRMV).setStepC(2));
        }
        for (boolean wide : new boolean[] {false, true}) {
            same(operation(BlasRoutine.BLAS_GER, wide)
                    .setM(14)
                    .setN(11)
                    .setStepA(2)
                    .setStepB(-3)
                    .setStepC(17));
            same(operation(BlasRoutine.BLAS_GEMM, wide)
                    .setM(4)
                    .setN(5)
                    .setK(6)
                    .setStepA(4)
                    .setStepB(6)
                    .setStepC(4)
                    .setStrideA(30)
                    .setStrideC(21)
                    .setCount(7));
            BlasOperation.Builder rightSide = operation(BlasRoutine.BLAS_TRSM, wide)
                    .setUnit(true)
                    .setUpper(true)
                    .setRight(true)
                    .setM(5)
                    .setN(3)
                    .setStepA(12)
                    .setStepC(6);
            same(rightSide);
            same(rightSide.setRight(false).setUpper(false));
        }
    }

    @Test
    void batchesWhoseAddressesTheDeviceHas() throws DeviceException {
        fill(true);
        long[] table = new long[6];
        for (int i = 0; i < 2; i++) {
            table[i] = gpu.memory().get(0) + 800L * i;
            table[2 + i] = gpu.memory().get(1);
            table[4 + i] = gpu.memory().get(2) + 800L * i;
        }
        long tables = gpu.context().allocate(48);
        gpu.write(tables, MemorySegment.ofArray(table));
        BlasOperation.Builder product = operation(BlasRoutine.BLAS_GEMM, true)
                .setM(5)
                .setN(5)
                .setK(5)
                .setStepA(5)
                .setStepB(5)
                .setStepC(5)
                .setCount(2);
        gpu.context()
                .blas()
                .enqueue(
                        gpu.stream(),
                        product.clone()
                                .setPointers(true)
                                .setA(tables)
                                .setB(tables + 16)
                                .setC(tables + 32)
                                .build(),
                        null);
        BlasOperation strided = product.setStrideA(100).setStrideC(100).build();
        SOFTWARE.context()
                .blas()
                .enqueue(SOFTWARE.stream(), SOFTWARE.on(strided).build(), null);
        assertClose(
                strided,
                gpu.read(gpu.memory().get(2), ELEMENTS * 8),
                SOFTWARE.read(SOFTWARE.memory().get(2), ELEMENTS * 8));
    }

    @Test
    void scalarsOnTheDeviceAreReadWhenTheStreamComesThere() throws DeviceException {
        fill(false);
        long scalars = gpu.context().allocate(8);
        byte[] before = gpu.read(gpu.memory().get(2), 4);
        BlasOperation scale = operation(BlasRoutine.BLAS_SCAL, false)
                .setN(1)
                .setC(gpu.memory().get(2))
                .setStepC(1)
                .setAlphaAddress(scalars)
                .build();
        gpu.stream().fill(scalars, 4, 0, 2);
        DeviceHold hold = gpu.stream().hold(() -> {});
        gpu.stream().fill(scalars, 4, Float.floatToIntBits(3), 1);
        gpu.context().blas().enqueue(gpu.stream(), scale, null);
        assertFalse(gpu.stream().isIdle(), "the stream is held");
        hold.close();
        float scaled = MemorySegment.ofArray(gpu.read(gpu.memory().get(2), 4)).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
        assertEquals(3 * MemorySegment.ofArray(before).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0), scaled);
        refused(
                scale.toBuilder()
                        .setRoutine(BlasRoutine.BLAS_GEMV)
                        .setM(1)
                        .setA(scalars)
                        .setStepA(1)
                        .setB(scalars)
                        .setStepB(1),
                "one is on the device");
    }

    @Test
    void usesTheStreamAndTheModesOfTheOperation() throws DeviceException {
        assumeTrue(StandIn.isDriver(), "a GPU does not tell");
        BlasOperation scale = operation(BlasRoutine.BLAS_SCAL, false)
                .setN(1)
                .setC(gpu.memory().get(2))
                .setStepC(1)
                .build();
        CudaStream other = (CudaStream) gpu.context().createStream(0, 0);
        for (CudaStream stream : List.of(
                other, (CudaStream) gpu.stream(), (CudaStream) gpu.context().defaultStream())) {
            gpu.context().blas().enqueue(stream, scale, null);
            assertEquals(stream.queue().handle(), StandIn.blasStream());
        }
        assertEquals(0, StandIn.blasModes());
        gpu.context()
                .blas()
                .enqueue(
                        other, scale.toBuilder().setMathMode(3).setAtomics(true).build(), null);
        assertEquals(3 * 2 + 1, StandIn.blasModes());
        gpu.context().blas().enqueue(other, scale, null);
        assertEquals(0, StandIn.blasModes());
        other.close();
    }

    @Test
    void refusesWhatWouldBreakTheGpu() throws DeviceException {
        BlasOperation.Builder sum = gpu.on(operation(BlasRoutine.BLAS_ASUM, false)
                .setN(4)
                .setStepA(1)
                .setResultAddress(gpu.memory().get(1))
                .build());
        refused(sum.clone().setN(ELEMENTS * 2 + 1), "not inside one allocation");
        refused(sum.clone().setA(gpu.memory().get(0) + 2), "not aligned");
        refused(sum.clone().setA(64), "not inside one allocation");
        refused(sum.clone().setResultAddress(gpu.memory().get(1) + 1), "not aligned");
        refused(sum.clone().setResultAddress(0), "no place for the result");
        refused(sum.clone().setMathMode(7), "math mode 7");
        refused(sum.clone().setRoutineValue(77), "routine 77");
        refused(sum.clone().setRoutine(BlasRoutine.BLAS_GEMM).setM(3).setStepA(2), "lda is 2");
        try (DeviceContext stranger = gpu.device().createContext(0)) {
            DeviceStream theirs = stranger.defaultStream();
            assertEquals(
                    CudaStatus.INVALID_HANDLE,
                    assertThrows(
                                    DeviceException.class,
                                    () -> gpu.context().blas().enqueue(theirs, sum.build(), null))
                            .status());
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> stranger.blas().enqueue(theirs, sum.build(), null));
            assertEquals(CudaStatus.INVALID_VALUE, thrown.status(), "memory of another context");
        }
        gpu.context().blas().enqueue(gpu.stream(), sum.build(), null);
        assertTrue(gpu.stream().await(LONG), "it goes on");
    }

    private static void refused(BlasOperation.Builder operation, String words) {
        DeviceException thrown = assertThrows(
                DeviceException.class, () -> gpu.context().blas().enqueue(gpu.stream(), operation.build(), null));
        assertEquals(CudaStatus.INVALID_VALUE, thrown.status(), thrown.getMessage());
        assertTrue(String.valueOf(thrown.getMessage()).contains(words), thrown.getMessage());
    }

    @Test
    void eachContextHasItsHandle() throws DeviceException {
        try (DeviceContext other = gpu.device().createContext(0)) {
            long x = other.allocate(64);
            other.defaultStream().fill(x, 4, Float.floatToIntBits(2), 16);
            MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
            BlasOperation sum = operation(BlasRoutine.BLAS_ASUM, false)
                    .setN(16)
                    .setA(x)
                    .setStepA(1)
                    .build();
            other.blas().enqueue(other.defaultStream(), sum, result);
            assertTrue(other.await(LONG));
            assertEquals(32, result.get(ValueLayout.JAVA_DOUBLE, 0));
            assertTrue(other.blas().version() >= 110_000);
            if (StandIn.isDriver()) {
                gpu.context().blas();
                assertEquals(2, StandIn.counts().get("cublas"));
            }
        }
    }
}
