package org.v4vgpu.bench.kernel;

import java.io.IOException;
import java.util.List;
import org.v4vgpu.device.DeviceException;

/** All duels, each to be made when its turn comes, for their arrays are large. Safe for any thread. */
public final class Duels {
    private Duels() {}

    /** Makes a duel, which the caller closes. */
    public interface Maker {
        KernelDuel make() throws DeviceException, IOException;
    }

    /** How large something is by how much is measured. */
    public interface Size {
        int of(int smoke, int quick, int full);
    }

    /** The demo's kernels, the simplest one, a reduction and barriers: at one size however much is measured. */
    public static List<Maker> main(DuelGround ground, Size size) {
        int matrix = size.of(64, 1024, 1024);
        int field = size.of(128, 2048, 2048);
        int vector = size.of(1 << 16, 1 << 24, 1 << 24);
        int blocks = size.of(4, 256, 256);
        return List.of(
                () -> new ProductDuel(ground, ground.demo("matmul"), "matmul", matrix),
                () -> new HeatDuel(ground, ground.demo("stencil"), field),
                () -> new AdditionDuel(ground, ground.file("vecadd"), vector),
                () -> new ReductionDuel.Tree(ground, ground.file("reduce"), vector),
                () -> new BarrierDuel(ground, blocks));
    }

    /** The other kernels of the files in {@code kernels/} that the device's tests use; those in {@code kernels/full} are not here. */
    public static List<Maker> others(DuelGround ground, Size size) {
        int matrix = size.of(32, 256, 512);
        int field = size.of(64, 512, 2048);
        int vector = size.of(1 << 12, 1 << 20, 1 << 22);
        int heavy = size.of(1 << 10, 1 << 16, 1 << 20);
        int picture = size.of(32, 256, 1024);
        int bodies = size.of(256, 1024, 4096);
        return List.of(
                () -> new ProductDuel(ground, ground.file("matmul"), "matmul_naive", matrix),
                () -> new ProductDuel(ground, ground.file("matmul"), "matmul_tiled", matrix),
                () -> new JacobiDuel(ground, ground.file("stencil"), "jacobi_naive", field),
                () -> new JacobiDuel(ground, ground.file("stencil"), "jacobi_shared", field),
                () -> new TransposeDuel(ground, ground.file("transpose"), field),
                () -> new ScaleDuel(ground, ground.file("daxpy"), vector / 4),
                () -> new DoubleDuel.Axpy(ground, ground.file("daxpy"), vector),
                () -> new DoubleDuel.Mathematics(ground, ground.file("daxpy"), heavy),
                () -> new ReductionDuel.Shuffle(ground, ground.file("reduce"), vector),
                () -> new HistogramDuel(ground, ground.file("histogram"), "hist_global", vector),
                () -> new HistogramDuel(ground, ground.file("histogram"), "hist_shared", vector),
                () -> new MaximumDuel(ground, ground.file("histogram"), vector),
                () -> new MandelbrotDuel(ground, ground.file("mandelbrot"), picture),
                () -> new BodiesDuel(ground, ground.file("mathmix"), bodies),
                () -> new FastMathDuel(ground, ground.file("mathmix"), heavy),
                () -> new VotesDuel(ground, ground.file("mathmix"), heavy),
                () -> new FunctionsDuel(ground, ground.file("devfunc"), heavy / 4));
    }
}
