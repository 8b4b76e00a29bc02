package org.v4vgpu.device.ptx.syntax;

import java.util.List;

/**
 * A declared variable.
 *
 * @param align in bytes
 * @param bytes 0 for an array without length
 * @param image the initial bytes, empty for zeroes
 * @param references addresses of other variables within the image
 * @param external whether it is declared, not defined
 */
@SuppressWarnings("ArrayRecordComponent") // Shared, not compared: a carrier, not a value.
public record Variable(
        String name,
        Space space,
        Type type,
        boolean array,
        int align,
        long bytes,
        byte[] image,
        List<Reference> references,
        boolean external,
        int line) {

    /** At {@code offset} of the image stands the address of {@code symbol} plus {@code addend}, {@code bytes} wide. */
    public record Reference(int offset, int bytes, String symbol, long addend, int line) {}
}
