/** JMH benchmarks of the transports. Run them with {@code java -jar benchmarks/target/benchmarks.jar bench.v4v}. */
@NullMarked
package org.v4vgpu.bench.v4v;

import org.jspecify.annotations.NullMarked;
