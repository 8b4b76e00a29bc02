package org.v4vgpu.client.jcuda;

import java.util.Map;
import jcuda.runtime.cudaError;
import org.v4vgpu.proto.CudaStatus;

/** Names and sentences of the runtime API's errors; most numbers are the driver's. Stateless. Source: cudaGetErrorString. */
final class RuntimeErrors {
    private static final String UNKNOWN = "unrecognized error code";

    /** What only the runtime API has. */
    private static final Map<Integer, String> OWN = Map.ofEntries(
            Map.entry(3, "initialization error"),
            Map.entry(9, "invalid configuration argument"),
            Map.entry(12, "invalid pitch argument"),
            Map.entry(13, "invalid device symbol"),
            Map.entry(16, "invalid host pointer"),
            Map.entry(17, "invalid device pointer"),
            Map.entry(18, "invalid texture reference"),
            Map.entry(19, "texture is not bound to a pointer"),
            Map.entry(20, "invalid channel descriptor"),
            Map.entry(21, "invalid copy direction for memcpy"),
            Map.entry(35, "CUDA driver version is insufficient for CUDA runtime version"),
            Map.entry(36, "API call is not supported in the installed CUDA driver"),
            Map.entry(37, "invalid surface reference"),
            Map.entry(49, "incompatible driver context"),
            Map.entry(52, "__global__ function call is not configured"),
            Map.entry(53, "unspecified launch failure in prior launch"),
            Map.entry(65, "launch would exceed maximum depth of nested launches"),
            Map.entry(98, "invalid device function"),
            Map.entry(127, "startup failure in cuda runtime"),
            Map.entry(708, "cannot set while device is active in this process"),
            Map.entry(10000, "api failure base"));

    private RuntimeErrors() {}

    static String name(int error) {
        String name = cudaError.stringFor(error);
        return name.startsWith("cudaError") || error == 0 ? name : UNKNOWN;
    }

    static String description(int error) {
        String own = OWN.get(error);
        if (own != null) {
            return own;
        }
        CudaStatus status = new CudaStatus(error);
        return status.isKnown() ? status.description() : name(error);
    }
}
