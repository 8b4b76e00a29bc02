package org.v4vgpu.proto;

import java.util.Map;

/**
 * A CUresult of the CUDA driver API. Travels as data in a reply and becomes an {@code int} or an exception at the client's edge.
 * Codes that this class has no name for pass through unchanged.
 *
 * <p>Source: CUDA driver API, section 6.1, CUresult.
 */
public record CudaStatus(int code) {
    public static final CudaStatus SUCCESS = new CudaStatus(0);
    public static final CudaStatus INVALID_VALUE = new CudaStatus(1);
    public static final CudaStatus OUT_OF_MEMORY = new CudaStatus(2);
    public static final CudaStatus NOT_INITIALIZED = new CudaStatus(3);
    public static final CudaStatus DEINITIALIZED = new CudaStatus(4);
    public static final CudaStatus DEVICE_UNAVAILABLE = new CudaStatus(46);
    public static final CudaStatus NO_DEVICE = new CudaStatus(100);
    public static final CudaStatus INVALID_DEVICE = new CudaStatus(101);
    public static final CudaStatus INVALID_IMAGE = new CudaStatus(200);
    public static final CudaStatus INVALID_CONTEXT = new CudaStatus(201);
    public static final CudaStatus NO_BINARY_FOR_GPU = new CudaStatus(209);
    public static final CudaStatus INVALID_PTX = new CudaStatus(218);
    public static final CudaStatus UNSUPPORTED_PTX_VERSION = new CudaStatus(222);
    public static final CudaStatus INVALID_SOURCE = new CudaStatus(300);
    public static final CudaStatus FILE_NOT_FOUND = new CudaStatus(301);
    public static final CudaStatus OPERATING_SYSTEM = new CudaStatus(304);
    public static final CudaStatus INVALID_HANDLE = new CudaStatus(400);
    public static final CudaStatus ILLEGAL_STATE = new CudaStatus(401);
    public static final CudaStatus NOT_FOUND = new CudaStatus(500);
    public static final CudaStatus NOT_READY = new CudaStatus(600);
    public static final CudaStatus ILLEGAL_ADDRESS = new CudaStatus(700);
    public static final CudaStatus LAUNCH_OUT_OF_RESOURCES = new CudaStatus(701);
    public static final CudaStatus LAUNCH_TIMEOUT = new CudaStatus(702);
    public static final CudaStatus CONTEXT_IS_DESTROYED = new CudaStatus(709);
    public static final CudaStatus ASSERT = new CudaStatus(710);
    public static final CudaStatus ILLEGAL_INSTRUCTION = new CudaStatus(715);
    public static final CudaStatus MISALIGNED_ADDRESS = new CudaStatus(716);
    public static final CudaStatus INVALID_ADDRESS_SPACE = new CudaStatus(717);
    public static final CudaStatus LAUNCH_FAILED = new CudaStatus(719);
    public static final CudaStatus NOT_PERMITTED = new CudaStatus(800);
    public static final CudaStatus NOT_SUPPORTED = new CudaStatus(801);
    public static final CudaStatus UNKNOWN = new CudaStatus(999);

    private static final Map<Integer, String[]> TEXTS = Map.ofEntries(
            text(0, "CUDA_SUCCESS", "no error"),
            text(1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"),
            text(2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"),
            text(3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"),
            text(4, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"),
            text(46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"),
            text(100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"),
            text(101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"),
            text(200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"),
            text(201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"),
            text(209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"),
            text(218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"),
            text(
                    222,
                    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
                    "the provided PTX was compiled with an unsupported toolchain"),
            text(300, "CUDA_ERROR_INVALID_SOURCE", "device kernel image is invalid"),
            text(301, "CUDA_ERROR_FILE_NOT_FOUND", "file not found"),
            text(304, "CUDA_ERROR_OPERATING_SYSTEM", "OS call failed or operation not supported on this OS"),
            text(400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"),
            text(401, "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"),
            text(500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"),
            text(600, "CUDA_ERROR_NOT_READY", "device not ready"),
            text(700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"),
            text(701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"),
            text(702, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"),
            text(709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"),
            text(710, "CUDA_ERROR_ASSERT", "device-side assert triggered"),
            text(715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"),
            text(716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"),
            text(717, "CUDA_ERROR_INVALID_ADDRESS_SPACE", "operation not supported on global/shared address space"),
            text(719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"),
            text(800, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"),
            text(801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"),
            text(999, "CUDA_ERROR_UNKNOWN", "unknown error"));

    public boolean isSuccess() {
        return code == 0;
    }

    /** Whether the context is broken for good: every later call in it returns the same code. */
    public boolean isFatal() {
        return switch (code) {
            case 700, 702, 709, 710, 714, 715, 716, 717, 718, 719 -> true;
            default -> false;
        };
    }

    /** The name as cuGetErrorName gives it. */
    public String name() {
        String[] text = TEXTS.get(code);
        return text == null ? "CUresult " + code : text[0];
    }

    /** The sentence as cuGetErrorString gives it. */
    public String description() {
        String[] text = TEXTS.get(code);
        return text == null ? "unrecognized error code" : text[1];
    }

    /** Whether this class knows the code's name. */
    public boolean isKnown() {
        return TEXTS.containsKey(code);
    }

    @Override
    public String toString() {
        return name() + " (" + code + ")";
    }

    private static Map.Entry<Integer, String[]> text(int code, String name, String description) {
        return Map.entry(code, new String[] {name, description});
    }
}
