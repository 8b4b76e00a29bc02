package org.v4vgpu.bench.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.link.Transport;
import org.v4vgpu.bench.result.Run;

/** The report as one HTML page that needs nothing else. Safe for any thread. */
final class ReportPage {
    private final StringBuilder page = new StringBuilder();

    private ReportPage() {}

    static String format(Run run, List<Figure> figures, List<Claim> claims, String command) throws IOException {
        ReportPage page = new ReportPage();
        page.head();
        page.claims(claims);
        page.skipped(run.skipped());
        int number = 1;
        for (Figure figure : figures) {
            page.figure(number++, figure);
        }
        page.method(run);
        page.machine(run.machine());
        page.command(command);
        page.raw("</body>\n</html>\n");
        return page.page.toString();
    }

    private void head() throws IOException {
        raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<title>v4vgpu, measured</title>\n<style>\n" + style() + "</style>\n</head>\n<body>\n");
        raw("<h1>v4vgpu, measured</h1>\n");
        paragraph(
                "",
                "What the poster on V4VSockets claims (NTUA, Xen, 2015), and what this machine measures with V4V over shared"
                        + " memory. Every ratio says how many times as fast V4V is and, in brackets, the interval that holds 95 % of"
                        + " what a bootstrap over the turns of this run gives.");
    }

    private static String style() throws IOException {
        try (InputStream in = ReportPage.class.getResourceAsStream("report.css")) {
            if (in == null) {
                throw new IOException("report.css is missing beside " + ReportPage.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void claims(List<Claim> claims) {
        raw("<table class=\"words claims\">\n<tr>");
        List.of("", "poster", "here, over the bridge where it says split driver", "against TCP over loopback", "")
                .forEach(header -> cell("th", header));
        raw("</tr>\n");
        for (Claim claim : claims) {
            raw("<tr>");
            List.of(claim.subject(), claim.poster(), claim.here(), claim.loopback())
                    .forEach(text -> cell("td", text));
            String look = switch (claim.verdict()) {
                case HOLDS, WITHIN_NOISE -> "holds";
                case FAILS -> "fails";
                case UNKNOWN -> "note";
            };
            raw("<td class=\"" + look + "\">" + HtmlText.escape(claim.verdict().text()) + "</td></tr>\n");
        }
        raw("</table>\n");
        paragraph(
                "note",
                "The poster measured virtual machines on Xen, with a GPU, on hardware of 2015. Here processes stand for the virtual"
                        + " machines, two network namespaces and a bridge in a third for the split driver's way through the driver"
                        + " domain, and the software device for the GPU. A ratio that holds here says nothing about Xen itself.");
    }

    private void skipped(List<String> skipped) {
        if (!skipped.isEmpty()) {
            raw("<p><strong>Left out:</strong> " + HtmlText.escape(String.join("; ", skipped)) + ".</p>\n");
        }
    }

    private void figure(int number, Figure figure) throws IOException {
        raw("<section>\n<h2>" + number + ". " + HtmlText.escape(figure.title()) + "</h2>\n");
        if (!figure.claim().isEmpty()) {
            paragraph("poster", "Poster: " + figure.claim());
        }
        for (Chart chart : figure.charts()) {
            raw(chart.svg());
            raw("\n");
        }
        table(figure.table());
        paragraph("", "How: " + figure.setup());
        paragraph("", "What bounds it: " + figure.bounds());
        raw("</section>\n");
    }

    private void table(Figure.Table table) {
        raw("<div class=\"wide\"><table>\n<tr>");
        table.header().forEach(header -> cell("th", header));
        raw("</tr>\n");
        for (List<String> row : table.rows()) {
            raw("<tr>");
            row.forEach(text -> cell("td", text));
            raw("</tr>\n");
        }
        raw("</table></div>\n");
    }

    private void method(Run run) {
        raw("<h2>How each series was measured</h2>\n<table class=\"words\">\n");
        List<String> measured = run.results().stream()
                .map(result -> result.transport())
                .distinct()
                .toList();
        for (Transport transport : Arrays.stream(Transport.values())
                .filter(transport -> measured.contains(transport.label()))
                .toList()) {
            row(transport.label(), transport.method());
        }
        row(
                "calls, copies, workloads",
                "v4v, tcp-channel and tcp-bridge-channel are this project's message channels, as programs use them; v4v-netty and"
                        + " tcp-netty are the same calls through Netty channels on both sides, whose event loops the calling threads"
                        + " run; nothing else carries calls, so copies over V4V are held against these, not against plain sockets");
        row(
                "tcp-bridge-channel",
                "this project's channel over TCP, between the namespaces of tcp-bridge: client on the near side, server beyond"
                        + " the bridge");
        row(
                "ratios to TCP",
                "to the faster of tcp and tcp-netty, or of tcp-channel and tcp-netty where plain sockets do not carry the same");
        row("local", "without a transport: the device in the measuring process, or a bound");
        raw("</table>\n");
    }

    private void machine(Map<String, Object> machine) {
        raw("<h2>The machine</h2>\n<table class=\"words\">\n");
        machine.forEach((name, value) -> row(name.replace('_', ' '), String.valueOf(value)));
        raw("</table>\n");
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

    private void paragraph(String look, String text) {
        raw("<p" + (look.isEmpty() ? "" : " class=\"" + look + "\"") + ">" + HtmlText.escape(text) + "</p>\n");
    }

    private void raw(String html) {
        page.append(html);
    }
}
