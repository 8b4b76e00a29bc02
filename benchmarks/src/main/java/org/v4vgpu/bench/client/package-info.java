/** JMH benchmarks of whole calls. Run them with {@code java -jar benchmarks/target/benchmarks.jar bench.client}. */
@NullMarked
package org.v4vgpu.bench.client;

import org.jspecify.annotations.NullMarked;
