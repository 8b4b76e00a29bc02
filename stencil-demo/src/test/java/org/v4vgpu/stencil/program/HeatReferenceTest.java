package org.v4vgpu.stencil.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class HeatReferenceTest {
    @Test
    void averagesTheFourNeighboursAndKeepsTheBorder() {
        HeatField field = new HeatField(3, 3, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, HeatReference.iterate(field, 1));
        field.cells()[1] = 10;
        assertEquals((4 + 6 + 10 + 8) / 4f, HeatReference.iterate(field, 1)[4]);
    }

    @Test
    void uniformFieldStaysAsItIs() {
        float[] cells = new float[7 * 5];
        java.util.Arrays.fill(cells, 0.5f);
        assertArrayEquals(cells, HeatReference.iterate(new HeatField(7, 5, cells), 13));
    }

    @Test
    void heatSpreadsOneCellPerIteration() {
        HeatField field = new HeatField(9, 9, new float[81]);
        field.cells()[4 * 9 + 4] = 1;
        float[] result = HeatReference.iterate(field, 3);
        assertTrue(result[4 * 9 + 1] > 0);
        assertEquals(0, result[4 * 9]);
        assertEquals(1f, field.cells()[4 * 9 + 4], "the field itself stays");
    }

    @Test
    void fieldsWithoutInnerCellsStayAsTheyAre() {
        assertArrayEquals(new float[] {1, 2}, HeatReference.iterate(new HeatField(2, 1, new float[] {1, 2}), 4));
    }

    @Test
    void differenceSeesNaN() {
        assertEquals(2, HeatReference.maximumDifference(new float[] {1, 2}, new float[] {1, 4}));
        assertTrue(Double.isNaN(HeatReference.maximumDifference(new float[] {1, 2}, new float[] {Float.NaN, 2})));
    }
}
