/**
 * The client: sessions and lanes, and {@code RemoteGpu}, the Java API to a remote CUDA device. Start at {@link
 * org.v4vgpu.client.RemoteGpu}; how a call travels is in {@code Lane}. Knows {@code org.v4vgpu.proto} and {@code
 * org.v4vgpu.v4v}; knows nothing of the server's classes or of JCuda.
 */
@NullMarked
package org.v4vgpu.client;

import org.jspecify.annotations.NullMarked;
