/**
 * The demo: starts a server and one {@linkplain org.v4vgpu.stencil.program measured program} per address as processes, lets the
 * programs take turns, and prints the table that compares them. Start at {@link org.v4vgpu.stencil.Main}; the order of things
 * is in {@code Measurement}.
 */
@NullMarked
package org.v4vgpu.stencil;

import org.jspecify.annotations.NullMarked;
