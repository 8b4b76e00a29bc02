package org.v4vgpu.device.ptx.runtime;

import org.jspecify.annotations.Nullable;

/** What the report of a fault asks about the kernel's text and memory. Safe for any thread; asked only once something went wrong. */
public interface FaultContext {
    /** The line of PTX of what generated code has as a line number; 0 if unknown. */
    default int lineAt(String method, int number) {
        return number;
    }

    /** What the memory instruction at a line of PTX does, or null if none stands there. */
    @Nullable
    MemoryAccess accessAt(int line);

    /** The file and line that a line of PTX was made from, as {@code scale.cu:12}; empty where the text does not tell. */
    String sourceAt(int line);

    /** What lies near a global address, in words; empty where there is nothing to say. */
    String near(long address);

    /**
     * A memory instruction.
     *
     * @param verb read, write or atomic access
     * @param space the state space by its PTX name, generic where the instruction names none
     */
    record MemoryAccess(String verb, int bytes, String space) {
        @Override
        public String toString() {
            return verb + " of " + bytes + (bytes == 1 ? " byte" : " bytes");
        }
    }
}
