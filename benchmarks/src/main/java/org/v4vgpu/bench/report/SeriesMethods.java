package org.v4vgpu.bench.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.link.Transport;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;

/** How each series of a run was measured, and what there is to say of several. Stateless, safe for any thread. */
final class SeriesMethods {
    private static final String CALLS = "calls, copies, workloads";
    private static final String RATIOS = "ratios to TCP";

    private SeriesMethods() {}

    /** In the order in which to read them. */
    static Map<String, String> of(Run run) {
        List<String> measured =
                run.results().stream().map(Result::transport).distinct().toList();
        List<String> kinds = run.results().stream().map(Result::kind).distinct().toList();
        Map<String, String> methods = new LinkedHashMap<>();
        Arrays.stream(Transport.values())
                .filter(transport -> measured.contains(transport.label()))
                .forEach(transport -> methods.put(transport.label(), transport.method()));
        if (measured.contains("tcp-bridge-channel")) {
            methods.put(
                    "tcp-bridge-channel",
                    "this project's channel over TCP, between the namespaces of tcp-bridge: client on the near side, server beyond"
                            + " the bridge");
        }
        if (measured.contains("v4v-jcuda")) {
            methods.put(
                    "v4v-jcuda",
                    "a JCuda program in a process of its own, with the drop-in jar, over v4v: it makes the pointers to a launch's"
                            + " parameters anew each time, unless the row says kept");
        }
        if (measured.contains("local")) {
            methods.put(
                    "local",
                    "without a transport: the same software device in the measuring process, which is what native means here");
        }
        if (kinds.contains("two-copy bound")) {
            methods.put(
                    "two-copy bound",
                    "two threads of the measuring process, each bound to a processor, that move the same bytes through a ring of"
                            + " 1 MiB with two copies and nothing else, the best chunk of 64 KiB to 1 MiB; of a round trip: a"
                            + " message and a number that says that it is there. In turns with the transports");
        }
        if (kinds.contains("copy bandwidth")) {
            methods.put(
                    "copy bandwidth",
                    "all processors, a thread bound to each, copy arrays of four times the last cache level, or what a third of the"
                            + " free memory holds; every byte counts once, as in STREAM's copy");
        }
        if (measured.contains("java")) {
            methods.put("java", "straightforward Java loops over arrays, on as many threads, in the measuring process");
        }
        if (measured.contains("pocl")) {
            methods.put("pocl", "the same kernels in OpenCL C on PoCL, in a process of its own");
        }
        methods.put(
                CALLS,
                "v4v, tcp-channel and tcp-bridge-channel are this project's message channels, as programs use them; v4v-netty and"
                        + " tcp-netty are the same calls through Netty channels on both sides, whose event loops the calling threads"
                        + " run; nothing else carries calls (neither Unix-domain sockets nor Aeron), so copies over V4V are held"
                        + " against these, not against plain sockets");
        methods.put(
                RATIOS,
                "to the faster of tcp and tcp-netty, or of tcp-channel and tcp-netty where plain sockets do not carry the same");
        return methods;
    }

    /** Whether this is said of several series, rather than the name of one. */
    static boolean isGroup(String series) {
        return series.equals(CALLS) || series.equals(RATIOS);
    }
}
