/**
 * Every arithmetic instruction with its modifiers against exact references in BigInteger and BigDecimal, on values at the edges.
 * Begin with {@link org.v4vgpu.device.ptx.numeric.NumericBench}.
 */
@org.jspecify.annotations.NullMarked
package org.v4vgpu.device.ptx.numeric;
