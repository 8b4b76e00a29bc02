package org.v4vgpu.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.v4vgpu.bench.result.ResultJson;
import org.v4vgpu.bench.result.Run;

/**
 * Writes the report on a run into a directory. Safe for any thread.
 *
 * <pre>
 *   report.html        all of it, in one file
 *   NAME.png           each figure
 *   results.csv        each result
 *   results.json       the same with the medians of the turns, for {@code --compare} and {@code --from}
 *   samples.json.gz    the same with every sample
 * </pre>
 */
public final class Report {
    private static final String RESULTS = "results.json";
    private static final String SAMPLES = "samples.json.gz";

    private Report() {}

    /**
     * Writes all files.
     *
     * @param command what was typed to get this, for whoever wants to do it again
     * @return the HTML file
     */
    public static Path write(Run run, String command, Path directory) throws IOException {
        Files.createDirectories(directory);
        List<Figure> figures = Figures.of(run);
        for (Figure figure : figures) {
            for (Plot chart : figure.charts()) {
                Files.write(directory.resolve(chart.id() + ".png"), chart.png());
            }
        }
        Files.writeString(directory.resolve("results.csv"), ResultCsv.format(run.results()), StandardCharsets.UTF_8);
        ResultJson.write(run, false, directory.resolve(RESULTS));
        if (run.results().stream().anyMatch(result -> !result.turns().samples().isEmpty())) {
            ResultJson.write(run, true, directory.resolve(SAMPLES));
        }
        Path html = directory.resolve("report.html");
        Files.writeString(html, ReportPage.format(run, figures, Claim.of(run), command), StandardCharsets.UTF_8);
        return html;
    }
}
