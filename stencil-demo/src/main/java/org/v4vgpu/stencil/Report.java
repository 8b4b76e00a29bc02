package org.v4vgpu.stencil;

import java.util.List;
import java.util.Map;

/**
 * What was measured of one job. Immutable.
 *
 * @param verified whether every run's result was right
 * @param tolerance what the maximum error was compared with
 * @param repetitions how many of them the medians are over
 */
record Report(Job job, String device, boolean verified, double tolerance, int repetitions, List<Run> runs) {
    /**
     * One address.
     *
     * @param transport the address's scheme
     * @param micros medians in microseconds by stage, and {@code total}
     */
    record Run(String transport, String address, Map<String, Double> micros, double maximumError) {
        double micros(String stage) {
            return micros.getOrDefault(stage, Double.NaN);
        }
    }
}
