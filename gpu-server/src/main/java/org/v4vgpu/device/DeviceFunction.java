package org.v4vgpu.device;

import java.util.List;
import java.util.Map;

/** A kernel of a loaded module. Immutable, safe for any thread. */
public interface DeviceFunction {
    String name();

    /** The layout of a launch's parameter bytes, in order. */
    List<Parameter> parameters();

    /** CUfunction_attribute to its value. Source: cuFuncGetAttribute. */
    Map<Integer, Integer> attributes();

    /**
     * Where a parameter lies.
     *
     * @param offset where the parameter begins in the parameter bytes
     */
    record Parameter(int offset, int bytes) {}
}
