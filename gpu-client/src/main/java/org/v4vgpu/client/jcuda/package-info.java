/**
 * JCuda on {@link org.v4vgpu.client.RemoteGpu}: what the rewritten native methods call. A class per part of the API, with a static
 * method per native method, of the same name without "Native" and the same parameters, which returns nothing and throws what went
 * wrong; the linking makes the CUresult of that. Start at {@link org.v4vgpu.client.jcuda.JCudaBridge}.
 */
@NullMarked
package org.v4vgpu.client.jcuda;

import org.jspecify.annotations.NullMarked;
