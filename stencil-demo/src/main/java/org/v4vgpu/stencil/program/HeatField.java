package org.v4vgpu.stencil.program;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A field of temperatures from 0 to 1, row by row. Its cells belong to whoever made it. */
public final class HeatField {
    /** Sides of a picture: enough for any screen, and a bound on what a small hostile file can unfold to. */
    private static final int MAXIMUM_SIDE = 16_384;

    private static final int DISCS = 40;
    private static final long SEED = 20150421;

    private final int width;
    private final int height;
    private final float[] cells;

    HeatField(int width, int height, float[] cells) {
        if (cells.length != (long) width * height) {
            throw new IllegalArgumentException(cells.length + " cells are no field of " + width + " x " + height);
        }
        this.width = width;
        this.height = height;
        this.cells = cells;
    }

    /** A square field with a hot left edge, a cold right edge and discs of random heat; the same for the same size. */
    static HeatField seeded(int size) {
        float[] cells = new float[size * size];
        Arrays.fill(cells, 0.25f);
        SplittableRandom random = new SplittableRandom(SEED);
        for (int disc = 0; disc < DISCS; disc++) {
            double radius = size * random.nextDouble(0.02, 0.10);
            float temperature = disc % 3 == 0 ? 0 : (float) random.nextDouble(0.5, 1);
            fillDisc(cells, size, random.nextDouble() * size, random.nextDouble() * size, radius, temperature);
        }
        for (int y = 0; y < size; y++) {
            cells[y * size] = 1;
            cells[y * size + size - 1] = 0;
        }
        return new HeatField(size, size, cells);
    }

    /**
     * Reads a picture: black is 0, white is 1.
     *
     * @throws IOException with one line that names the file, if it can't be read or is no picture
     */
    public static HeatField fromPicture(File file) throws IOException {
        if (!file.isFile()) {
            throw new IOException("no file " + file + "; --input takes a PNG picture");
        }
        BufferedImage image = image(file);
        int width = image.getWidth();
        int height = image.getHeight();
        float[] cells = new float[width * height];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                cells[y * width + x] = brightness(row[x]);
            }
        }
        return new HeatField(width, height, cells);
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    /** Not a copy. */
    float[] cells() {
        return cells;
    }

    private static BufferedImage image(File file) throws IOException {
        try (ImageInputStream in = ImageIO.createImageInputStream(file)) {
            if (in == null) {
                throw new IOException("cannot read " + file);
            }
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new IOException(file + " is no picture; --input takes a PNG");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                int width = reader.getWidth(0);
                int height = reader.getHeight(0);
                if (width > MAXIMUM_SIDE || height > MAXIMUM_SIDE) {
                    throw new IOException("%s has %d x %d pixels; --input takes up to %d on a side"
                            .formatted(file, width, height, MAXIMUM_SIDE));
                }
                return reader.read(0);
            } catch (IOException | RuntimeException e) {
                // ImageIO's readers answer a damaged file with any of these.
                if (e.getMessage() != null && e.getMessage().startsWith(file.toString())) {
                    throw e;
                }
                throw new IOException(file + " is a damaged picture (" + e.getMessage() + ")", e);
            } finally {
                reader.dispose();
            }
        }
    }

    /** ITU-R BT.601 luma. */
    private static float brightness(int rgb) {
        int red = rgb >> 16 & 0xFF;
        int green = rgb >> 8 & 0xFF;
        int blue = rgb & 0xFF;
        return (299 * red + 587 * green + 114 * blue) / 255_000f;
    }

    private static void fillDisc(float[] cells, int size, double centreX, double centreY, double radius, float value) {
        int top = (int) Math.max(0, centreY - radius);
        int bottom = (int) Math.min(size - 1, centreY + radius);
        int left = (int) Math.max(0, centreX - radius);
        int right = (int) Math.min(size - 1, centreX + radius);
        for (int y = top; y <= bottom; y++) {
            for (int x = left; x <= right; x++) {
                if (Math.hypot(x - centreX, y - centreY) < radius) {
                    cells[y * size + x] = value;
                }
            }
        }
    }
}
