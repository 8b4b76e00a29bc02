package org.v4vgpu.bench.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.v4vgpu.bench.result.Run;

/** The report as one HTML page that needs nothing else. Safe for any thread. */
final class ReportPage {
    private static final List<String> IN_SHORT =
            List.of("cpu", "cpus", "memory", "kernel", "java", "time", "repetitions");

    private static final Pattern BEGINS_AS_NUMBER = Pattern.compile("[-+]?\\d");

    private final StringBuilder page = new StringBuilder();

    private ReportPage() {}

    static String format(Run run, List<Figure> figures, List<Claim> claims, String command) throws IOException {
        ReportPage page = new ReportPage();
        page.head(run);
        page.cards(claims);
        page.claims(claims);
        page.skipped(run.skipped());
        page.contents(figures);
        int number = 1;
        for (Figure figure : figures) {
            page.figure(
                    number++,
                    figure,
                    claims.stream()
                            .filter(claim -> claim.figure().equals(figure.title()))
                            .toList());
        }
        page.method(run);
        page.machine(run.machine());
        page.command(command);
        page.raw("</main>\n</body>\n</html>\n");
        return page.page.toString();
    }

    private void head(Run run) throws IOException {
        raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<title>v4vgpu, measured</title>\n<style>\n" + style() + "</style>\n</head>\n<body>\n<main>\n");
        raw("<header>\n<h1>v4vgpu, measured</h1>\n");
        paragraph(
                "lead",
                "What the poster on V4VSockets claims (NTUA, Xen, 2015), and what this machine measures with V4V over shared"
                        + " memory.");
        raw("<p class=\"machine\">");
        IN_SHORT.stream()
                .filter(run.machine()::containsKey)
                .forEach(name -> raw("<span><b>" + HtmlText.escape(name) + "</b> "
                        + HtmlText.escape(String.valueOf(run.machine().get(name))) + "</span> "));
        raw("</p>\n</header>\n");
    }

    private static String style() throws IOException {
        try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
            if (in == null) {
                throw new IOException("report.css is missing beside " + ReportPage.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** What can be seen from afar. */
    private void cards(List<Claim> claims) {
        raw("<div class=\"cards\">\n");
        for (Claim claim : claims) {
            raw("<div class=\"card " + look(claim) + "\">");
            element("div", "subject", claim.subject());
            element("div", "headline", claim.headline().isEmpty() ? "-" : claim.headline());
            element("div", "poster-says", "poster: " + claim.poster());
            element("div", "verdict", claim.verdict().text());
            raw("</div>\n");
        }
        raw("</div>\n");
    }

    private static String look(Claim claim) {
        return switch (claim.verdict()) {
            case HOLDS, WITHIN_NOISE -> "holds";
            case FAILS -> "fails";
            case UNKNOWN -> "unknown";
        };
    }

    private void claims(List<Claim> claims) {
        raw("<div class=\"wide\"><table class=\"words claims\">\n<tr>");
        List.of("", "poster", "here, over the bridge where it says split driver", "against TCP over loopback", "")
                .forEach(header -> cell("th", header));
        raw("</tr>\n");
        for (Claim claim : claims) {
            raw("<tr>");
            List.of(claim.subject(), claim.poster(), claim.here(), claim.loopback())
                    .forEach(text -> cell("td", text));
            raw("<td class=\"" + look(claim) + "\">"
                    + HtmlText.escape(claim.verdict().text()) + "</td></tr>\n");
        }
        raw("</table></div>\n");
        paragraph(
                "note",
                "A ratio says how many times as fast V4V is and, in brackets, the interval that holds 95 % of what a bootstrap over"
                        + " the turns of this run gives, a little widened for what runs differ by. The poster measured virtual"
                        + " machines on Xen, with a GPU, on hardware of 2015. Here processes stand for the virtual machines, two"
                        + " network namespaces and a bridge in a third for the split driver's way through the driver domain, and the"
                        + " software device for the GPU. A ratio that holds here says nothing about Xen itself.");
    }

    private void skipped(List<String> skipped) {
        if (!skipped.isEmpty()) {
            raw("<p class=\"skipped\"><strong>Left out:</strong> " + HtmlText.escape(String.join("; ", skipped))
                    + ".</p>\n");
        }
    }

    private void contents(List<Figure> figures) {
        raw("<nav>\n<ol>\n");
        for (int i = 0; i < figures.size(); i++) {
            raw("<li><a href=\"#figure-" + (i + 1) + "\">"
                    + HtmlText.escape(figures.get(i).title()) + "</a></li>\n");
        }
        raw("</ol>\n</nav>\n");
    }

    private void figure(int number, Figure figure, List<Claim> claims) throws IOException {
        raw("<section id=\"figure-" + number + "\">\n<h2><span>" + number + "</span> " + HtmlText.escape(figure.title())
                + "</h2>\n");
        if (!figure.claim().isEmpty()) {
            raw("<div class=\"poster\">");
            element("p", "", "Poster: " + figure.claim());
            for (Claim claim : claims) {
                raw("<p class=\"here " + look(claim) + "\">Here: "
                        + HtmlText.escape(
                                claim.here().isEmpty() ? "not measured" : claim.subject() + ": " + claim.here())
                        + " <span class=\"badge\">"
                        + HtmlText.escape(claim.verdict().text()) + "</span></p>");
            }
            raw("</div>\n");
        }
        for (Plot chart : figure.charts()) {
            raw("<figure>");
            raw(chart.svg());
            raw("</figure>\n");
        }
        table(figure.table());
        raw("<dl class=\"about\"><div><dt>How it was measured</dt><dd>" + HtmlText.escape(figure.setup())
                + " Each series: <a href=\"#series\">below</a>.</dd></div>"
                + "<div><dt>What bounds it</dt><dd>" + HtmlText.escape(figure.bounds()) + "</dd></div></dl>\n");
        raw("</section>\n");
    }

    private void table(Figure.Table table) {
        List<Boolean> words = IntStream.range(0, table.header().size())
                .mapToObj(column -> table.rows().stream()
                        .map(row -> row.get(column))
                        .noneMatch(text -> BEGINS_AS_NUMBER.matcher(text).lookingAt()))
                .toList();
        raw("<div class=\"wide\"><table>\n<thead><tr>");
        cells("th", table.header(), words);
        raw("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            raw("<tr>");
            cells("td", row, words);
            raw("</tr>\n");
        }
        raw("</tbody></table></div>\n");
    }

    /** Numbers stand below each other by their ends, words by their begins. */
    private void cells(String element, List<String> texts, List<Boolean> words) {
        for (int column = 0; column < texts.size(); column++) {
            raw("<" + element + (words.get(column) ? " class=\"word\">" : ">") + HtmlText.escape(texts.get(column))
                    + "</" + element + ">");
        }
    }

    private void method(Run run) {
        raw("<h2 id=\"series\">How each series was measured</h2>\n<div class=\"wide\"><table class=\"words\">\n");
        SeriesMethods.of(run).forEach((series, method) -> {
            raw("<tr><th>");
            if (!SeriesMethods.isGroup(series)) {
                raw("<span class=\"chip\" style=\"background:var(--" + HtmlText.escape(series.replace(' ', '-'))
                        + ",var(--other))\"></span>");
            }
            raw(HtmlText.escape(series) + "</th>");
            cell("td", method);
            raw("</tr>\n");
        });
        raw("</table></div>\n");
    }

    private void machine(Map<String, Object> machine) {
        raw("<h2>The machine</h2>\n<div class=\"wide\"><table class=\"words\">\n");
        machine.forEach((name, value) -> row(name.replace('_', ' '), String.valueOf(value)));
        raw("</table></div>\n");
    }

    private void command(String command) {
        raw(
                "<h2>Do it again</h2>\n<p><code>" + HtmlText.escape(command)
                        + "</code></p>\n<p>Beside this file: the figures as PNG, <code>results.csv</code>, <code>results.json</code>"
                        + " (for <code>--compare</code>) and, of a run of its own, <code>samples.json.gz</code> with every sample.</p>\n");
    }

    private void row(String name, String value) {
        raw("<tr>");
        cell("th", name);
        cell("td", value);
        raw("</tr>\n");
    }

    private void cell(String element, String text) {
        raw("<" + element + ">" + HtmlText.escape(text) + "</" + element + ">");
    }

    private void element(String element, String look, String text) {
        raw("<" + element + (look.isEmpty() ? "" : " class=\"" + look + "\"") + ">" + HtmlText.escape(text) + "</"
                + element + ">\n");
    }

    private void paragraph(String look, String text) {
        element("p", look, text);
    }

    private void raw(String html) {
        page.append(html);
    }
}
