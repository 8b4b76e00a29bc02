package org.v4vgpu.stencil.program;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import javax.imageio.ImageIO;

/** Draws a field as a picture: black is 0, then blue, violet, red, orange, yellow, and white is 1. Safe for any thread. */
final class HeatPicture {
    /** Colours at equal steps of temperature, each lighter than the one before, so that the picture also reads in grey. */
    private static final int[] SCALE = {
        0x000004, 0x1B0C41, 0x4A0C6B, 0x781C6D, 0xA52C60, 0xCF4446, 0xED6925, 0xFB9B06, 0xF7D13D, 0xFCFFC5
    };

    private HeatPicture() {}

    /** Writes a PNG with one pixel per cell. */
    static void write(HeatField field, File file) throws IOException {
        BufferedImage image = new BufferedImage(field.width(), field.height(), BufferedImage.TYPE_INT_RGB);
        int[] row = new int[field.width()];
        for (int y = 0; y < field.height(); y++) {
            for (int x = 0; x < row.length; x++) {
                row[x] = colour(field.cells()[y * row.length + x]);
            }
            image.setRGB(0, y, row.length, 1, row, 0, row.length);
        }
        if (!ImageIO.write(image, "png", file)) {
            throw new IOException("this Java has no PNG writer");
        }
    }

    /** The colour of a temperature, as 0xRRGGBB; outside of 0 to 1 that of the nearer end. */
    static int colour(float temperature) {
        float position = Math.clamp(temperature, 0f, 1f) * (SCALE.length - 1);
        int step = Math.min((int) position, SCALE.length - 2);
        float part = position - step;
        return mix(SCALE[step], SCALE[step + 1], part, 16)
                | mix(SCALE[step], SCALE[step + 1], part, 8)
                | mix(SCALE[step], SCALE[step + 1], part, 0);
    }

    private static int mix(int from, int to, float part, int shift) {
        int low = from >> shift & 0xFF;
        int high = to >> shift & 0xFF;
        return Math.round(low + (high - low) * part) << shift;
    }
}
