package org.v4vgpu.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceBlas;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;

/** A process for what a driver does only once in its life. Says on standard output how it went. */
@SuppressWarnings("SystemOut")
final class DriverProgram {
    private static final LaunchShape ONE_THREAD = new LaunchShape(1, 1, 1, 1, 1, 1, 0);
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);

    private String step = "";

    private DriverProgram() {}

    public static void main(String[] arguments) throws DeviceException {
        switch (arguments[0]) {
            case "cause" -> {
                DeviceException cause = Cuda.unavailabilityCause();
                System.out.println(cause == null ? "available" : cause.status().code() + " " + cause.getMessage());
            }
            case "steps" -> new DriverProgram().run();
            case "fault" -> fault();
            case "blas" -> {
                System.setProperty(Cublas.PROPERTY, arguments[1]);
                blas();
            }
            case "sums" -> sums();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private void run() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {})) {
            try {
                step = "createContext";
                DeviceContext context = device.createContext(0);
                steps(context);
                System.out.println("right");
            } catch (DeviceException e) {
                System.out.println(step + ": " + e.status().code());
            }
        }
        System.out.println("left behind: " + StandIn.counts());
    }

    private void steps(DeviceContext context) throws DeviceException {
        step = "allocate";
        long address = context.allocate(4096);
        context.allocate(4096);
        step = "createStream";
        DeviceStream stream = context.createStream(1, 0);
        step = "loadModule";
        var module = context.loadModule(Kernels.image(Kernels.STORE));
        step = "function";
        DeviceFunction function = module.function("store");
        step = "launch";
        stream.launch(function, ONE_THREAD, Kernels.parameters(function, address));
        step = "copyIn";
        try (DeviceCopy copy = context.defaultStream().copyIn(address, 100)) {
            copy.await(LONG);
            copy.transfer(0, MemorySegment.ofArray(new byte[100]));
        }
        step = "copyOut";
        byte[] back = new byte[100];
        Arrays.fill(back, (byte) 1);
        try (DeviceCopy copy = context.defaultStream().copyOut(address, 100)) {
            copy.await(LONG);
            copy.transfer(0, MemorySegment.ofArray(back));
        }
        if (!Arrays.equals(back, new byte[100])) {
            throw new AssertionError("other bytes came back");
        }
        step = "allocateInOrder";
        context.free(context.allocate(4096, stream), stream);
        context.allocate(4096, stream);
        step = "await";
        stream.await(LONG);
        step = "hold";
        stream.hold(() -> {}).close();
        step = "blas";
        DeviceBlas blas = context.blas();
        step = "sum";
        BlasOperation sum = BlasOperation.newBuilder()
                .setRoutine(BlasRoutine.BLAS_ASUM)
                .setN(4)
                .setA(address)
                .setStepA(1)
                .setResultAddress(address)
                .build();
        MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
        blas.enqueue(context.defaultStream(), sum, result);
        context.await(LONG);
    }

    private static void blas() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            try {
                context.blas();
                System.out.println("right");
            } catch (DeviceException e) {
                System.out.println(e.status().code() + " " + e.getMessage());
            }
        }
    }

    /** Sums that cuBLAS refuses. */
    private static void sums() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            BlasOperation sum = BlasOperation.newBuilder()
                    .setRoutine(BlasRoutine.BLAS_ASUM)
                    .setN(4)
                    .setA(context.allocate(4096))
                    .setStepA(1)
                    .build();
            DeviceBlas blas = context.blas();
            MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
            @Nullable Integer held = null;
            int refused = 0;
            for (int i = 0; i < 2000; i++) {
                try {
                    blas.enqueue(context.defaultStream(), sum, result);
                } catch (DeviceException e) {
                    refused++;
                }
                if (held == null) {
                    held = StandIn.counts().get("memory");
                }
            }
            System.out.println(refused + " refused, more memory held: "
                    + !Objects.equals(held, StandIn.counts().get("memory")));
        }
    }

    private static void fault() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(
                        0,
                        failure ->
                                System.out.println("told: " + failure.status().code()));
                DeviceContext broken = device.createContext(0);
                DeviceContext other = device.createContext(0)) {
            DeviceFunction store =
                    broken.loadModule(Kernels.image(Kernels.STORE)).function("store");
            broken.defaultStream().launch(store, ONE_THREAD, Kernels.parameters(store, other.allocate(4)));
            say("await", () -> broken.await(LONG));
            say("allocate", () -> broken.allocate(4));
            say("other context", () -> other.await(LONG));
        }
    }

    /** Something that the driver may refuse. */
    private interface Attempt {
        void make() throws DeviceException;
    }

    private static void say(String what, Attempt attempt) {
        try {
            attempt.make();
            System.out.println(what + ": right");
        } catch (DeviceException e) {
            System.out.println(what + ": " + e.status().code());
        }
    }
}
