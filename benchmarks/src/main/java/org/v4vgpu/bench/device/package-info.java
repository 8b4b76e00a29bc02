/** JMH benchmarks of the software device. Run them with {@code java -jar benchmarks/target/benchmarks.jar bench.device}. */
@NullMarked
package org.v4vgpu.bench.device;

import org.jspecify.annotations.NullMarked;
