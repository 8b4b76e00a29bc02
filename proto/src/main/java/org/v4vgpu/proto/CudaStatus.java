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
    public static final CudaStatus UNSUPPORTED_LIMIT = new CudaStatus(215);
    public static final CudaStatus PEER_ACCESS_UNSUPPORTED = new CudaStatus(217);
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
    public static final CudaStatus PEER_ACCESS_NOT_ENABLED = new CudaStatus(705);
    public static final CudaStatus PRIMARY_CONTEXT_ACTIVE = new CudaStatus(708);
    public static final CudaStatus CONTEXT_IS_DESTROYED = new CudaStatus(709);
    public static final CudaStatus HOST_MEMORY_ALREADY_REGISTERED = new CudaStatus(712);
    public static final CudaStatus HOST_MEMORY_NOT_REGISTERED = new CudaStatus(713);
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
            text(5, "CUDA_ERROR_PROFILER_DISABLED", "profiler disabled while using external profiling tool"),
            text(6, "CUDA_ERROR_PROFILER_NOT_INITIALIZED", "profiler not initialized: call cudaProfilerInitialize()"),
            text(7, "CUDA_ERROR_PROFILER_ALREADY_STARTED", "profiler already started"),
            text(8, "CUDA_ERROR_PROFILER_ALREADY_STOPPED", "profiler already stopped"),
            text(34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"),
            text(102, "CUDA_ERROR_DEVICE_NOT_LICENSED", "device doesn't have valid Grid license"),
            text(202, "CUDA_ERROR_CONTEXT_ALREADY_CURRENT", "context already current"),
            text(205, "CUDA_ERROR_MAP_FAILED", "mapping of buffer object failed"),
            text(206, "CUDA_ERROR_UNMAP_FAILED", "unmapping of buffer object failed"),
            text(207, "CUDA_ERROR_ARRAY_IS_MAPPED", "array is mapped"),
            text(208, "CUDA_ERROR_ALREADY_MAPPED", "resource already mapped"),
            text(210, "CUDA_ERROR_ALREADY_ACQUIRED", "resource already acquired"),
            text(211, "CUDA_ERROR_NOT_MAPPED", "resource not mapped"),
            text(212, "CUDA_ERROR_NOT_MAPPED_AS_ARRAY", "resource not mapped as array"),
            text(213, "CUDA_ERROR_NOT_MAPPED_AS_POINTER", "resource not mapped as pointer"),
            text(214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"),
            text(215, "CUDA_ERROR_UNSUPPORTED_LIMIT", "limit is not supported on this architecture"),
            text(
                    216,
                    "CUDA_ERROR_CONTEXT_ALREADY_IN_USE",
                    "exclusive-thread device already in use by a different thread"),
            text(217, "CUDA_ERROR_PEER_ACCESS_UNSUPPORTED", "peer access is not supported between these two devices"),
            text(219, "CUDA_ERROR_INVALID_GRAPHICS_CONTEXT", "invalid OpenGL or DirectX context"),
            text(220, "CUDA_ERROR_NVLINK_UNCORRECTABLE", "uncorrectable NVLink error detected during the execution"),
            text(221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "PTX JIT compiler library not found"),
            text(223, "CUDA_ERROR_JIT_COMPILATION_DISABLED", "PTX JIT compilation was disabled"),
            text(224, "CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY", "the provided execution affinity is not supported"),
            text(302, "CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND", "shared object symbol not found"),
            text(303, "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED", "shared object initialization failed"),
            text(703, "CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING", "launch uses incompatible texturing mode"),
            text(704, "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED", "peer access is already enabled"),
            text(705, "CUDA_ERROR_PEER_ACCESS_NOT_ENABLED", "peer access has not been enabled"),
            text(708, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", "cannot set while device is active in this process"),
            text(711, "CUDA_ERROR_TOO_MANY_PEERS", "peer mapping resources exhausted"),
            text(
                    712,
                    "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED",
                    "part or all of the requested memory range is already mapped"),
            text(
                    713,
                    "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED",
                    "pointer does not correspond to a registered memory region"),
            text(714, "CUDA_ERROR_HARDWARE_STACK_ERROR", "hardware stack error"),
            text(718, "CUDA_ERROR_INVALID_PC", "invalid program counter"),
            text(720, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", "too many blocks in cooperative launch"),
            text(802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"),
            text(
                    803,
                    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
                    "system has unsupported display driver / cuda driver combination"),
            text(
                    804,
                    "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
                    "forward compatibility was attempted on non supported HW"),
            text(
                    805,
                    "CUDA_ERROR_MPS_CONNECTION_FAILED",
                    "MPS client failed to connect to the MPS control daemon or the MPS server"),
            text(
                    806,
                    "CUDA_ERROR_MPS_RPC_FAILURE",
                    "the remote procedural call between the MPS server and the MPS client failed"),
            text(807, "CUDA_ERROR_MPS_SERVER_NOT_READY", "MPS server is not ready to accept new MPS client requests"),
            text(
                    808,
                    "CUDA_ERROR_MPS_MAX_CLIENTS_REACHED",
                    "the hardware resources required to create MPS client have been exhausted"),
            text(
                    809,
                    "CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED",
                    "the hardware resources required to support device connections have been exhausted"),
            text(810, "CUDA_ERROR_MPS_CLIENT_TERMINATED", "the MPS client has been terminated by the server"),
            text(
                    811,
                    "CUDA_ERROR_CDP_NOT_SUPPORTED",
                    "is using CUDA Dynamic Parallelism, but the current configuration does not support it"),
            text(
                    812,
                    "CUDA_ERROR_CDP_VERSION_MISMATCH",
                    "unsupported interaction between different versions of CUDA Dynamic Parallelism"),
            text(900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"),
            text(
                    901,
                    "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
                    "operation failed due to a previous error during capture"),
            text(
                    902,
                    "CUDA_ERROR_STREAM_CAPTURE_MERGE",
                    "operation would result in a merge of separate capture sequences"),
            text(903, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not ended in the same stream as it began"),
            text(904, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"),
            text(905, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream"),
            text(
                    906,
                    "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
                    "operation would make the legacy stream depend on a capturing blocking stream"),
            text(
                    907,
                    "CUDA_ERROR_CAPTURED_EVENT",
                    "operation not permitted on an event last recorded in a capturing stream"),
            text(
                    908,
                    "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
                    "attempt to terminate a thread-local capture sequence from another thread"),
            text(909, "CUDA_ERROR_TIMEOUT", "wait operation timed out"),
            text(
                    910,
                    "CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE",
                    "the graph update was not performed because it included changes which violated constraints specific to instantiated graph update"),
            text(911, "CUDA_ERROR_EXTERNAL_DEVICE", "an async error has occured in external entity outside of CUDA"),
            text(
                    912,
                    "CUDA_ERROR_INVALID_CLUSTER_SIZE",
                    "a kernel launch error has occurred due to cluster misconfiguration"),
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
        if (text != null) {
            return text[0];
        }
        return BlasStatus.isOne(this) ? BlasStatus.name(BlasStatus.code(this)) : "CUresult " + code;
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
