/**
 * What a program's own class loaders see of the JCuda bridge: the agent, the rewriter, the bootstrap method that rewritten
 * native methods link through, and the loader that keeps the rest to itself. Uses the JDK alone, and names no JCuda type. Start at
 * {@link org.v4vgpu.client.jcuda.agent.JCudaRewriter}.
 */
@NullMarked
package org.v4vgpu.client.jcuda.agent;

import org.jspecify.annotations.NullMarked;
