/** Tests of the server program, as a process of its own. */
@NullMarked
package org.v4vgpu.server;

import org.jspecify.annotations.NullMarked;
