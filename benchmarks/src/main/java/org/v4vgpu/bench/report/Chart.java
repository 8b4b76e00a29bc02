package org.v4vgpu.bench.report;

import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.svg.SVGProcessor;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.v4vgpu.bench.result.ResultTable;

/**
 * One plot: lines over a horizontal axis whose every step doubles, or over seconds. As SVG to be put into HTML, or as PNG. Safe for any thread.
 *
 * @param id distinguishes it within a page; the name of its file
 * @param caption what it shows, for those who can't see it
 * @param isLogarithmic the vertical axis
 * @param lines at least one, each with at least one point
 */
record Chart(String id, String caption, XAxis xAxis, String yTitle, boolean isLogarithmic, List<Line> lines) {
    private static final int WIDTH = 860;
    private static final int HEIGHT = 430;
    private static final String FONT = "DejaVu Sans";

    /** What a number has beyond a hundredth of a pixel: letters are outlines, and most of a plot's bytes. */
    private static final Pattern TOO_EXACT = Pattern.compile("(\\.\\d\\d)\\d+");

    /** Each transport looks the same in all figures; told apart without colour, too. */
    private static final Map<String, Look> LOOKS = Map.ofEntries(
            Map.entry("v4v", new Look(new Color(0x00, 0x4c, 0x99), SeriesMarkers.CIRCLE, 3)),
            Map.entry("v4v-netty", new Look(new Color(0x56, 0xa0, 0xe8), SeriesMarkers.CIRCLE, 2)),
            Map.entry("tcp", new Look(new Color(0xd5, 0x5e, 0x00), SeriesMarkers.SQUARE, 2)),
            Map.entry("tcp-channel", new Look(new Color(0xe6, 0x9f, 0x00), SeriesMarkers.SQUARE, 2)),
            Map.entry("tcp-netty", new Look(new Color(0x99, 0x33, 0x00), SeriesMarkers.DIAMOND, 2)),
            Map.entry("tcp-bridge", new Look(new Color(0xc0, 0x00, 0x20), SeriesMarkers.TRIANGLE_DOWN, 2)),
            Map.entry("tcp-bridge-channel", new Look(new Color(0xd0, 0x60, 0x90), SeriesMarkers.TRIANGLE_DOWN, 2)),
            Map.entry("uds", new Look(new Color(0x00, 0x80, 0x50), SeriesMarkers.TRIANGLE_UP, 2)),
            Map.entry("aeron", new Look(new Color(0x80, 0x40, 0xa0), SeriesMarkers.DIAMOND, 2)),
            Map.entry("local", new Look(new Color(0x50, 0x50, 0x50), SeriesMarkers.CROSS, 2)));

    private static final Look OTHER = new Look(new Color(0x80, 0x80, 0x80), SeriesMarkers.NONE, 2);

    /** What the horizontal axis counts. */
    enum XAxis {
        BYTES("message size"),
        PAIRS("pairs of threads"),
        MATRIX("matrix size n, of n x n"),
        SESSIONS("sessions"),
        /** The one axis whose steps are all as long. */
        SECONDS("seconds since the begin");

        private final String title;

        XAxis(String title) {
            this.title = title;
        }

        private double position(long value) {
            return this == SECONDS ? value : Math.log((double) value) / Math.log(2);
        }

        /** Nothing between whole steps. */
        private String tick(double position) {
            long step = Math.round(position);
            if (Math.abs(position - step) >= 1e-6 || step < 0) {
                return " ";
            }
            return this == SECONDS ? Long.toString(step) : step < 60 ? label(1L << step) : " ";
        }

        String label(long value) {
            return this != BYTES ? Long.toString(value) : value < 1024 ? value + " B" : ResultTable.bytes(value);
        }
    }

    /** A line: its name, the transport whose look it has, and whether it is a bound and so dashed. */
    record Line(String name, String transport, boolean isBound, List<Point> points) {}

    /** Where a line goes. */
    record Point(long x, double y) {}

    private record Look(Color colour, Marker marker, float width) {}

    /** As an element for HTML that scales with its surroundings; ids in it begin with this chart's. */
    String svg() throws IOException {
        VectorGraphics2D graphics = new VectorGraphics2D();
        plot().paint(graphics, WIDTH, HEIGHT);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new SVGProcessor()
                .getDocument(graphics.getCommands(), new PageSize(0, 0, WIDTH, HEIGHT))
                .writeTo(bytes);
        String document =
                TOO_EXACT.matcher(bytes.toString(StandardCharsets.UTF_8)).replaceAll("$1");
        String body = document.substring(document.indexOf('>', document.indexOf("<svg")) + 1);
        return String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 %d %d\""
                                + " role=\"img\" aria-label=\"%s\">",
                        WIDTH,
                        HEIGHT,
                        HtmlText.escape(caption))
                + body.replace("id=\"", "id=\"" + id + "-").replace("url(#", "url(#" + id + "-");
    }

    /** At twice the size of a screen's pixels. */
    byte[] png() throws IOException {
        XYChart plot = plot();
        return BitmapEncoder.getBitmapBytes(plot, BitmapEncoder.BitmapFormat.PNG);
    }

    private XYChart plot() {
        XYChart plot = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .xAxisTitle(xAxis.title)
                .yAxisTitle(yTitle)
                .build();
        style(plot.getStyler());
        plot.setCustomXAxisTickLabelsFormatter(xAxis::tick);
        for (Line line : lines) {
            List<Double> x = new ArrayList<>();
            List<Double> y = new ArrayList<>();
            for (Point point : line.points) {
                x.add(xAxis.position(point.x));
                y.add(point.y);
            }
            XYSeries series = plot.addSeries(line.name, x, y);
            Look look = LOOKS.getOrDefault(line.transport, OTHER);
            series.setMarkerColor(look.colour).setMarker(line.isBound ? SeriesMarkers.NONE : look.marker);
            series.setLineColor(look.colour);
            series.setLineStyle(
                    line.isBound
                            ? SeriesLines.DASH_DASH
                            : new BasicStroke(look.width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        }
        return plot;
    }

    private void style(XYStyler styler) {
        styler.setChartTitleVisible(false);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(new Color(0xdd, 0xdd, 0xdd));
        styler.setAxisTitleFont(new Font(FONT, Font.PLAIN, 13));
        styler.setAxisTickLabelsFont(new Font(FONT, Font.PLAIN, 12));
        styler.setLegendFont(new Font(FONT, Font.PLAIN, 12));
        styler.setLegendPosition(Styler.LegendPosition.OutsideE);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setMarkerSize(7);
        styler.setYAxisLogarithmic(isLogarithmic);
        double first = lines.stream()
                .flatMap(line -> line.points.stream())
                .mapToDouble(point -> xAxis.position(point.x))
                .min()
                .orElse(0);
        double last = lines.stream()
                .flatMap(line -> line.points.stream())
                .mapToDouble(point -> xAxis.position(point.x))
                .max()
                .orElse(1);
        styler.setXAxisMin(first);
        styler.setXAxisMax(last > first ? last : first + 1);
        if (!isLogarithmic) {
            styler.setYAxisMin(0.0);
        }
    }
}
