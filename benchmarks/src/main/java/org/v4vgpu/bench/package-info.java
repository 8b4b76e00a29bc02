/** Benchmarks: JMH for the parts, a runner for what needs several processes. */
@NullMarked
package org.v4vgpu.bench;

import org.jspecify.annotations.NullMarked;
