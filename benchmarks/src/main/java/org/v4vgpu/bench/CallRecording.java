package org.v4vgpu.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * A recording of the calls that client and server make and serve in this process, and of nothing else. Begins to record at once. Confined to
 * one thread; the calls may be any thread's.
 */
final class CallRecording implements AutoCloseable {
    /** As a user names them on the command line. */
    static final List<String> EVENTS =
            List.of("org.v4vgpu.RemoteCall", "org.v4vgpu.RemoteCopy", "org.v4vgpu.ServedCall", "org.v4vgpu.ServedCopy");

    private final Recording recording = new Recording();
    private long countedFromNanos = Long.MIN_VALUE;

    CallRecording() {
        resume();
        recording.start();
    }

    void pause() {
        EVENTS.forEach(recording::disable);
    }

    void resume() {
        EVENTS.forEach(recording::enable);
    }

    /** What was recorded up to now is no part of {@link #events}. */
    void forget() {
        countedFromNanos = System.nanoTime();
    }

    /** Ends the recording; gives what it has. */
    List<RecordedEvent> events() throws IOException {
        recording.stop();
        Path file = Files.createTempFile("v4vgpu-trace-", ".jfr");
        try {
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(event -> EVENTS.contains(event.getEventType().getName()))
                    .filter(event ->
                            countedFromNanos == Long.MIN_VALUE || event.getLong("beganNanos") - countedFromNanos >= 0)
                    .toList();
        } finally {
            Files.delete(file);
        }
    }

    @Override
    public void close() {
        recording.close();
    }
}
