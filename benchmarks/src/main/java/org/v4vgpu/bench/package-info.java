/**
 * Measures what needs several processes: this JVM on the one side, a peer or a server as a process on the other, and the
 * transports in turns. Start at {@link org.v4vgpu.bench.Main}; each {@code Experiment} is one name on its command line. Bare messages
 * over each transport are in {@code link}, what is kept of measurements in {@code result}, the report in {@code report}. What needs one
 * JVM only is measured by JMH, in the other packages below this one.
 */
@NullMarked
package org.v4vgpu.bench;

import org.jspecify.annotations.NullMarked;
