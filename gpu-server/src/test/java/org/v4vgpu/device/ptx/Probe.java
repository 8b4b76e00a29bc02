package org.v4vgpu.device.ptx;

import org.v4vgpu.device.LaunchShape;

public class Probe {
    public static void main(String[] a) throws Exception {
        int n = Integer.getInteger("n", 512);
        long t00 = System.nanoTime();
        try (KernelBench b = KernelBench.ofFile("matmul")) {
            System.out.printf("compile %.1f ms%n", (System.nanoTime() - t00) / 1e6);
            float[] x = BlockKernelTest.random(n * n, 1);
            long A = b.upload(x), B = b.upload(x), C = b.memory().allocate(4L * n * n);
            LaunchShape s = new LaunchShape((n + 15) / 16, (n + 15) / 16, 1, 16, 16, 1, 0);
            for (String k : new String[] {"matmul_tiled", "matmul_naive"}) {
                for (int i = 0; i < 12; i++) {
                    long t0 = System.nanoTime();
                    b.launch(k, s, A, B, C, n);
                    double dt = (System.nanoTime() - t0) / 1e9;
                    System.out.printf("%s %d: %.1f ms %.2f GFLOP/s%n", k, i, dt * 1e3, 2.0 * n * n * n / dt / 1e9);
                }
            }
        }
        try (KernelBench b = KernelBench.ofFile("stencil")) {
            int w = 1024;
            long A = b.upload(BlockKernelTest.random(w * w, 1)), B = b.memory().allocate(4L * w * w);
            LaunchShape s = new LaunchShape(w / 16, w / 16, 1, 16, 16, 1, 0);
            for (String k : new String[] {"jacobi_shared", "jacobi_naive"}) {
                for (int i = 0; i < 12; i++) {
                    long t0 = System.nanoTime();
                    b.launch(k, s, A, B, w, w);
                    double dt = (System.nanoTime() - t0) / 1e9;
                    System.out.printf("%s %d: %.2f ms %.2f ns/cell%n", k, i, dt * 1e3, dt * 1e9 / w / w);
                }
            }
        }
    }
}
