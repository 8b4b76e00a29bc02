package org.v4vgpu.stencil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TimingTableTest {
    private static final Report.Run V4V = new Report.Run(
            "v4v",
            "v4v://1:4840",
            Map.of("copy_a", 250.0, "copy_b", 200.0, "kernel", 1000.0, "copy_c", 500.0, "total", 1950.0),
            1.2e-5);
    private static final Report.Run TCP = new Report.Run(
            "tcp",
            "tcp://127.0.0.1:4840",
            Map.of("copy_a", 1000.0, "copy_b", 1000.0, "kernel", 1000.0, "copy_c", 1000.0, "total", 4000.0),
            1.2e-5);

    @Test
    void showsALinePerTransportAndTheRatios() {
        Report report = new Report(Job.matmul(500), "a device", true, 0.002, 7, List.of(V4V, TCP));
        assertEquals("""
                matmul 500 x 500 on a device, medians of 7 repetitions

                transport  copy a        copy b        kernel  copy c         total  max error
                               us  MB/s      us  MB/s      us      us  MB/s      us
                v4v         250.0  4000   200.0  5000  1000.0   500.0  2000  1950.0    1.2e-05
                tcp        1000.0  1000  1000.0  1000  1000.0  1000.0  1000  4000.0    1.2e-05
                v4v : tcp   4.00x         5.00x         1.00x   2.00x         2.05x

                verified: true  (against a product in double precision on the CPU; tolerance 2.0e-03)
                """, TimingTable.format(report));
    }

    @Test
    void showsNoRatioWithoutTcp() {
        Report report = new Report(Job.matmul(500), "a device", false, 0.002, 7, List.of(V4V));
        assertFalse(TimingTable.format(report).contains(" : "));
        assertEquals(
                1,
                TimingTable.format(report)
                        .lines()
                        .filter(l -> l.startsWith("verified: false"))
                        .count());
    }

    @Test
    void jsonHoldsWhatTheTableShows(@TempDir Path directory) throws IOException {
        Report.Run run = new Report.Run(
                "v4v",
                "v4v://1:4840",
                Map.of("copy_in", 1.5, "kernel", 2.0, "copy_out", 3.0, "total", 6.5),
                Double.NaN);
        Report stencil = new Report(Job.stencil(64, 9), "a device", false, 0, 3, List.of(run));
        Path file = directory.resolve("out.json");

        ReportJson.write(List.of(stencil), file);
        Map<String, Object> object = JSON.std.mapFrom(Files.readString(file));
        assertEquals("stencil", object.get("workload"));
        assertEquals(64, object.get("size"));
        assertEquals(9, object.get("iterations"));
        assertEquals(false, object.get("verified"));
        assertEquals(
                List.of(Map.of(
                        "transport", "v4v",
                        "address", "v4v://1:4840",
                        "copy_in_us", 1.5,
                        "kernel_us", 2.0,
                        "copy_out_us", 3.0,
                        "total_us", 6.5,
                        "max_error", "NaN")),
                object.get("runs"));

        ReportJson.write(List.of(stencil, stencil), file);
        assertEquals(2, JSON.std.listFrom(Files.readString(file)).size());
    }
}
