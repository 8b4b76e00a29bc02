package org.v4vgpu.client.jcuda;

/** The switches of a profiler. There is none, and then CUDA's have no effect either. Safe for any thread. */
final class Profiling {
    private Profiling() {}

    static void cuProfilerStart() {
        CurrentContext.get();
    }

    static void cuProfilerStop() {
        CurrentContext.get();
    }

    static void cudaProfilerStart() {
        CurrentContext.ofRuntime();
    }

    static void cudaProfilerStop() {
        CurrentContext.ofRuntime();
    }
}
