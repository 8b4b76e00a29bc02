package org.v4vgpu.bench;

import java.io.IOException;
import java.nio.file.Files;
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
 * What the first client of a server process waits for, whose JVM has compiled nothing yet, and where nobody has seen the kernel: from
 * connecting, and from the PTX text, to the result. The client's own code is warm. Confined to one thread.
 */
final class FreshServers {
    private static final int SERVERS = 7;

    private static final int COUNT = 256;

    private final Samples sessions = new Samples();
    private final Samples launches = new Samples();

    List<Result> run(Laboratory laboratory) throws IOException {
        String text = Files.readString(laboratory.root().resolve("gpu-server/src/test/resources/kernels/vecadd.ptx"));
        FreshServers warm = new FreshServers();
        String address = start(laboratory);
        for (int i = 0; i < 100; i++) {
            warm.session(address, text.replace("vecadd", "vecadd" + i), "vecadd" + i);
        }
        for (int i = 0; i < SERVERS; i++) {
            session(start(laboratory), text, "vecadd");
        }
        laboratory.endProcesses();
        return List.of(
                result("first launch of a fresh server", launches),
                result("first session of a fresh server", sessions));
    }

    private static String start(Laboratory laboratory) throws IOException {
        laboratory.endProcesses();
        return Objects.requireNonNull(laboratory.servers().get("v4v")).address("v4v");
    }

    private static Result result(String kind, Samples samples) {
        Turns turns = new Turns();
        turns.add(samples);
        return Result.of("software", kind, "v4v", 0, 1, turns, 0);
    }

    private void session(String address, String text, String name) throws IOException {
        float[] values = new float[COUNT];
        values[COUNT - 1] = 1;
        long begin = System.nanoTime();
        try (RemoteGpu gpu = RemoteGpu.connect(address)) {
            RemoteContext context = gpu.device(0).createContext();
            DeviceMemory memory = context.allocate(4L * COUNT);
            memory.copyFrom(values);
            long given = System.nanoTime();
            context.loadModule(text).function(name).launch(Dim3.of(1), Dim3.of(COUNT), memory, memory, memory, COUNT);
            memory.copyTo(values);
            long end = System.nanoTime();
            launches.add(end - given);
            sessions.add(end - begin);
        }
        if (values[COUNT - 1] != 2) {
            throw new IOException("a kernel gave " + values[COUNT - 1] + " where 2 was expected");
        }
    }
}
