/** JMH benchmarks of the codec. Run them with {@code java -jar benchmarks/target/benchmarks.jar bench.proto}. */
@NullMarked
package org.v4vgpu.bench.proto;

import org.jspecify.annotations.NullMarked;
