package org.v4vgpu.stencil;

import java.util.List;
import java.util.Map;

/**
 * One workload as the user asked for it. Immutable.
 *
 * @param name {@code matmul} or {@code stencil}
 * @param width of a matrix or field, in floats
 * @param height of a matrix or field, in floats
 * @param iterations of the stencil; 0 for a matrix product
 * @param arguments the measured program's
 */
record Job(String name, int width, int height, int iterations, List<String> arguments) {
    private static final Map<String, List<String>> COPIES =
            Map.of("matmul", List.of("copy_a", "copy_b", "copy_c"), "stencil", List.of("copy_in", "copy_out"));

    static Job matmul(int size) {
        return new Job("matmul", size, size, 0, List.of("matmul", Integer.toString(size)));
    }

    static Job stencil(int size, int iterations) {
        return new Job(
                "stencil",
                size,
                size,
                iterations,
                List.of("stencil", Integer.toString(size), Integer.toString(iterations)));
    }

    static Job stencil(String picture, int width, int height, int iterations) {
        return new Job("stencil", width, height, iterations, List.of("stencil", picture, Integer.toString(iterations)));
    }

    /** The stages that are copies, each of {@link #copyBytes()}. */
    List<String> copies() {
        return COPIES.getOrDefault(name, List.of());
    }

    /** All stages in the order in which they run. */
    List<String> stages() {
        return name.equals("matmul")
                ? List.of("copy_a", "copy_b", "kernel", "copy_c")
                : List.of("copy_in", "kernel", "copy_out");
    }

    long copyBytes() {
        return (long) width * height * Float.BYTES;
    }

    /** For the table's heading. */
    @Override
    public String toString() {
        return name + " " + width + " x " + height + (iterations > 0 ? ", " + iterations + " iterations" : "");
    }
}
