package org.v4vgpu.bench;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.kernel.DuelGround;
import org.v4vgpu.bench.kernel.Duels;
import org.v4vgpu.bench.kernel.JavaLoops;
import org.v4vgpu.bench.kernel.KernelDuel;
import org.v4vgpu.bench.opencl.OpenClProcess;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.GpuModule;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.device.software.SoftwareGpu;

/**
 * Kernels on the software device of this process ({@code local}), against Java loops that do the same work on as many threads
 * ({@code java}) and the same kernels as OpenCL on PoCL in another process ({@code pocl}), where that is installed; then what a kernel
 * takes before it runs: the first launch of one that nobody has seen, from its PTX text to the result; the same in a second session,
 * which finds it compiled; a launch that is waited for. Every result is checked; where much is measured, those of other compilers and
 * targets as well, new servers get their first client ({@link FreshServers}), and sessions come and go ({@link ManySessions}).
 */
final class Software implements Experiment {
    private static final String DEVICE = "local";
    private static final String JAVA = "java";
    private static final String POCL = "pocl";

    /** A kernel whose form has been decided for so long keeps it. */
    private static final long SETTLED_NANOS = 300_000_000;

    private int unseen;
    private int checkedKernels;
    private int checkedVersions;
    private final ManySessions sessions = new ManySessions();

    @Override
    public String name() {
        return "software";
    }

    @Override
    public String description() {
        return "kernels on the software device of this process, against Java loops on as many threads and OpenCL on"
                + " PoCL";
    }

    @Override
    public boolean isBetterPinned() {
        return false; // both take all cores
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        laboratory.endProcesses();
        Interleaving plan =
                laboratory.effort().plan(Interleaving.of(5, 20, 60, 2500), Interleaving.of(11, 50, 300, 10_000));
        Interleaving brief = laboratory.effort().plan(Interleaving.of(4, 3, 10, 300), Interleaving.of(5, 20, 70, 3000));
        OpenClProcess cl = openCl(laboratory);
        List<Result> results = new ArrayList<>();
        try (JavaLoops loops = new JavaLoops();
                SoftwareGpu gpu = SoftwareGpu.open(
                        SoftwareDeviceOptions.defaults().withOutput(Writer::nullWriter))) { // one of them prints
            DuelGround ground = new DuelGround(laboratory.root(), gpu, loops);
            List<Duels.Maker> main = Duels.main(ground, laboratory.effort()::count);
            // Settling them all takes longer than a quick run has.
            List<Duels.Maker> others =
                    laboratory.effort() == Effort.QUICK ? List.of() : Duels.others(ground, laboratory.effort()::count);
            int sides = cl == null ? 2 : 3;
            progress.expect(main.size() * plan.steps(sides) + others.size() * brief.steps(sides) + plan.steps(3));
            results.addAll(run(main, cl, plan, laboratory, progress));
            results.addAll(run(others, cl, brief, laboratory, progress));
            results.addAll(starts(laboratory, gpu, plan, progress));
            if (laboratory.effort() == Effort.FULL) {
                verifyTargets(ground);
            }
        } catch (DeviceException e) {
            throw new IOException("the device in this process: " + e.getMessage(), e);
        }
        if (laboratory.effort() == Effort.FULL) {
            results.addAll(new FreshServers().run(laboratory));
            results.addAll(sessions.run(laboratory));
        }
        return results;
    }

    @Override
    public List<String> remarks(List<Result> results) {
        List<String> remarks = new ArrayList<>(sessions.remarks());
        if (checkedKernels > 0) {
            remarks.add(checkedKernels
                    + " kernels are right as other compilers make them and for other targets as well, in "
                    + checkedVersions + " versions: " + String.join(", ", KernelDuel.targets()));
        }
        return remarks;
    }

    private static @Nullable OpenClProcess openCl(Laboratory laboratory) {
        try {
            OpenClProcess cl = laboratory.openCl();
            if (cl.description().contains("Portable Computing Language")) {
                return cl;
            }
            laboratory.skip(POCL + ": OpenCL's CPU here is " + cl.description());
        } catch (IOException e) {
            laboratory.skip(POCL + ": " + e.getMessage() + "; benchmarks/run --install-pocl software installs it");
        }
        return null;
    }

    /** At small sizes: these versions are for being right, and none of their code has been compiled before. */
    private void verifyTargets(DuelGround ground) throws IOException, DeviceException {
        List<Duels.Maker> all = new ArrayList<>(Duels.main(ground, (small, _, _) -> small));
        all.addAll(Duels.others(ground, (small, _, _) -> small));
        for (Duels.Maker maker : all) {
            try (KernelDuel duel = maker.make()) {
                int versions = duel.verifyTargets();
                checkedVersions += versions;
                checkedKernels += versions > 0 ? 1 : 0; // Those of the demo have one.
            }
        }
    }

    private List<Result> run(
            List<Duels.Maker> makers,
            @Nullable OpenClProcess cl,
            Interleaving plan,
            Laboratory laboratory,
            Progress progress)
            throws IOException, DeviceException {
        List<Result> results = new ArrayList<>();
        for (Duels.Maker maker : makers) {
            try (KernelDuel duel = maker.make()) {
                results.addAll(run(duel, duel.isInOpenCl() ? cl : null, plan, laboratory, progress));
            }
        }
        return results;
    }

    private List<Result> run(
            KernelDuel duel, @Nullable OpenClProcess cl, Interleaving plan, Laboratory laboratory, Progress progress)
            throws IOException, DeviceException {
        Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
        contenders.put(DEVICE, during -> takeTurn(duel, () -> onDevice(duel::onDevice), during));
        contenders.put(JAVA, during -> takeTurn(duel, duel::inJava, during));
        if (cl != null) {
            duel.prepare(cl);
            contenders.put(POCL, during -> takeTurn(duel, cl, during));
        }
        settle(duel, plan);
        Map<String, Turns> taken = plan.run(contenders, laboratory.compilers(), progress);
        duel.verify();
        if (cl != null) {
            duel.verify(cl);
            cl.close();
        }
        List<Result> results = new ArrayList<>();
        taken.forEach((side, turns) -> results.add(Result.of(name(), duel.kind(), side, duel.bytes(), 1, turns, 0)));
        return results;
    }

    /** The compilers may be idle while the device still tries out forms of a kernel, or does so again. */
    private static void settle(KernelDuel duel, Interleaving plan) throws IOException {
        long begin = System.nanoTime();
        long settled = begin;
        long now;
        do {
            onDevice(duel::onDevice);
            now = System.nanoTime();
            settled = duel.isSettled() ? settled : now;
        } while (now - settled < SETTLED_NANOS && now - begin < plan.compilingNanos());
    }

    private static Samples takeTurn(KernelDuel duel, Settling.Step step, Interleaving plan) throws IOException {
        long mean = Settling.by(plan.settlingNanos(), step);
        Samples samples = new Samples();
        for (int i = plan.repetitions(mean, 1, 100); i > 0; i--) {
            long begin = System.nanoTime();
            step.run();
            samples.add(duel.share(System.nanoTime() - begin));
        }
        return samples;
    }

    private static Samples takeTurn(KernelDuel duel, OpenClProcess cl, Interleaving plan) throws IOException {
        Samples samples = new Samples();
        for (long nanos : cl.turn(plan.settlingNanos(), plan.turnNanos(), 100)) {
            samples.add(duel.share(nanos));
        }
        return samples;
    }

    /** A vector addition of one block, by another name each time, so that nothing has compiled it. */
    private List<Result> starts(Laboratory laboratory, SoftwareGpu gpu, Interleaving plan, Progress progress)
            throws IOException, DeviceException {
        String text = Files.readString(laboratory.root().resolve("gpu-server/src/test/resources/kernels/vecadd.ptx"));
        Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
        List<Result> results = new ArrayList<>();
        try (SoftwareGpu other = SoftwareGpu.open(SoftwareDeviceOptions.defaults());
                SmallAddition first = new SmallAddition(gpu);
                SmallAddition second = new SmallAddition(other);
                SmallAddition again = new SmallAddition(gpu)) {
            contenders.put(
                    "first launch",
                    during -> start(during, () -> {
                        String name = "vecadd" + unseen++;
                        return first.start(text.replace("vecadd", name), name);
                    }));
            contenders.put(
                    "second session",
                    during -> start(during, () -> {
                        String name = "vecadd" + unseen++;
                        String compiled = text.replace("vecadd", name);
                        first.start(compiled, name);
                        return second.start(compiled, name);
                    }));
            try (GpuModule module = gpu.load(text)) {
                again.use(module, "vecadd");
                contenders.put("launch", during -> start(during, again::launch));
                plan.run(contenders, laboratory.compilers(), progress)
                        .forEach((kind, turns) ->
                                results.add(Result.of(name(), kind, DEVICE, SmallAddition.BYTES, 1, turns, 0)));
            }
        }
        return results;
    }

    /** Does something on the device, and gives how long what counts of it took. */
    private interface Start {
        long run() throws DeviceException;
    }

    private static Samples start(Interleaving plan, Start start) throws IOException {
        Samples samples = new Samples();
        long mean = Settling.by(plan.settlingNanos(), () -> onDevice(start::run));
        for (int i = plan.repetitions(mean, 1, 100); i > 0; i--) {
            onDevice(() -> samples.add(start.run()));
        }
        return samples;
    }

    private interface DeviceStep {
        void run() throws DeviceException;
    }

    private static void onDevice(DeviceStep step) throws IOException {
        try {
            step.run();
        } catch (DeviceException e) {
            throw new IOException("the device in this process: " + e.getMessage(), e);
        }
    }
}
