package org.v4vgpu.stencil;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes reports as JSON: one object, or an array of several. Safe for any thread. */
final class ReportJson {
    private ReportJson() {}

    static void write(List<Report> reports, Path file) throws IOException {
        Object json = reports.size() == 1
                ? object(reports.getFirst())
                : reports.stream().map(ReportJson::object).toList();
        JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).write(json, file.toFile());
    }

    private static Map<String, Object> object(Report report) {
        Job job = report.job();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("workload", job.name());
        object.put("size", job.width());
        object.put("width", job.width());
        object.put("height", job.height());
        if (job.iterations() > 0) {
            object.put("iterations", job.iterations());
        }
        object.put("device", report.device());
        object.put("verified", report.verified());
        object.put("tolerance", finite(report.tolerance()));
        object.put("repetitions", report.repetitions());
        List<Map<String, Object>> runs = new ArrayList<>();
        for (Report.Run run : report.runs()) {
            runs.add(object(job, run));
        }
        object.put("runs", runs);
        return object;
    }

    private static Map<String, Object> object(Job job, Report.Run run) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("transport", run.transport());
        object.put("address", run.address());
        for (String stage : job.stages()) {
            object.put(stage + "_us", run.micros(stage));
        }
        object.put("total_us", run.micros("total"));
        object.put("max_error", finite(run.maximumError()));
        return object;
    }

    /** JSON has no NaN: the error of a result that is no number is written as its name. */
    private static Object finite(double value) {
        return Double.isFinite(value) ? (Object) value : Double.toString(value);
    }
}
