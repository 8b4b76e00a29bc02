package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.v4v.ChannelAddress;

/** What is recorded of a server and its client, and the stages that come of it. */
@Timeout(60)
final class CallStagesTest {
    /** This process's, away from other runs'. */
    private static final String ADDRESS =
            "v4v://" + (20_000 + ProcessHandle.current().pid() % 10_000) + ":4840";

    private static final int BYTES = 3_000_000;
    private static final int TIMES = 5;

    @Test
    void everyStageHasADurationOfEveryCall() throws IOException {
        try (Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                GpuServer _ = GpuServer.start(
                        List.of(device), List.of(ChannelAddress.parse(ADDRESS)), SessionLimits.DEFAULT);
                Accelerator client = RemoteAccelerator.connect(ADDRESS);
                Arena arena = Arena.ofConfined()) {
            MemorySegment here = arena.allocate(BYTES);
            Accelerator.Memory there = client.allocate(BYTES);
            Settling.Step noCall = () -> client.copyOut(here, there);
            Settling.Step noCopy = () -> client.allocate(1).close();

            assertStages(
                    Set.of(
                            "client encodes",
                            "client sends",
                            "way to the server",
                            "server decodes",
                            "device",
                            "server replies",
                            "way to the client",
                            "client takes"),
                    stages(false, client::synchronize, noCall));
            assertStages(
                    Set.of(
                            "client encodes",
                            "client sends",
                            "server decodes",
                            "server waits",
                            "device",
                            "client synchronizes"),
                    stages(true, () -> client.copyIn(there, here), noCopy));
            assertStages(
                    Set.of(
                            "client encodes",
                            "client sends",
                            "client waits",
                            "client takes",
                            "server decodes",
                            "server waits",
                            "device",
                            "server replies"),
                    stages(true, () -> client.copyOut(here, there), noCopy));
        }
    }

    /**
     * Of so many steps; one before them is recorded and forgotten, and another is not recorded.
     *
     * @param other something that waits and does not count: when it is answered, the server has written its event of the step before
     */
    private static Map<String, Samples> stages(boolean copies, Settling.Step step, Settling.Step other)
            throws IOException {
        try (CallRecording recording = new CallRecording()) {
            step.run();
            recording.pause();
            recording.forget();
            step.run();
            recording.resume();
            for (int i = 0; i < TIMES; i++) {
                step.run();
            }
            other.run();
            recording.pause();
            step.run();
            List<RecordedEvent> events = recording.events();
            assertTrue(
                    events.stream()
                            .allMatch(event -> CallRecording.EVENTS.contains(
                                    event.getEventType().getName())),
                    "events of others");
            return CallStages.of(events, copies);
        }
    }

    private static void assertStages(Set<String> names, Map<String, Samples> stages) {
        assertEquals(names, new HashSet<>(stages.keySet()));
        stages.forEach((stage, samples) -> assertEquals(TIMES, samples.count(), stage));
    }

    @Test
    void aStageThatWasEnteredCountsWhereItTookNothingToo() {
        Map<String, List<Long>> durations = new LinkedHashMap<>();
        durations.put("sends", List.of(0L, 500L, -20L, 0L));
        durations.put("never waits", List.of(0L, 0L, 0L, 0L));
        Map<String, Samples> stages = CallStages.entered(durations);
        assertEquals(Set.of("sends"), stages.keySet());
        assertArrayEquals(
                new long[] {1, 500, 1, 1},
                stages.getOrDefault("sends", new Samples()).toArray());
    }
}
