/**
 * What is measured and how it is kept: samples, turns, ratios with their intervals, results, the machine, and all of these as a
 * table and as JSON. Knows nothing of how anything is measured. Start at {@link org.v4vgpu.bench.result.Result}.
 */
@NullMarked
package org.v4vgpu.bench.result;

import org.jspecify.annotations.NullMarked;
