package org.v4vgpu.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import org.v4vgpu.bench.result.Samples;

/**
 * The stages of calls or of copies, from the events of both sides: those of one call have the same number. Stateless; any thread.
 *
 * <pre>
 *  client   encodes | sends |                                       | takes
 *  way                      | to the server |            | to the client |
 *  server                                   | decodes, device, replies |
 * </pre>
 */
final class CallStages {
    /** What a client calls where a copy returned before it was done. */
    private static final String SYNCHRONIZE = "CtxSynchronize";

    private CallStages() {}

    /**
     * The durations of each stage that was ever entered, in the order of the way. A copy's are followed by the client's waiting for the
     * device, where it did that by a call of its own.
     *
     * @param copies whether to look at copies, rather than at other calls
     */
    static Map<String, Samples> of(List<RecordedEvent> events, boolean copies) {
        String suffix = copies ? "Copy" : "Call";
        Map<Long, RecordedEvent> served = new HashMap<>();
        events.stream()
                .filter(event -> event.getEventType().getName().equals("org.v4vgpu.Served" + suffix))
                .forEach(event -> served.put(event.getLong("sequence"), event));
        Map<String, List<Long>> stages = new LinkedHashMap<>();
        for (RecordedEvent asked : events) {
            RecordedEvent answered = served.get(asked.getLong("sequence"));
            if (asked.getEventType().getName().equals("org.v4vgpu.Remote" + suffix) && answered != null) {
                if (copies) {
                    addCopy(stages, asked, answered);
                } else {
                    addCall(stages, asked, answered);
                }
            }
        }
        if (copies) {
            events.stream()
                    .filter(event -> event.getEventType().getName().equals("org.v4vgpu.RemoteCall")
                            && SYNCHRONIZE.equals(event.getString("call")))
                    .forEach(event -> add(
                            stages, "client synchronizes", event.getDuration().toNanos()));
        }
        return entered(stages);
    }

    /**
     * Without those that always took nothing, as a reply does where nobody waits for one. Each of the others at least a nanosecond: ratios
     * divide by it, and who publishes may look at the clock after the other side has seen it, which is less than nothing.
     */
    static Map<String, Samples> entered(Map<String, List<Long>> stages) {
        Map<String, Samples> entered = new LinkedHashMap<>();
        stages.forEach((stage, durations) -> {
            if (durations.stream().anyMatch(nanos -> nanos != 0)) {
                Samples samples = new Samples();
                durations.forEach(nanos -> samples.add(Math.max(1, nanos)));
                entered.put(stage, samples);
            }
        });
        return entered;
    }

    private static void addCall(Map<String, List<Long>> stages, RecordedEvent asked, RecordedEvent answered) {
        long encode = asked.getLong("encodeNanos");
        long send = asked.getLong("sendNanos");
        long decode = answered.getLong("decodeNanos");
        long execute = answered.getLong("executeNanos");
        long reply = answered.getLong("replyNanos");
        long sentAt = asked.getLong("beganNanos") + encode + send;
        long received = answered.getLong("beganNanos");
        long replied = received + decode + execute + reply;
        add(stages, "client encodes", encode);
        add(stages, "client sends", send);
        add(stages, "way to the server", received - sentAt);
        add(stages, "server decodes", decode);
        add(stages, "device", execute);
        add(stages, "server replies", reply);
        add(stages, "way to the client", sentAt + asked.getLong("waitNanos") - replied);
        add(stages, "client takes", asked.getLong("takeNanos"));
    }

    private static void addCopy(Map<String, List<Long>> stages, RecordedEvent asked, RecordedEvent answered) {
        add(stages, "client encodes", asked.getLong("encodeNanos"));
        add(stages, "client sends", asked.getLong("sendNanos"));
        add(stages, "client waits", asked.getLong("waitNanos"));
        add(stages, "client takes", asked.getLong("takeNanos"));
        add(stages, "server decodes", answered.getLong("decodeNanos"));
        add(stages, "server waits", answered.getLong("waitNanos"));
        add(stages, "device", answered.getLong("executeNanos"));
        add(stages, "server replies", answered.getLong("replyNanos"));
    }

    private static void add(Map<String, List<Long>> stages, String stage, long nanos) {
        stages.computeIfAbsent(stage, _ -> new ArrayList<>()).add(nanos);
    }
}
