package org.v4vgpu.bench.report;

import java.util.List;

/**
 * One figure of the report. Immutable.
 *
 * @param title a few words
 * @param claim what the poster says about it; empty where it says nothing
 * @param setup how it was measured
 * @param bounds what bounds the curves
 * @param charts its plots; empty where a table says it all
 */
record Figure(String title, String claim, String setup, String bounds, List<Plot> charts, Table table) {
    /**
     * A table.
     *
     * @param header of each column
     * @param rows as many cells as the header has
     */
    record Table(List<String> header, List<List<String>> rows) {}
}
