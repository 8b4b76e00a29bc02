package org.v4vgpu.stencil.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HeatPictureTest {
    @TempDir
    private Path directory;

    @Test
    void writesOnePixelPerCellFromBlackToWhite() throws IOException {
        File file = directory.resolve("field.png").toFile();
        HeatPicture.write(new HeatField(3, 1, new float[] {-1, 0.5f, 2}), file);
        BufferedImage image = ImageIO.read(file);
        assertEquals(3, image.getWidth());
        assertEquals(1, image.getHeight());
        assertEquals(0xFF000004, image.getRGB(0, 0));
        assertEquals(0xFFFCFFC5, image.getRGB(2, 0));
        assertEquals(HeatPicture.colour(0.5f) | 0xFF000000, image.getRGB(1, 0));
    }

    @Test
    void coloursGetLighterWithTheTemperature() {
        int last = -1;
        for (int step = 0; step <= 100; step++) {
            int rgb = HeatPicture.colour(step / 100f);
            int luma = 299 * (rgb >> 16 & 0xFF) + 587 * (rgb >> 8 & 0xFF) + 114 * (rgb & 0xFF);
            assertTrue(luma >= last, "at " + step);
            last = luma;
        }
    }

    @Test
    void readsGreyLevelsAsTemperatures() throws IOException {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0xFFFFFF);
        image.setRGB(2, 1, 0x333333);
        File file = directory.resolve("in.png").toFile();
        ImageIO.write(image, "png", file);
        HeatField field = HeatField.fromPicture(file);
        assertEquals(3, field.width());
        assertArrayEquals(new float[] {1, 0, 0, 0, 0, 0.2f}, field.cells(), 1e-6f);
    }

    @Test
    void namesTheFileThatIsNoPicture() throws IOException {
        Path text = Files.writeString(directory.resolve("text.png"), "no picture");
        assertTrue(refusal(text).startsWith(text + " is no picture"));
        Path missing = directory.resolve("missing.png");
        assertEquals("no file " + missing + "; --input takes a PNG picture", refusal(missing));
    }

    @Test
    void namesTheFileThatIsDamaged() throws IOException {
        Path file = directory.resolve("cut.png");
        HeatPicture.write(HeatField.seeded(64), file.toFile());
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertTrue(refusal(file).startsWith(file + " is a damaged picture"), () -> refusal(file));
    }

    @Test
    void seededFieldIsTheSameEveryTimeAndWithinTheScale() {
        HeatField field = HeatField.seeded(100);
        assertArrayEquals(field.cells(), HeatField.seeded(100).cells());
        for (float cell : field.cells()) {
            assertTrue(cell >= 0 && cell <= 1);
        }
        assertEquals(1, HeatField.seeded(1).cells().length);
    }

    private static String refusal(Path file) {
        return String.valueOf(assertThrows(IOException.class, () -> HeatField.fromPicture(file.toFile()))
                .getMessage());
    }
}
