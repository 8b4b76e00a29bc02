package org.v4vgpu.bench.report;

import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.svg.SVGProcessor;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/** A picture of the report, as SVG to be put into HTML, or as PNG. Immutable. */
sealed interface Plot permits Chart, BarChart {
    int WIDTH = 900;
    int HEIGHT = 440;

    /** What a number has beyond a tenth of a pixel: letters are outlines, and most of a plot's bytes. */
    Pattern TOO_EXACT = Pattern.compile("(\\.\\d)\\d+");

    int PNG_SCALE = 2;

    /** Distinguishes it within a page; the name of its file. */
    String id();

    /** What it shows: its title, and for those who can't see it. */
    String caption();

    /** Draws all of it, {@link #WIDTH} x {@link #HEIGHT}. */
    void draw(Canvas canvas);

    /** As an element for HTML that scales with its surroundings; ids in it begin with this plot's. */
    default String svg() throws IOException {
        VectorGraphics2D graphics = new VectorGraphics2D();
        draw(new Canvas(graphics));
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
                        HtmlText.escape(caption()))
                + Look.withVariables(
                        body.replace("id=\"", "id=\"" + id() + "-").replace("url(#", "url(#" + id() + "-"));
    }

    /** With twice as many pixels either way. */
    default byte[] png() throws IOException {
        BufferedImage image = new BufferedImage(PNG_SCALE * WIDTH, PNG_SCALE * HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.scale(PNG_SCALE, PNG_SCALE);
        draw(new Canvas(graphics));
        graphics.dispose();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }
}
