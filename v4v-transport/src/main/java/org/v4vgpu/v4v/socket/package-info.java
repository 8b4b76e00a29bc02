/**
 * Sockets over V4V for programs that know nothing of it: {@code java.net} sockets, their factories for {@code javax.net} and RMI, and
 * a byte channel. A connection is one of {@code connection}; its rings carry a stream of bytes. Start at {@link
 * org.v4vgpu.v4v.socket.V4vSocketFactory}, inside at {@link org.v4vgpu.v4v.socket.V4vStream}.
 */
@NullMarked
package org.v4vgpu.v4v.socket;

import org.jspecify.annotations.NullMarked;
