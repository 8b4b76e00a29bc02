package org.v4vgpu.bench;

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
    private CallStages() {}

    /**
     * The durations of each stage, in the order of the way.
     *
     * @param copies whether to look at calls with a payload, rather than at those without
     */
    static Map<String, Samples> of(List<RecordedEvent> events, boolean copies) {
        String suffix = copies ? "Copy" : "Call";
        Map<Long, RecordedEvent> served = new HashMap<>();
        events.stream()
                .filter(event -> event.getEventType().getName().equals("org.v4vgpu.Served" + suffix))
                .forEach(event -> served.put(event.getLong("sequence"), event));
        Map<String, Samples> stages = new LinkedHashMap<>();
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
        return stages;
    }

    private static void addCall(Map<String, Samples> stages, RecordedEvent asked, RecordedEvent answered) {
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

    private static void addCopy(Map<String, Samples> stages, RecordedEvent asked, RecordedEvent answered) {
        add(stages, "client encodes", asked.getLong("encodeNanos"));
        add(stages, "client sends", asked.getLong("sendNanos"));
        add(stages, "client waits", asked.getLong("waitNanos"));
        add(stages, "client takes", asked.getLong("takeNanos"));
        add(stages, "server decodes", answered.getLong("decodeNanos"));
        add(stages, "server waits", answered.getLong("waitNanos"));
        add(stages, "device", answered.getLong("executeNanos"));
        add(stages, "server replies", answered.getLong("replyNanos"));
    }

    /** Not less than nothing: who publishes may look at the clock after the other side has seen it. A stage that was not entered took 0. */
    private static void add(Map<String, Samples> stages, String stage, long nanos) {
        if (nanos != 0) {
            stages.computeIfAbsent(stage, _ -> new Samples()).add(Math.max(1, nanos));
        }
    }
}
