/**
 * V4V for any Java program: addresses, rings, hypervisors, connections and waiting, and message channels over V4V and TCP. Start
 * at {@link org.v4vgpu.v4v.MessageChannel}. Knows nothing of protobuf or CUDA.
 */
@NullMarked
package org.v4vgpu.v4v;

import org.jspecify.annotations.NullMarked;
