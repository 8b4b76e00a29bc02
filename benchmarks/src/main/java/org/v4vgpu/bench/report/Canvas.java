package org.v4vgpu.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.font.TextLayout;
import java.awt.geom.AffineTransform;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;

/** What a plot is drawn on: lines, boxes and words, the latter as outlines, so that they look the same everywhere. Confined to one thread. */
final class Canvas {
    private static final String FONT = "DejaVu Sans";
    private static final FontRenderContext CONTEXT = new FontRenderContext(null, true, true);

    /** Which part of a text lies where it is put. */
    enum Anchor {
        LEFT(0),
        MIDDLE(0.5),
        RIGHT(1);

        private final double part;

        Anchor(double part) {
            this.part = part;
        }
    }

    private final Graphics2D graphics;

    Canvas(Graphics2D graphics) {
        this.graphics = graphics;
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    }

    Graphics2D graphics() {
        return graphics;
    }

    void box(double x, double y, double width, double height, Color colour) {
        graphics.setColor(colour);
        graphics.fill(new Rectangle2D.Double(x, y, width, height));
    }

    void line(double x1, double y1, double x2, double y2, float width, Color colour) {
        graphics.setColor(colour);
        graphics.setStroke(new BasicStroke(width));
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
    }

    void dashes(double x1, double y1, double x2, double y2, Color colour) {
        graphics.setColor(colour);
        graphics.setStroke(
                new BasicStroke(1.4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 1, new float[] {5, 4}, 0));
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
    }

    /** A line of text, its middle at this height. */
    void text(String text, double x, double y, Anchor anchor, int size, boolean isBold, Color colour) {
        if (text.isBlank()) {
            return;
        }
        TextLayout layout = layout(text, size, isBold);
        graphics.setColor(colour);
        graphics.fill(layout.getOutline(
                AffineTransform.getTranslateInstance(x - anchor.part * layout.getAdvance(), y + 0.36 * size)));
    }

    /** The same from below to above, its middle at this place. */
    void textUpwards(String text, double x, double y, int size, Color colour) {
        TextLayout layout = layout(text, size, false);
        AffineTransform place = AffineTransform.getTranslateInstance(x + 0.36 * size, y + layout.getAdvance() / 2);
        place.quadrantRotate(3);
        graphics.setColor(colour);
        graphics.fill(layout.getOutline(place));
    }

    private static TextLayout layout(String text, int size, boolean isBold) {
        return new TextLayout(text, new Font(FONT, isBold ? Font.BOLD : Font.PLAIN, size), CONTEXT);
    }
}
