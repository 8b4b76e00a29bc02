/**
 * The status of a running server, for people and for scripts. Start at {@code StatusCommand}. A client of the protocol like any
 * other: uses {@code proto} and {@code v4v-transport}.
 */
@NullMarked
package org.v4vgpu.server.status;

import org.jspecify.annotations.NullMarked;
