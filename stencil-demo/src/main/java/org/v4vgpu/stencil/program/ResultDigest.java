package org.v4vgpu.stencil.program;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 over the bits of a result: results with the same digest are equal, so one of them stands for all. Safe for any thread. */
final class ResultDigest {
    private static final int CHUNK_FLOATS = 16 * 1024;

    private ResultDigest() {}

    static String of(float[] result) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK_FLOATS * Float.BYTES);
            for (int begin = 0; begin < result.length; begin += CHUNK_FLOATS) {
                int floats = Math.min(CHUNK_FLOATS, result.length - begin);
                chunk.asFloatBuffer().put(result, begin, floats);
                digest.update(chunk.array(), 0, floats * Float.BYTES);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
