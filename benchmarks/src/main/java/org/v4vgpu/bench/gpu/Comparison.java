package org.v4vgpu.bench.gpu;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/** The same programs natively, over V4V and over TCP. Confined to one thread. */
final class Comparison {
    private static final String PROGRAM = "org.v4vgpu.stencil.program.Program";
    private static final List<String> TRANSPORTS = List.of(KitBundle.NATIVE, "v4v", "tcp");
    private static final int REPETITIONS = 5;
    private static final long WARM_MILLIS = 1500;
    private static final long CASE_MILLIS = 150;

    /** Pinned memory that a server maps for the demo's programs; a sweep has two buffers of the largest size. */
    private static final long WINDOW_BYTES = 1L << 30;

    /** What a client says of pinned memory that became ordinary memory. */
    private static final String NOT_SHARED = "is not shared with";

    private final KitBundle bundle;
    private final List<Result> results;

    Comparison(KitBundle bundle, List<Result> results) {
        this.bundle = bundle;
        this.results = results;
    }

    /** A workload of the demo, whose results must be right and the same bits everywhere. */
    void verified(Deadline deadline, String workload, int size, String... more)
            throws IOException, StepException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(workload, Integer.toString(size)));
        arguments.addAll(List.of(more));
        run(deadline, arguments, size, true);
    }

    /** A product too large for the CPU: the remote results must be the native one's bits. */
    void product(Deadline deadline, int size) throws IOException, StepException, InterruptedException {
        run(deadline, List.of("matmul", Integer.toString(size)), size, false);
    }

    private void run(Deadline deadline, List<String> arguments, int size, boolean verify)
            throws IOException, StepException, InterruptedException {
        List<Contender> contenders = new ArrayList<>();
        try (KitProcess server = server(deadline, WINDOW_BYTES)) {
            Map<String, String> addresses = addresses(server);
            for (String transport : TRANSPORTS) {
                contenders.add(new Contender(
                        transport,
                        program(deadline, transport, addresses.get(transport), PROGRAM, arguments),
                        new LinkedHashMap<>()));
            }
            for (Contender contender : contenders) {
                contender.program.answer("ready");
                contender.program.send("warm " + WARM_MILLIS);
                contender.program.answer("warm");
            }
            Set<String> digests = new TreeSet<>();
            for (int i = 0; i < REPETITIONS; i++) {
                for (Contender contender : contenders) {
                    contender.program.send("repeat");
                    digests.add(take(contender.program.answer("times"), contender.stages));
                }
            }
            if (verify) {
                verify(contenders.getFirst().program);
            }
            contenders
                    .getFirst()
                    .stages
                    .keySet()
                    .forEach(stage ->
                            contenders.forEach(contender -> add(arguments.getFirst(), stage, size, contender)));
            if (digests.size() != 1) {
                throw new StepException("the transports gave different results: " + digests);
            }
        } finally {
            contenders.forEach(contender -> contender.program.close());
        }
    }

    private static void verify(KitProcess program) throws StepException, InterruptedException {
        program.send("verify");
        String verdict = program.answer("verdict");
        if (!verdict.startsWith("true")) {
            throw new StepException("the native result is wrong: " + verdict);
        }
    }

    /** A program over one transport, and what its stages took. */
    private record Contender(String transport, KitProcess program, Map<String, Samples> stages) {}

    /** From {@code STAGE=MICROSECONDS ... result=DIGEST}; returns the digest. */
    private static String take(String answer, Map<String, Samples> stages) {
        String digest = "";
        for (String pair : answer.split(" ", -1)) {
            String value = pair.substring(pair.indexOf('=') + 1);
            String stage = pair.substring(0, pair.indexOf('='));
            if (stage.equals("result")) {
                digest = value;
            } else {
                stages.computeIfAbsent(stage, _ -> new Samples()).add(Math.round(Double.parseDouble(value) * 1e3));
            }
        }
        return digest;
    }

    private void add(String benchmark, String stage, int size, Contender contender) {
        Turns turns = new Turns();
        turns.add(contender.stages.getOrDefault(stage, new Samples()));
        long bytes = (long) size * size * Float.BYTES;
        results.add(
                stage.startsWith("copy")
                        ? Result.ofTransfer(benchmark, stage, contender.transport, bytes, turns)
                        : Result.of(benchmark, stage, contender.transport, bytes, 1, turns, 0));
    }

    /** Copies of all sizes over one transport. */
    void copies(Deadline deadline, String transport, int largest)
            throws IOException, StepException, InterruptedException {
        List<String> arguments = List.of(Integer.toString(largest), Long.toString(CASE_MILLIS));
        long windowBytes = Math.max(WINDOW_BYTES, 3L * largest);
        try (KitProcess server = transport.equals(KitBundle.NATIVE) ? null : server(deadline, windowBytes)) {
            String address = server == null ? null : addresses(server).get(transport);
            try (KitProcess sweep = program(deadline, transport, address, CopySweep.class.getName(), arguments)) {
                for (Optional<String> line = sweep.next(); line.isPresent(); line = sweep.next()) {
                    addCopies(transport, line.get());
                }
                if (sweep.exitCode() != 0) {
                    throw sweep.ended();
                }
                if (transport.equals("v4v")) {
                    requireShared(sweep);
                }
            }
        }
    }

    /** Over V4V the figures of pinned memory are none if it was copied like any other. */
    private static void requireShared(KitProcess sweep) throws StepException {
        Optional<String> refusal = sweep.said(NOT_SHARED);
        if (refusal.isPresent()) {
            throw new StepException("the rows of pinned memory are ordinary copies: " + refusal.get());
        }
    }

    /** From {@code copy DIRECTION KIND BYTES NANOSECONDS ...}. */
    private void addCopies(String transport, String line) {
        String[] words = line.split(" ", -1);
        if (!words[0].equals("copy")) {
            return;
        }
        Samples samples = new Samples();
        for (int i = 4; i < words.length; i++) {
            samples.add(Long.parseLong(words[i]));
        }
        Turns turns = new Turns();
        turns.add(samples);
        results.add(Result.ofTransfer("memcpy", words[1] + " " + words[2], transport, Long.parseLong(words[3]), turns));
    }

    private KitProcess server(Deadline deadline, long windowBytes) throws IOException {
        return new KitProcess(
                "the server", bundle.server(windowBytes), bundle.out().resolve("server.log"), deadline);
    }

    private static Map<String, String> addresses(KitProcess server) throws StepException, InterruptedException {
        return Map.of("v4v", server.answer("listening on"), "tcp", server.answer("listening on"));
    }

    private KitProcess program(
            Deadline deadline, String transport, @Nullable String address, String mainClass, List<String> arguments)
            throws IOException {
        Path log = bundle.out().resolve("program-" + transport + ".log");
        return new KitProcess(transport, bundle.program(address, mainClass, arguments), log, deadline);
    }
}
