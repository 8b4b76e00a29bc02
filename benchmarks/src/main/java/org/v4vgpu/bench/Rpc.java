package org.v4vgpu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteGpu;

/** A call without payload that waits for its reply: a context synchronize with nothing to wait for. */
final class Rpc implements Experiment {
    private static final int CALLS = 2000;
    private static final int SETTLING_CALLS = 100;
    private static final int TURNS = 30;
    private static final int QUICK_TURNS = 10;

    @Override
    public String name() {
        return "rpc";
    }

    @Override
    public String description() {
        return "a synchronous call without payload (context synchronize), executed by the server";
    }

    @Override
    public List<Result> run(Laboratory laboratory) throws IOException {
        Map<String, RemoteContext> contexts = new LinkedHashMap<>();
        Map<String, Samples> samples = new LinkedHashMap<>();
        List<RemoteGpu> gpus = new ArrayList<>();
        try {
            laboratory.server().forEach((transport, address) -> {
                RemoteGpu gpu = RemoteGpu.connect(address);
                gpus.add(gpu);
                contexts.put(transport, gpu.device(0).createContext());
            });
            int turns = laboratory.isQuick() ? QUICK_TURNS : TURNS;
            Settling.untilCompiled(laboratory.compilers(), () -> {
                for (RemoteContext context : contexts.values()) {
                    takeTurn(context, SETTLING_CALLS, new Samples());
                }
            });
            for (int turn = 0; turn < turns; turn++) {
                for (Map.Entry<String, RemoteContext> context : contexts.entrySet()) {
                    Settling.by(() -> takeTurn(context.getValue(), SETTLING_CALLS, new Samples()));
                    takeTurn(context.getValue(), CALLS, samples.computeIfAbsent(context.getKey(), _ -> new Samples()));
                }
            }
        } finally {
            gpus.forEach(RemoteGpu::close);
            laboratory.endProcesses();
        }
        List<Result> results = new ArrayList<>();
        samples.forEach((transport, taken) ->
                results.add(new Result(name(), "", transport, 0, 1, taken.median(), taken.percentile(99), 0)));
        return results;
    }

    private static void takeTurn(RemoteContext context, int calls, Samples samples) {
        for (int call = 0; call < calls; call++) {
            long begin = System.nanoTime();
            context.synchronize();
            samples.add(System.nanoTime() - begin);
        }
    }
}
