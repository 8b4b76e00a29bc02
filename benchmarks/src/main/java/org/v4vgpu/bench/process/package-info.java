/** Processes that measurements start. Uses nothing of the project. Start reading at {@link org.v4vgpu.bench.process.ChildProcess}. */
@NullMarked
package org.v4vgpu.bench.process;

import org.jspecify.annotations.NullMarked;
