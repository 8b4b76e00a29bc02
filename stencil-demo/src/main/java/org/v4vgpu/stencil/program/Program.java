package org.v4vgpu.stencil.program;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import jcuda.CudaException;
import org.jspecify.annotations.Nullable;

/**
 * The measured program: sets one workload up and then does what the lines on its standard input say, so that two such programs
 * can take turns. It ends at the end of its input.
 *
 * <pre>
 *   arguments    matmul SIZE  |  stencil SIZE ITERATIONS  |  stencil FILE.png ITERATIONS
 *
 *   input              answer on standard output
 *   (none, at start)   ready DEVICE
 *   warm MILLISECONDS  warm
 *   repeat             times STAGE=MICROSECONDS ... result=DIGEST
 *   verify             verdict true|false MAXIMUM_ERROR TOLERANCE
 *   picture FILE       picture
 *   (whatever fails)   error EXIT_CODE MESSAGE
 * </pre>
 *
 * {@snippet lang=bash :
 *   printf 'repeat\nrepeat\nverify\n' | gpu-client/run -- java -cp ... org.v4vgpu.stencil.program.Program matmul 512
 * }
 */
public final class Program {
    private final Gpu gpu;
    private final Workload workload;
    private @Nullable String firstDigest;

    private Program(Gpu gpu, String[] arguments) throws ProgramException {
        this.gpu = gpu;
        workload = workload(gpu, arguments);
    }

    public static void main(String[] arguments) {
        System.setProperty("java.awt.headless", "true");
        // Not System.out.println from here on: the answers must reach the other end of a pipe at once and in UTF-8.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int exitCode = 0;
        try (Gpu gpu = Gpu.open()) {
            Program program = new Program(gpu, arguments);
            out.println("ready " + gpu.name());
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.println(program.answer(line));
            }
        } catch (ProgramException e) {
            exitCode = report(out, e.exitCode(), e.getMessage());
        } catch (CudaException e) {
            exitCode = report(out, ProgramException.exitCode(e), "a CUDA call failed: " + e.getMessage());
        } catch (OutOfMemoryError e) {
            exitCode = report(out, ProgramException.USAGE, "not enough Java heap: " + e.getMessage());
        } catch (IOException e) {
            exitCode = report(out, ProgramException.FAILED, String.valueOf(e.getMessage()));
        }
        System.exit(exitCode);
    }

    private static int report(PrintStream out, int exitCode, @Nullable String message) {
        out.println("error " + exitCode + " " + message);
        return exitCode;
    }

    private static Workload workload(Gpu gpu, String[] arguments) throws ProgramException {
        try {
            return switch (arguments[0]) {
                case "matmul" -> new MatrixProduct(gpu, Integer.parseInt(arguments[1]));
                case "stencil" -> stencil(gpu, arguments[1], Integer.parseInt(arguments[2]));
                default ->
                    throw new ProgramException(
                            ProgramException.USAGE, "unknown workload '" + arguments[0] + "'; use matmul or stencil");
            };
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new ProgramException(
                    ProgramException.USAGE, "usage: Program matmul SIZE | stencil SIZE|FILE.png ITERATIONS", e);
        } catch (IOException e) {
            throw new ProgramException(ProgramException.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private static HeatStencil stencil(Gpu gpu, String sizeOrFile, int iterations)
            throws ProgramException, IOException {
        return sizeOrFile.matches("\\d+")
                ? HeatStencil.seeded(gpu, Integer.parseInt(sizeOrFile), iterations)
                : HeatStencil.of(gpu, HeatField.fromPicture(new File(sizeOrFile)), iterations);
    }

    private String answer(String line) throws ProgramException {
        if (line.equals("repeat")) {
            return repeat();
        }
        if (line.startsWith("warm ")) {
            warm(Long.parseLong(line.substring("warm ".length())));
            return "warm";
        }
        if (line.equals("verify")) {
            Workload.Verdict verdict = workload.verify();
            return "verdict " + verdict.verified() + " " + verdict.maximumError() + " " + verdict.tolerance();
        }
        if (line.startsWith("picture ")) {
            writePicture(new File(line.substring("picture ".length())));
            return "picture";
        }
        throw new ProgramException(ProgramException.USAGE, "unknown line '" + line + "' on standard input");
    }

    private void warm(long millis) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < TimeUnit.MILLISECONDS.toNanos(millis)) {
            workload.copy();
        }
    }

    private String repeat() throws ProgramException {
        Map<String, Double> micros = workload.repeat();
        String digest = ResultDigest.of(workload.result());
        if (firstDigest == null) {
            firstDigest = digest;
        } else if (!firstDigest.equals(digest)) {
            throw new ProgramException(
                    ProgramException.FAILED,
                    "a repetition on " + gpu.name() + " gave another result than the first one");
        }
        StringJoiner answer = new StringJoiner(" ");
        answer.add("times");
        micros.forEach((stage, time) -> answer.add(stage + "=" + time));
        return answer.add("result=" + digest).toString();
    }

    private void writePicture(File file) throws ProgramException {
        if (!(workload instanceof HeatStencil stencil)) {
            throw new ProgramException(ProgramException.USAGE, "only the stencil's result is a picture");
        }
        try {
            HeatPicture.write(stencil.resultField(), file);
        } catch (IOException e) {
            throw new ProgramException(ProgramException.FAILED, "cannot write " + file + ": " + e.getMessage(), e);
        }
    }
}
