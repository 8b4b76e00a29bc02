package org.v4vgpu.client;

import java.util.List;

/**
 * What a server compiles programs with. Immutable.
 *
 * @param majorVersion of CUDA; likewise the minor one
 * @param architectures 75 for compute_75, in rising order
 */
public record CompilerDescription(String name, int majorVersion, int minorVersion, List<Integer> architectures) {
    public CompilerDescription {
        architectures = List.copyOf(architectures);
    }
}
