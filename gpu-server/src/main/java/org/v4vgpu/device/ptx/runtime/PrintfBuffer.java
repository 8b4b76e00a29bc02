package org.v4vgpu.device.ptx.runtime;

/** A sink of printf that bounds itself what it keeps: a launch may print as much as it likes. Each append is one printf call. */
public interface PrintfBuffer extends Appendable {}
