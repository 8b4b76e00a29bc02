/**
 * The report on a run: one HTML file with figures, tables and the poster's claims beside what was measured; the figures as PNG; the
 * results as CSV and JSON. Uses {@code result} for what was measured and {@code link} for how. Start at {@link
 * org.v4vgpu.bench.report.Report}.
 */
@NullMarked
package org.v4vgpu.bench.report;

import org.jspecify.annotations.NullMarked;
