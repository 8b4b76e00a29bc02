/**
 * Random programs, as PTX for the device and as a tree that is interpreted here, must compute the same. Begin with {@link
 * org.v4vgpu.device.ptx.random.RandomProgramTest}.
 */
@org.jspecify.annotations.NullMarked
package org.v4vgpu.device.ptx.random;
