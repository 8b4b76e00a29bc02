package org.v4vgpu.client;

import com.google.protobuf.ByteString;
import java.io.Flushable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.PrintfReadReply;

/**
 * Takes what kernels have printed from the server and gives it to the program. Safe for any thread: the text of one synchronising call
 * stays together, and comes in the order in which it was printed.
 */
final class KernelOutput {
    private static final Logger LOG = System.getLogger(KernelOutput.class.getName());

    private final @Nullable Appendable sink;

    // Guarded by this.
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer bytes = ByteBuffer.allocate(Limits.MAXIMUM_HEADER_BYTES + 8);
    private final CharBuffer characters = CharBuffer.allocate(Limits.MAXIMUM_HEADER_BYTES + 16);
    private boolean failed;

    /** @param sink where the text goes; null for what System.out is at that moment */
    KernelOutput(@Nullable Appendable sink) {
        this.sink = sink;
    }

    /**
     * Takes everything that the lane's last reply spoke of. By the lane's thread. Throws nothing: a session that is lost meanwhile tells
     * that with the next call, and a sink that fails does so once, in the log.
     */
    synchronized void takeFrom(Lane lane) {
        decoder.reset();
        bytes.clear();
        long taken = 0;
        boolean more = true;
        while (more) {
            PrintfReadReply reply = lane.takePrinted();
            ByteString text = reply.getText();
            // What a server may say without an end: a buffer holds no more.
            taken += text.size();
            more = reply.getMore() && !text.isEmpty() && taken < Limits.MAXIMUM_PRINTF_BYTES;
            text.substring(0, Math.min(text.size(), bytes.remaining())).copyTo(bytes);
            write(!more);
        }
    }

    private void write(boolean last) {
        bytes.flip();
        characters.clear();
        decoder.decode(bytes, characters, last);
        if (last) {
            decoder.flush(characters);
        }
        bytes.compact();
        characters.flip();
        if (failed) {
            return;
        }
        Appendable out = sink == null ? System.out : sink;
        try {
            out.append(characters);
            if (last && out instanceof Flushable flushable) {
                flushable.flush();
            }
        } catch (IOException | RuntimeException e) {
            failed = true;
            LOG.log(Level.WARNING, "what kernels print is dropped, because it can''t be written: {0}", e.toString());
        }
    }
}
