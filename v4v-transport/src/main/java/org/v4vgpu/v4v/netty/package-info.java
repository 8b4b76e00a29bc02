/**
 * V4V as a transport of Netty 4.2: byte streams over the connections of {@link org.v4vgpu.v4v.connection}, for any Netty program.
 * Start at {@link org.v4vgpu.v4v.netty.V4vChannel}. Needs io.netty:netty-transport, which the rest of the module does without.
 *
 * {@snippet :
 *   EventLoopGroup group = new MultiThreadIoEventLoopGroup(2, V4vIoHandler.newFactory());
 *   new ServerBootstrap()
 *           .group(group)
 *           .channel(V4vServerChannel.class)
 *           .childHandler(initializer)
 *           .bind(new V4vAddress(1, 8080));
 * }
 */
@NullMarked
package org.v4vgpu.v4v.netty;

import org.jspecify.annotations.NullMarked;
