/**
 * Measures what needs several processes: this JVM on the one side, a peer or a server as a process on the other, and the
 * transports in turns. Start at {@link org.v4vgpu.bench.Main}; each {@code Experiment} is one name on its command line. What
 * needs one JVM only is measured by JMH, in the packages below this one.
 */
@NullMarked
package org.v4vgpu.bench;

import org.jspecify.annotations.NullMarked;
