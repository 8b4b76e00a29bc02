/**
 * Connections over V4V: a listening ring for requests only, then one ring per direction, and message channels over the two. Start
 * at {@link org.v4vgpu.v4v.connection.V4vMessageChannel}. Uses any {@link org.v4vgpu.v4v.V4vHypervisor}.
 */
@NullMarked
package org.v4vgpu.v4v.connection;

import org.jspecify.annotations.NullMarked;
