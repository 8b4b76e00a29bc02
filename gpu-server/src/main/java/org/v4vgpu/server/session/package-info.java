/**
 * A session: what one client process made on the server, and its end. Start at {@code Session}.
 */
@NullMarked
package org.v4vgpu.server.session;

import org.jspecify.annotations.NullMarked;
