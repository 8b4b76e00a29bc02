package org.v4vgpu.bench.report;

import java.awt.Color;
import java.awt.Graphics2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.style.CategoryStyler;

/**
 * One plot: groups of bars of two parts each, as shares of the group's reference in percent. Safe for any thread.
 *
 * @param yTitle what the percent are of
 * @param lower what the lower part is, in a word
 * @param upper what the upper part is
 * @param marks heights to be marked, with words
 * @param groups at least one
 */
record BarChart(
        String id, String caption, String yTitle, String lower, String upper, List<Mark> marks, List<Group> groups)
        implements Plot {
    private static final int LEFT = 68;
    private static final int TOP = 74;
    private static final int PLOT_WIDTH = 720;
    private static final int PLOT_HEIGHT = 296;
    private static final int TEXT = 12;
    private static final double LEAST_HIGHEST = 140;

    /** Higher bars are cut, and say how high they are. */
    private static final double MOST_HIGHEST = 260;

    private static final double FILL = 0.86;
    private static final Color NOTHING = new Color(255, 255, 255, 0);

    /** A height that means something. */
    record Mark(String words, double percent) {}

    /** Bars that belong together: two lines of words below them. */
    record Group(String label, String note, List<Bar> bars) {}

    /** A bar of a transport, in percent. */
    record Bar(String transport, double lower, double upper) {
        double height() {
            return lower + upper;
        }
    }

    @Override
    public void draw(Canvas canvas) {
        double highest = highest();
        canvas.box(0, 0, WIDTH, HEIGHT, Look.PAPER);
        canvas.text(caption, LEFT, 18, Canvas.Anchor.LEFT, TEXT + 2, true, Look.INK);
        drawKey(canvas);
        drawAxis(canvas, highest);
        Graphics2D within = (Graphics2D) canvas.graphics().create();
        within.translate(LEFT + PLOT_WIDTH / (2.0 * slots()), TOP); // half a place is free at either end
        plot(highest).paint(within, PLOT_WIDTH, PLOT_HEIGHT);
        within.dispose();
        drawWords(canvas, highest);
        for (Mark mark : marks) {
            double y = y(mark.percent, highest);
            canvas.dashes(LEFT, y, LEFT + PLOT_WIDTH, y, Look.MUTED);
            canvas.text(mark.words, LEFT + PLOT_WIDTH + 6, y, Canvas.Anchor.LEFT, TEXT - 1, false, Look.MUTED);
        }
    }

    private double highest() {
        double most = groups.stream()
                .flatMap(group -> group.bars.stream())
                .mapToDouble(Bar::height)
                .max()
                .orElse(LEAST_HIGHEST);
        return Math.clamp(Math.ceil(most * 1.08 / 20) * 20, LEAST_HIGHEST, MOST_HIGHEST);
    }

    private static double y(double percent, double highest) {
        return TOP + PLOT_HEIGHT * (1 - percent / highest);
    }

    private void drawKey(Canvas canvas) {
        double x = LEFT;
        for (String transport : transports()) {
            Color colour = Look.of(transport).colour();
            canvas.box(x, 38, 12, 12, colour);
            canvas.text(transport, x + 17, 44, Canvas.Anchor.LEFT, TEXT, transport.equals("v4v"), colour);
            x += 36 + 7.6 * transport.length();
        }
        canvas.text(
                "pale: " + lower + "; full: " + upper,
                LEFT + PLOT_WIDTH,
                65, // beside the axis's name: the transports may fill their line
                Canvas.Anchor.RIGHT,
                TEXT - 1,
                false,
                Look.MUTED);
    }

    private List<String> transports() {
        return groups.stream()
                .flatMap(group -> group.bars.stream())
                .map(Bar::transport)
                .distinct()
                .toList();
    }

    private void drawAxis(Canvas canvas, double highest) {
        canvas.text(yTitle, LEFT, TOP - 9, Canvas.Anchor.LEFT, TEXT - 1, false, Look.MUTED);
        double step = highest > 160 ? 50 : 20;
        for (double percent = 0; percent <= highest; percent += step) {
            double y = y(percent, highest);
            canvas.line(LEFT, y, LEFT + PLOT_WIDTH, y, 1, Look.GRID);
            canvas.text(Scale.label(percent) + " %", LEFT - 8, y, Canvas.Anchor.RIGHT, TEXT, false, Look.MUTED);
        }
    }

    /** Above each bar its height, below each group its words. */
    private void drawWords(Canvas canvas, double highest) {
        double width = PLOT_WIDTH / (double) slots();
        double slot = 0.5;
        for (Group group : groups) {
            for (int i = 0; i < group.bars.size(); i++) {
                Bar bar = group.bars.get(i);
                boolean isCut = bar.height() > highest;
                canvas.text(
                        String.format(Locale.ROOT, "%.0f", bar.height()),
                        LEFT + (slot + i + 0.5) * width,
                        isCut ? TOP + 8 : y(bar.height(), highest) - 8,
                        Canvas.Anchor.MIDDLE,
                        width < 24 ? TEXT - 3 : TEXT - 1,
                        isCut || bar.transport.equals("v4v"),
                        isCut ? Look.PAPER : Look.of(bar.transport).colour());
            }
            double middle = LEFT + (slot + group.bars.size() / 2.0) * width;
            canvas.text(group.label, middle, TOP + PLOT_HEIGHT + 17, Canvas.Anchor.MIDDLE, TEXT, true, Look.INK);
            canvas.text(group.note, middle, TOP + PLOT_HEIGHT + 35, Canvas.Anchor.MIDDLE, TEXT - 1, false, Look.MUTED);
            slot += group.bars.size() + 1;
        }
        double bottom = TOP + PLOT_HEIGHT;
        canvas.line(LEFT, bottom, LEFT + PLOT_WIDTH, bottom, 1, Look.MUTED);
    }

    /** A place for each bar, and one after each group. */
    private int slots() {
        return groups.stream().mapToInt(group -> group.bars.size() + 1).sum();
    }

    private CategoryChart plot(double highest) {
        CategoryChart plot =
                new CategoryChartBuilder().width(PLOT_WIDTH).height(PLOT_HEIGHT).build();
        style(plot.getStyler(), highest);
        List<String> slots = new ArrayList<>();
        for (int i = 0; i < slots(); i++) {
            slots.add(Integer.toString(i));
        }
        for (String transport : transports()) {
            Color colour = Look.of(transport).colour();
            add(plot, transport + " " + lower, Look.pale(colour), slots, heights(transport, highest, false));
            add(plot, transport + " " + upper, colour, slots, heights(transport, highest, true));
        }
        return plot;
    }

    private static void add(CategoryChart plot, String name, Color colour, List<String> slots, List<Double> heights) {
        CategorySeries series = plot.addSeries(name, slots, heights);
        series.setFillColor(colour);
        series.setLineColor(colour);
    }

    private List<Double> heights(String transport, double highest, boolean isUpper) {
        List<Double> heights = new ArrayList<>();
        for (Group group : groups) {
            for (Bar bar : group.bars) {
                double below = Math.min(bar.lower, highest);
                double height = isUpper ? Math.min(bar.upper, highest - below) : below;
                heights.add(bar.transport.equals(transport) ? height : 0);
            }
            heights.add(0.0);
        }
        return heights;
    }

    private static void style(CategoryStyler styler, double highest) {
        styler.setChartTitleVisible(false);
        styler.setLegendVisible(false);
        styler.setAxisTicksVisible(false);
        styler.setAxisTitlesVisible(false);
        styler.setPlotGridLinesVisible(false);
        styler.setPlotBorderVisible(false);
        styler.setChartPadding(0);
        styler.setPlotMargin(0);
        styler.setPlotContentSize(1);
        styler.setChartBackgroundColor(NOTHING);
        styler.setPlotBackgroundColor(NOTHING);
        styler.setStacked(true);
        styler.setAvailableSpaceFill(FILL);
        styler.setYAxisMin(0.0);
        styler.setYAxisMax(highest);
    }
}
