/** Netty's own transport test suite on V4V, and what it does not ask. */
@org.jspecify.annotations.NullMarked
package org.v4vgpu.v4v.netty;
