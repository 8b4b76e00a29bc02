package org.v4vgpu.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.v4vgpu.bench.result.ResultTable;

/**
 * One plot: lines over a horizontal axis whose every step doubles, or over seconds; each has its name at its end. Safe for any thread.
 *
 * @param isLogarithmic the vertical axis
 * @param lines at least one, each with at least one point
 */
record Chart(String id, String caption, XAxis xAxis, String yTitle, boolean isLogarithmic, List<Line> lines)
        implements Plot {
    private static final int LEFT = 68;
    private static final int TOP = 44;
    private static final int PLOT_WIDTH = 660;
    private static final int PLOT_HEIGHT = 336;
    private static final int TEXT = 12;

    /** Of names below each other. */
    private static final double NAME_HEIGHT = 16;

    private static final int MOST_SECONDS_TICKS = 10;

    /** The part of the plot that points lie in. */
    private static final double CONTENT = 0.96;

    private static final Color NOTHING = new Color(255, 255, 255, 0);

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

        String label(long value) {
            return this != BYTES ? Long.toString(value) : value < 1024 ? value + " B" : ResultTable.bytes(value);
        }
    }

    /** A line: its name, the transport whose look it has, and whether it is a bound and so dashed. */
    record Line(String name, String transport, boolean isBound, List<Point> points) {
        private Point last() {
            return points.getLast();
        }
    }

    /** Where a line goes. */
    record Point(long x, double y) {}

    /** A name and how high it is to stand. */
    private record Name(Line line, double end, double height) {}

    @Override
    public void draw(Canvas canvas) {
        Scale scale = Scale.of(
                isLogarithmic,
                lines.stream().flatMap(line -> line.points.stream()).mapToDouble(Point::y));
        XYChart plot = plot(scale);
        // Says where points come to lie, once it has been drawn.
        plot.paint(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics(), PLOT_WIDTH, PLOT_HEIGHT);
        canvas.box(0, 0, WIDTH, HEIGHT, Look.PAPER);
        canvas.text(caption, LEFT, 18, Canvas.Anchor.LEFT, TEXT + 2, true, Look.INK);
        drawAxes(canvas, plot, scale);
        Graphics2D within = (Graphics2D) canvas.graphics().create();
        within.translate(LEFT, TOP);
        plot.paint(within, PLOT_WIDTH, PLOT_HEIGHT);
        within.dispose();
        drawNames(canvas, plot, scale);
    }

    private void drawAxes(Canvas canvas, XYChart plot, Scale scale) {
        for (double tick : scale.ticks()) {
            double y = TOP + plot.getScreenYFromChart(scale.position(tick));
            canvas.line(LEFT, y, LEFT + PLOT_WIDTH, y, 1, Look.GRID);
            canvas.text(Scale.label(tick), LEFT - 8, y, Canvas.Anchor.RIGHT, TEXT, false, Look.MUTED);
        }
        canvas.text(yTitle, LEFT, TOP - 7, Canvas.Anchor.LEFT, TEXT - 1, false, Look.MUTED);
        double bottom = TOP + PLOT_HEIGHT;
        for (long tick : ticks()) {
            double x = LEFT + plot.getScreenXFromChart(xAxis.position(tick));
            canvas.line(x, bottom, x, bottom + 4, 1, Look.MUTED);
            canvas.text(xAxis.label(tick), x, bottom + 15, Canvas.Anchor.MIDDLE, TEXT, false, Look.MUTED);
        }
        canvas.line(LEFT, bottom, LEFT + PLOT_WIDTH, bottom, 1, Look.MUTED);
        canvas.text(xAxis.title, LEFT + PLOT_WIDTH / 2.0, bottom + 40, Canvas.Anchor.MIDDLE, TEXT, false, Look.MUTED);
    }

    /** Where something was measured; of seconds round ones. */
    private List<Long> ticks() {
        List<Long> measured = lines.stream()
                .flatMap(line -> line.points.stream())
                .map(Point::x)
                .distinct()
                .sorted()
                .toList();
        if (xAxis != XAxis.SECONDS) {
            return measured;
        }
        long[] steps = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600};
        long last = measured.getLast();
        long step = IntStream.range(0, steps.length)
                .mapToLong(i -> steps[i])
                .filter(each -> last / each <= MOST_SECONDS_TICKS)
                .findFirst()
                .orElse(last);
        List<Long> ticks = new ArrayList<>();
        for (long tick = step * ((measured.getFirst() + step - 1) / step); tick <= last; tick += step) {
            ticks.add(tick);
        }
        return ticks;
    }

    /** At the right those of lines that reach it, where need be moved apart; others at their ends. */
    private void drawNames(Canvas canvas, XYChart plot, Scale scale) {
        long last = lines.stream().mapToLong(line -> line.last().x).max().orElse(0);
        List<Name> names = new ArrayList<>();
        for (Line line : lines) {
            double y = TOP + plot.getScreenYFromChart(scale.position(line.last().y));
            if (line.last().x == last) {
                names.add(new Name(line, y, y));
            } else {
                double x = LEFT + plot.getScreenXFromChart(xAxis.position(line.last().x));
                canvas.text(line.name, x + 10, y + 13, Canvas.Anchor.LEFT, TEXT - 1, false, colour(line));
            }
        }
        double right = LEFT + PLOT_WIDTH;
        double end = LEFT + plot.getScreenXFromChart(xAxis.position(last));
        for (Name name : apart(names)) {
            canvas.line(end + 9, name.end, right + 18, name.height, 1, colour(name.line));
            canvas.text(
                    name.line.name,
                    right + 23,
                    name.height,
                    Canvas.Anchor.LEFT,
                    TEXT,
                    name.line.transport.equals("v4v"),
                    colour(name.line));
        }
    }

    private static Color colour(Line line) {
        return Look.of(line.transport).colour();
    }

    /** In their order, each a line's height below the one before it, and none below the plot. */
    private static List<Name> apart(List<Name> names) {
        List<Name> sorted = new ArrayList<>(names);
        sorted.sort(Comparator.comparingDouble(Name::end));
        double least = TOP;
        for (int i = 0; i < sorted.size(); i++) {
            Name name = sorted.get(i);
            sorted.set(i, new Name(name.line, name.end, Math.max(name.end, least)));
            least = sorted.get(i).height + NAME_HEIGHT;
        }
        double most = TOP + PLOT_HEIGHT;
        for (int i = sorted.size() - 1; i >= 0; i--) {
            Name name = sorted.get(i);
            sorted.set(i, new Name(name.line, name.end, Math.min(name.height, most)));
            most = sorted.get(i).height - NAME_HEIGHT;
        }
        return sorted;
    }

    private XYChart plot(Scale scale) {
        XYChart plot =
                new XYChartBuilder().width(PLOT_WIDTH).height(PLOT_HEIGHT).build();
        style(plot.getStyler(), scale);
        for (Line line : lines) {
            List<Double> x = new ArrayList<>();
            List<Double> y = new ArrayList<>();
            for (Point point : line.points) {
                x.add(xAxis.position(point.x));
                y.add(scale.position(point.y));
            }
            XYSeries series = plot.addSeries(line.name, x, y);
            Look look = Look.of(line.transport);
            series.setMarkerColor(look.colour()).setMarker(line.isBound ? SeriesMarkers.NONE : look.marker());
            series.setLineColor(look.colour());
            series.setLineStyle(
                    line.isBound
                            ? SeriesLines.DASH_DASH
                            : new BasicStroke(look.width(), BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        }
        return plot;
    }

    /** The lines alone: everything else is drawn around them. */
    private void style(XYStyler styler, Scale scale) {
        styler.setChartTitleVisible(false);
        styler.setLegendVisible(false);
        styler.setAxisTicksVisible(false);
        styler.setAxisTitlesVisible(false);
        styler.setPlotGridLinesVisible(false);
        styler.setPlotBorderVisible(false);
        styler.setChartPadding(0);
        styler.setPlotMargin(0);
        styler.setPlotContentSize(CONTENT);
        styler.setChartBackgroundColor(NOTHING);
        styler.setPlotBackgroundColor(NOTHING);
        styler.setMarkerSize(8);
        double[] positions = lines.stream()
                .flatMap(line -> line.points.stream())
                .mapToDouble(point -> xAxis.position(point.x))
                .sorted()
                .toArray();
        double first = positions[0];
        double last = positions[positions.length - 1];
        styler.setXAxisMin(first);
        styler.setXAxisMax(last > first ? last : first + 1);
        styler.setYAxisMin(scale.low());
        styler.setYAxisMax(scale.high());
    }
}
