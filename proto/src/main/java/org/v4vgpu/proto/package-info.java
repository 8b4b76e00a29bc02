/**
 * The calls between client and server: the table of calls (generated from {@code v4vgpu/calls.proto}), the descriptor and codec
 * that carry a call through a message, status codes, limits and the protocol's version. Start at {@link
 * org.v4vgpu.proto.CallDescriptor}. Knows protobuf; knows nothing of V4V, sockets or CUDA libraries.
 */
@NullMarked
package org.v4vgpu.proto;

import org.jspecify.annotations.NullMarked;
