/**
 * Message channels over TCP, as good as blocking sockets allow: the calling thread makes the system calls itself; and over any other
 * {@link org.v4vgpu.v4v.tcp.ByteStream}. Start at {@link org.v4vgpu.v4v.tcp.TcpMessageChannel}. Uses {@code java.nio} only.
 */
@NullMarked
package org.v4vgpu.v4v.tcp;

import org.jspecify.annotations.NullMarked;
