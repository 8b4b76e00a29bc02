package org.v4vgpu.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultJson;
import org.v4vgpu.bench.result.Run;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/** The report of made-up results whose ratios are known. */
final class ReportTest {
    static {
        System.setProperty("java.awt.headless", "true");
    }

    @TempDir
    private Path directory;

    @Test
    void writesEveryFileOfTheReport() throws IOException {
        Path html = Report.write(run(), "benchmarks/run report <quick>", directory);
        String page = Files.readString(html);
        assertTrue(page.contains("<code>benchmarks/run report &lt;quick&gt;</code>"), "escaped");
        assertFalse(page.matches("(?s).*(src|href)=\"(?!#).*"), "it needs no other file");
        for (String name :
                List.of("latency", "bandwidth", "aggregate", "memcpy-to-device", "matmul-total", "matmul-split")) {
            BufferedImage image = Objects.requireNonNull(
                    ImageIO.read(directory.resolve(name + ".png").toFile()));
            assertTrue(image.getWidth() > 600, name);
        }
        assertEquals(
                run().results().size() + 1,
                Files.readAllLines(directory.resolve("results.csv")).size());
        assertEquals(
                run().results().size(),
                ResultJson.read(directory.resolve("results.json")).results().size());
        assertTrue(Files.exists(directory.resolve("samples.json.gz")));
    }

    @Test
    void everyPlotIsWellFormedAndShowsItsSeries() throws Exception {
        String page = Files.readString(Report.write(run(), "", directory));
        Matcher plots = Pattern.compile("(?s)<svg.*?</svg>").matcher(page);
        int count = 0;
        while (plots.find()) {
            DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new java.io.ByteArrayInputStream(
                            plots.group().getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            assertTrue(plots.group().contains(":var(--v4v,rgb(0,76,153))"), "V4V's line or bar");
            count++;
        }
        assertEquals(8, count);
        List<String> ids = new ArrayList<>();
        Matcher id = Pattern.compile(" id=\"([^\"]+)\"").matcher(page);
        while (id.find()) {
            assertFalse(ids.contains(id.group(1)), "used twice: " + id.group(1));
            ids.add(id.group(1));
        }
    }

    @Test
    void holdsTheClaimsAgainstTheBridge() {
        List<Claim> claims = Claim.of(run());
        assertEquals(5, claims.size());
        assertEquals(
                "90.0 % lower [89.6, 90.4] against tcp-bridge", claims.get(0).here());
        assertEquals("75.0 % lower [74.0, 76.0] against tcp", claims.get(0).loopback());
        assertEquals(Claim.Verdict.HOLDS, claims.get(0).verdict());
        assertEquals("4.00x [3.85, 4.16] against tcp-bridge", claims.get(1).here());
        assertEquals(Claim.Verdict.FAILS, claims.get(1).verdict());
        assertEquals("0.60x [0.60, 0.60] of it", claims.get(2).here());
        assertEquals(Claim.Verdict.HOLDS, claims.get(2).verdict());
        assertEquals(
                "8.00x [7.69, 8.32] against tcp-bridge-channel", claims.get(3).here());
        assertEquals(
                "10.0 % [5.8, 14.4] longer than the device in the same process",
                claims.get(4).here());
        assertEquals(Claim.Verdict.HOLDS, claims.get(4).verdict());
    }

    @Test
    void claimsNothingThatWasNotMeasured() throws IOException {
        Run run = new Run(
                Map.of(),
                List.of("tcp-bridge: network namespaces need root"),
                List.of(result("pingpong", "", "v4v", 64, 1, 1000), result("pingpong", "", "tcp", 64, 1, 4000)));
        List<Claim> claims = Claim.of(run);
        assertTrue(claims.stream().allMatch(claim -> claim.verdict() == Claim.Verdict.UNKNOWN));
        assertEquals("75.0 % lower [74.0, 76.0] against tcp", claims.getFirst().loopback());
        String page = Files.readString(Report.write(run, "", directory));
        assertTrue(page.contains("Left out:</strong> tcp-bridge: network namespaces need root."), page);
        assertTrue(page.contains("not measured"), page);
    }

    @Test
    void putsWhatWasMeasuredBesideWhatThePosterSays() throws IOException {
        String page = Files.readString(Report.write(run(), "", directory));
        String latency = page.substring(page.indexOf("Poster: V4VSockets improves the latency"));
        assertTrue(
                latency.substring(0, latency.indexOf("<svg"))
                        .contains(
                                "Here: latency of a message of 64 bytes: 90.0 % lower [89.6, 90.4] against tcp-bridge"),
                latency);
        assertTrue(page.contains("<div class=\"headline\">4.00 times</div>"), page);
    }

    @Test
    void everySeriesSaysHowItWasMeasured() throws IOException {
        String page = Files.readString(Report.write(run(), "", directory));
        String methods = page.substring(page.indexOf("id=\"series\""));
        run().results().stream()
                .map(Result::transport)
                .distinct()
                .forEach(transport -> assertTrue(methods.contains("</span>" + transport + "</th><td>"), transport));
        assertTrue(methods.contains("two-copy bound</th><td>"), methods);
        assertTrue(methods.contains("copy bandwidth</th><td>"), methods);
    }

    @Test
    void tracingHasARowOfItsOwn() {
        Run traced = new Run(
                Map.of(),
                List.of(),
                List.of(
                        result("trace", "call: whole, untraced", "v4v", 0, 1, 1000),
                        result("trace", "call: whole, traced", "v4v", 0, 1, 1500),
                        result("trace", "call: device", "v4v", 0, 1, 100)));
        assertEquals(
                List.of(
                        List.of("call: whole, untraced", "1.00", "1.00", ""),
                        List.of("call: whole, traced", "1.50", "1.50", ""),
                        List.of("call: overhead of tracing", "0.50", "", "50.0 % [44.2, 56.0]"),
                        List.of("call: device", "0.10", "0.10", "10 %")),
                TraceFigure.of(traced).table().rows());
    }

    private static Run run() {
        List<Result> results = new ArrayList<>();
        for (long bytes : new long[] {1, 64, 1 << 20}) {
            results.add(result("pingpong", "", "v4v", bytes, 1, 1000));
            results.add(result("pingpong", "", "tcp", bytes, 1, 4000));
            results.add(result("pingpong", "", "tcp-bridge", bytes, 1, 10_000));
            results.add(result("bandwidth", "", "v4v", bytes, 1, 100_000));
            results.add(result("bandwidth", "", "tcp-bridge", bytes, 1, 400_000));
        }
        results.add(result("bandwidth", "two-copy bound", "local", 1 << 20, 1, 90_000));
        results.add(result("aggregate", "copy bandwidth", "local", 1 << 30, 2, 102_400_000));
        for (int pairs : new int[] {1, 16}) {
            results.add(result("aggregate", "", "v4v", 1 << 20, pairs, pairs == 1 ? 500_000 : 166_667));
            results.add(result("aggregate", "", "tcp", 1 << 20, pairs, 900_000));
        }
        for (long size : new long[] {256, 512}) {
            long bytes = size * size * 4;
            for (String kind : List.of("htod", "dtoh")) {
                results.add(result("memcpy", kind, "v4v", bytes, 1, 10_000));
                results.add(result("memcpy", kind, "tcp-bridge-channel", bytes, 1, size == 256 ? 50_000 : 80_000));
            }
            for (String kind : List.of("copy of one input", "copies", "kernel", "total")) {
                results.add(result("matmul", kind, "v4v", bytes, 1, 1_100_000));
                results.add(result("matmul", kind, "local", bytes, 1, 1_000_000));
            }
        }
        return new Run(Map.of("cpus", 2, "cpu", "one & only"), List.of(), results);
    }

    private static Result result(String benchmark, String kind, String transport, long bytes, int pairs, long nanos) {
        Turns turns = new Turns();
        for (int turn = 0; turn < 3; turn++) {
            Samples samples = new Samples();
            samples.add(nanos);
            turns.add(samples);
        }
        return Result.of(benchmark, kind, transport, bytes, pairs, turns, bytes * 1e3 / nanos);
    }
}
