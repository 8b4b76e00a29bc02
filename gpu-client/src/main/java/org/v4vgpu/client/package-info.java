/**
 * The client: sessions and lanes, and {@code RemoteGpu}, the Java API to a remote CUDA device. Start at {@code RemoteGpu}. Knows
 * nothing of the server's classes.
 */
@NullMarked
package org.v4vgpu.client;

import org.jspecify.annotations.NullMarked;
