package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceBlas;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.blas.BlasRun;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.proto.BlasOperands;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** Linear algebra in a context of the software device. Safe for any thread. */
final class SoftwareBlas implements DeviceBlas {
    /** Up to so many elements an operation costs less than waking a thread for it. */
    private static final long SHORT_ELEMENTS = 16 * 1024;

    /** The cuBLAS whose routines these are. */
    private static final int VERSION = 120_000;

    private final SoftwareContext context;

    SoftwareBlas(SoftwareContext context) {
        this.context = context;
    }

    @Override
    public int version() {
        return VERSION;
    }

    @Override
    public void enqueue(DeviceStream stream, BlasOperation operation, @Nullable MemorySegment result)
            throws DeviceException {
        context.scheduler().requireUsable();
        BlasOperands operands = operands(operation);
        SoftwareStream.of(stream, context).enqueue(new Run(operation, operands, result));
    }

    private static BlasOperands operands(BlasOperation operation) throws DeviceException {
        try {
            return BlasOperands.of(operation);
        } catch (IllegalArgumentException e) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, operation.getRoutine() + ": " + e.getMessage(), e);
        }
    }

    /** One operation in a stream. */
    private final class Run extends Operation {
        private final BlasOperation operation;
        private final BlasOperands operands;
        private final MemorySegment a;
        private final MemorySegment b;
        private final MemorySegment c;
        private final MemorySegment alpha;
        private final MemorySegment beta;
        private final MemorySegment resultOnDevice;
        private final @Nullable MemorySegment result;
        private final AtomicBoolean cancelled = new AtomicBoolean();

        Run(BlasOperation operation, BlasOperands operands, @Nullable MemorySegment result) throws DeviceException {
            super(isShort(operation, operands) ? Kind.SHORT : Kind.LONG);
            this.operation = operation;
            this.operands = operands;
            this.result = result;
            long table = operation.getPointers() && operands.c() > 0 ? (long) operation.getCount() * Long.BYTES : -1;
            this.a = range(operation.getA(), table >= 0 ? table : operands.a());
            this.b = range(operation.getB(), table >= 0 ? table : operands.b());
            this.c = range(operation.getC(), table >= 0 ? table : operands.c());
            int width = operation.getWide() ? Double.BYTES : Float.BYTES;
            this.alpha = range(operation.getAlphaAddress(), operation.getAlphaAddress() == 0 ? 0 : width);
            this.beta = range(operation.getBetaAddress(), operation.getBetaAddress() == 0 ? 0 : width);
            int resultBytes = operation.getRoutine() == BlasRoutine.BLAS_IAMAX ? Integer.BYTES : width;
            this.resultOnDevice =
                    range(operation.getResultAddress(), operation.getResultAddress() == 0 ? 0 : resultBytes);
        }

        @Override
        void run() throws DeviceException {
            double alphaNow = scalar(alpha, operation.getAlpha());
            double betaNow = scalar(beta, operation.getBeta());
            if (operation.getPointers()) {
                for (int i = 0; operands.c() > 0 && i < operation.getCount(); i++) {
                    compute(
                            BlasOperation.newBuilder(operation).setCount(1).build(),
                            pointed(a, i, operands.a()),
                            pointed(b, i, operands.b()),
                            pointed(c, i, operands.c()),
                            alphaNow,
                            betaNow);
                }
                return;
            }
            deliver(compute(operation, a, b, c, alphaNow, betaNow));
        }

        @Override
        void cancel() {
            cancelled.set(true);
        }

        private double compute(
                BlasOperation one,
                MemorySegment first,
                MemorySegment second,
                MemorySegment third,
                double by,
                double plus)
                throws DeviceException {
            return new BlasRun(one, first, second, third, by, plus, this::checkCancelled).run();
        }

        private void checkCancelled() throws DeviceException {
            if (cancelled.get()) {
                throw new DeviceException(CudaStatus.LAUNCH_FAILED, operation.getRoutine() + " was cancelled");
            }
        }

        private double scalar(MemorySegment onDevice, double otherwise) {
            if (onDevice.byteSize() == 0) {
                return otherwise;
            }
            return operation.getWide()
                    ? onDevice.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0)
                    : onDevice.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
        }

        private void deliver(double value) {
            if (result != null) {
                result.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0, value);
            }
            if (resultOnDevice.byteSize() == 0) {
                return;
            }
            if (operation.getRoutine() == BlasRoutine.BLAS_IAMAX) {
                resultOnDevice.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) value);
            } else if (operation.getWide()) {
                resultOnDevice.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0, value);
            } else {
                resultOnDevice.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (float) value);
            }
        }

        /** A matrix whose address the device has. A wrong one is what a GPU would fault at. */
        private MemorySegment pointed(MemorySegment table, int index, long bytes) throws DeviceException {
            long address = table.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, index);
            try {
                return bytes == 0 ? MemorySegment.NULL : context.memory().segment(address, bytes);
            } catch (DeviceException e) {
                throw new DeviceException(
                        CudaStatus.ILLEGAL_ADDRESS, "matrix " + index + " of a batch: " + e.getMessage(), e);
            }
        }

        private MemorySegment range(long address, long bytes) throws DeviceException {
            return bytes == 0 ? MemorySegment.NULL : context.memory().segment(address, bytes);
        }

        private static boolean isShort(BlasOperation operation, BlasOperands operands) {
            boolean isVectors = operation.getRoutineValue() <= BlasRoutine.BLAS_IAMAX_VALUE;
            return isVectors && operands.a() + operands.b() + operands.c() <= SHORT_ELEMENTS;
        }
    }
}
