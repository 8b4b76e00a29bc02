package org.v4vgpu.bench.report;

import java.awt.Color;
import java.util.LinkedHashMap;
import java.util.Map;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * How a series looks, the same in all figures; told apart without colour, too. A page may lend each colour another shade, where its paper
 * is dark: {@link #withVariables}. Immutable.
 *
 * @param colour of lines, markers and names
 * @param width of lines
 */
record Look(Color colour, Marker marker, float width) {
    /** What plots are drawn on. */
    static final Color PAPER = Color.WHITE;

    /** Of titles and of what matters. */
    static final Color INK = new Color(0x1a, 0x1c, 0x20);

    /** Of what stands beside. */
    static final Color MUTED = new Color(0x5c, 0x63, 0x6b);

    static final Color GRID = new Color(0xe3, 0xe6, 0xea);

    private static final Map<String, Look> OF_TRANSPORTS = Map.ofEntries(
            Map.entry("v4v", new Look(new Color(0x00, 0x4c, 0x99), SeriesMarkers.CIRCLE, 3.5f)),
            Map.entry("v4v-netty", new Look(new Color(0x4a, 0x98, 0xe6), SeriesMarkers.CIRCLE, 2)),
            Map.entry("tcp", new Look(new Color(0xd5, 0x5e, 0x00), SeriesMarkers.SQUARE, 2)),
            Map.entry("tcp-channel", new Look(new Color(0xe0, 0x96, 0x00), SeriesMarkers.SQUARE, 2)),
            Map.entry("tcp-netty", new Look(new Color(0x8f, 0x3a, 0x10), SeriesMarkers.DIAMOND, 2)),
            Map.entry("tcp-bridge", new Look(new Color(0xc0, 0x00, 0x20), SeriesMarkers.TRIANGLE_DOWN, 2)),
            Map.entry("tcp-bridge-channel", new Look(new Color(0xd0, 0x55, 0x88), SeriesMarkers.TRIANGLE_DOWN, 2)),
            Map.entry("uds", new Look(new Color(0x00, 0x80, 0x50), SeriesMarkers.TRIANGLE_UP, 2)),
            Map.entry("aeron", new Look(new Color(0x80, 0x40, 0xa0), SeriesMarkers.DIAMOND, 2)),
            Map.entry("java", new Look(new Color(0xb0, 0x7a, 0x2a), SeriesMarkers.SQUARE, 2)),
            Map.entry("pocl", new Look(new Color(0x1f, 0x8a, 0x9b), SeriesMarkers.DIAMOND, 2)),
            Map.entry("local", new Look(new Color(0x55, 0x58, 0x5e), SeriesMarkers.CROSS, 2)));

    private static final Look OTHER = new Look(new Color(0x80, 0x84, 0x8a), SeriesMarkers.NONE, 2);

    /** That of a transport. */
    static Look of(String transport) {
        return OF_TRANSPORTS.getOrDefault(transport, OTHER);
    }

    /** The same colour as if it were thinly laid on the paper. */
    static Color pale(Color colour) {
        return new Color(pale(colour.getRed()), pale(colour.getGreen()), pale(colour.getBlue()));
    }

    private static int pale(int part) {
        return 255 - (255 - part) * 2 / 5;
    }

    /** Colours in SVG text become variables of the page, {@code --v4v} and so on, with themselves where the page has none. */
    static String withVariables(String svg) {
        Map<String, Color> names = new LinkedHashMap<>(
                Map.of("paper", PAPER, "ink", INK, "muted", MUTED, "grid", GRID, "other", OTHER.colour));
        OF_TRANSPORTS.forEach((transport, look) -> {
            names.put(transport, look.colour);
            names.put(transport + "-pale", pale(look.colour));
        });
        String text = svg;
        for (Map.Entry<String, Color> name : names.entrySet()) {
            String rgb = rgb(name.getValue());
            text = text.replace(":" + rgb, ":var(--" + name.getKey() + "," + rgb + ")");
        }
        return text;
    }

    private static String rgb(Color colour) {
        return "rgb(" + colour.getRed() + "," + colour.getGreen() + "," + colour.getBlue() + ")";
    }
}
