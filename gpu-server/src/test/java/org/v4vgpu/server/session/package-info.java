/** Tests of sessions, lanes and calls, over a channel within the JVM and over the real ones. */
@NullMarked
package org.v4vgpu.server.session;

import org.jspecify.annotations.NullMarked;
