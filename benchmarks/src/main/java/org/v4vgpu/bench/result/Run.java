package org.v4vgpu.bench.result;

import java.util.List;
import java.util.Map;

/**
 * All that a run has to tell. Immutable, as far as its maker leaves the collections alone.
 *
 * @param machine what it ran on, by name
 * @param skipped what was not measured, and why, a line each
 * @param results in the order in which they were measured
 */
public record Run(Map<String, Object> machine, List<String> skipped, List<Result> results) {}
