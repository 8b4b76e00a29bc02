package org.v4vgpu.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.Dim3;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteGpu;

/**
 * Sessions of a server process that come one after the other, each with a module that nobody has seen, launch and leave: what one takes,
 * and the server's memory and classes before and after. Confined to one thread.
 */
final class ManySessions {
    private static final int SESSIONS = 1000;

    /** The compiler keeps 64 modules; so many sessions fill that, and have the server's own code compiled. */
    private static final int WARM = 200;

    private static final int COUNT = 256;

    private final List<String> remarks = new ArrayList<>();

    List<Result> run(Laboratory laboratory) throws IOException {
        laboratory.endProcesses();
        Laboratory.Server server = Objects.requireNonNull(laboratory.servers().get("v4v"));
        String address = server.address("v4v");
        String text = Files.readString(laboratory.root().resolve("gpu-server/src/test/resources/kernels/vecadd.ptx"));
        Samples first = sessions(address, text, 0, WARM);
        JvmUsage before = JvmUsage.of(server.pid());
        Result warm = result("sessions, first " + WARM, first).withResident(server.residentBytes());
        Samples all = sessions(address, text, WARM, SESSIONS);
        JvmUsage after = JvmUsage.of(server.pid());
        remarks.add("the server after " + WARM + " sessions: " + before + "; after " + SESSIONS + " more: " + after);
        return List.of(warm, result("sessions, next " + SESSIONS, all).withResident(server.residentBytes()));
    }

    /** What has become of the server's classes and heap. */
    List<String> remarks() {
        return List.copyOf(remarks);
    }

    private static Result result(String kind, Samples samples) {
        Turns turns = new Turns();
        turns.add(samples);
        return Result.of("software", kind, "v4v", 0, 1, turns, 0);
    }

    private static Samples sessions(String address, String text, int from, int count) throws IOException {
        Samples samples = new Samples();
        for (int i = from; i < from + count; i++) {
            String name = "vecadd" + i;
            String unseen = text.replace("vecadd", name);
            long begin = System.nanoTime();
            session(address, unseen, name);
            samples.add(System.nanoTime() - begin);
        }
        return samples;
    }

    private static void session(String address, String text, String name) throws IOException {
        float[] values = new float[COUNT];
        values[COUNT - 1] = 1;
        try (RemoteGpu gpu = RemoteGpu.connect(address)) {
            RemoteContext context = gpu.device(0).createContext();
            DeviceMemory memory = context.allocate(4L * COUNT);
            memory.copyFrom(values);
            context.loadModule(text).function(name).launch(Dim3.of(1), Dim3.of(COUNT), memory, memory, memory, COUNT);
            memory.copyTo(values);
        }
        if (values[COUNT - 1] != 2) {
            throw new IOException("a kernel gave " + values[COUNT - 1] + " where 2 was expected");
        }
    }
}
