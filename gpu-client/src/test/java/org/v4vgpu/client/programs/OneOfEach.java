package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.nvrtc.JNvrtc.nvrtcCreateProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcDestroyProgram;
import static org.v4vgpu.client.programs.Checks.*;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.*;
import jcuda.jcublas.cublasHandle;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.runtime.cudaEvent_t;
import jcuda.runtime.cudaHostFn;
import jcuda.runtime.cudaStreamCallback;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;

/** One of each kind of thing in a context of its own: good arguments for any call, and what they become when all is closed. */
final class OneOfEach implements AutoCloseable {
    static final int BYTES = 4096;

    private static final String IMAGE = """
            .version 7.0
            .target sm_50
            .address_size 64
            .global .align 4 .b8 variable[64];
            .visible .entry k(.param .u64 p) { ret; }
            .visible .entry fault() {
                .reg .b64 %a;
                .reg .b32 %v;
                mov.b64 %a, 16;
                mov.b32 %v, 0;
                st.global.b32 [%a], %v;
                ret;
            }
            """;

    /** Numbers that are right where a parameter has this name; elsewhere 0 is. */
    private static final Map<String, Integer> NUMBERS = Map.ofEntries(
            Map.entry("len", 64),
            Map.entry("ByteCount", 64),
            Map.entry("count", 64),
            Map.entry("bytes", 64),
            Map.entry("bytesize", 64),
            Map.entry("size", 64),
            Map.entry("N", 8),
            Map.entry("numbytes", 8),
            Map.entry("Width", 4),
            Map.entry("width", 4),
            Map.entry("WidthInBytes", 16),
            Map.entry("Height", 2),
            Map.entry("height", 2),
            Map.entry("dstPitch", 64),
            Map.entry("pitch", 64),
            Map.entry("dpitch", 64),
            Map.entry("spitch", 64),
            Map.entry("ElementSizeBytes", 4),
            Map.entry("elemSize", 4),
            Map.entry("cudaMemcpyKind_kind", 1),
            Map.entry("attrib", 1),
            Map.entry("attr", 1),
            Map.entry("cudaDeviceAttr_attr", 1),
            Map.entry("limit", 1),
            Map.entry("x", 1),
            Map.entry("y", 1),
            Map.entry("z", 1),
            Map.entry("gridDimX", 1),
            Map.entry("gridDimY", 1),
            Map.entry("gridDimZ", 1),
            Map.entry("blockDimX", 1),
            Map.entry("blockDimY", 1),
            Map.entry("blockDimZ", 1),
            Map.entry("grid_width", 1),
            Map.entry("grid_height", 1),
            Map.entry("blockSize", 32),
            Map.entry("numBlocks", 1),
            Map.entry("type", CUjitInputType.CU_JIT_INPUT_PTX),
            Map.entry("n", 4),
            Map.entry("m", 4),
            Map.entry("k", 4),
            Map.entry("rows", 4),
            Map.entry("cols", 4),
            Map.entry("lda", 4),
            Map.entry("ldb", 4),
            Map.entry("ldc", 4),
            Map.entry("incx", 1),
            Map.entry("incy", 1),
            Map.entry("batchCount", 1));

    final CUcontext context = new CUcontext();
    final CUmodule module = new CUmodule();
    final CUfunction function = new CUfunction();
    final CUstream stream = new CUstream();
    final CUevent event = new CUevent();
    final CUmemoryPool pool = new CUmemoryPool();
    final CUlinkState link = new CUlinkState();
    final cublasHandle blas = new cublasHandle();
    final nvrtcProgram program = new nvrtcProgram();
    final CUdeviceptr memory;
    final CUdeviceptr managed = new CUdeviceptr();
    final Pointer pinned = new Pointer();
    final Pointer mapped = new Pointer();
    final Pointer registered = Pointer.to(ByteBuffer.allocateDirect(BYTES));
    final Pointer unregistered = Pointer.to(ByteBuffer.allocateDirect(BYTES));

    /** An array of the addresses of matrices, on the device. */
    final CUdeviceptr matrices;

    /** Was device memory, the last to be allocated, so that its address is nobody else's. */
    final CUdeviceptr freed;

    final Pointer freedHost = new Pointer();

    @SuppressWarnings("deprecation") // programs still make these calls
    OneOfEach() {
        ok(cuCtxCreate(context, 0, device()));
        ok(cuModuleLoadData(module, IMAGE));
        ok(cuModuleGetFunction(function, module, "k"));
        ok(cuParamSetSize(function, 8));
        ok(cuStreamCreate(stream, 0));
        ok(cuEventCreate(event, 0));
        CUmemPoolProps properties = new CUmemPoolProps();
        properties.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        properties.location = new CUmemLocation();
        properties.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        ok(cuMemPoolCreate(pool, properties));
        ok(cuLinkCreate(new JITOptions(), link));
        ok(cublasCreate(blas));
        ok(nvrtcCreateProgram(program, "no program", null, 0, null, null));
        memory = allocate(BYTES);
        ok(cuMemAllocManaged(managed, BYTES, CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL));
        ok(cuMemAllocHost(pinned, BYTES));
        ok(cuMemHostAlloc(mapped, BYTES, CU_MEMHOSTALLOC_DEVICEMAP));
        ok(cuMemHostRegister(registered, BYTES, 0));
        matrices = allocate(64);
        ok(cuMemcpyHtoD(matrices, Pointer.to(memory), 8));
        ok(cuMemAllocHost(freedHost, 64));
        ok(cuMemFreeHost(freedHost));
        freed = allocate(BYTES);
        ok(cuMemFree(freed));
    }

    /** A right argument; a new one where the call writes into it. */
    @Nullable
    Object argument(ApiCall call, int parameter) {
        Class<?> type = call.type(parameter);
        String name = call.names().get(parameter);
        if (type == Pointer.class) {
            return pointer(call.name(), name);
        }
        if (type == CUdeviceptr.class) {
            return devicePointer(call.name(), name);
        }
        if (type.isArray()) {
            return array(type, call.name(), name);
        }
        if (type.isPrimitive()) {
            return number(type, call.name(), name);
        }
        return isResult(call.name(), name) ? created(type) : existing(type, call.name(), name);
    }

    /** Whether a handle is what the call makes. */
    static boolean isResult(String call, String name) {
        return switch (call) {
            case "cuCtxPopCurrent", "cuCtxGetCurrent", "cuCtxGetDevice", "cuDeviceGet", "cuDeviceGetByPCIBusId" -> true;
            case "cuModuleGetFunction" -> name.equals("hfunc");
            case "cuFuncGetModule" -> name.equals("hmod");
            case "cuModuleGetGlobal", "cuMemAllocAsync", "cuMemAllocFromPoolAsync" -> name.equals("dptr");
            case "cuMemGetAddressRange" -> name.equals("pbase");
            case "cuMemHostGetDevicePointer" -> name.equals("ret");
            case "cudaHostGetDevicePointer" -> name.equals("pDevice");
            case "cublasGetStream" -> name.startsWith("stream");
            case "cuStreamGetCtx", "cuDevicePrimaryCtxRetain", "cuCtxCreate" -> name.equals("pctx");
            case "cudaMalloc",
                    "cudaMallocManaged",
                    "cudaMallocPitch",
                    "cuMemAlloc",
                    "cuMemAllocManaged",
                    "cuMemAllocPitch" -> name.equals("dptr") || name.equals("devPtr");
            case "cudaMallocHost", "cudaHostAlloc", "cuMemAllocHost", "cuMemHostAlloc" -> true;
            case "cuLinkCreate", "cuMemPoolCreate" -> name.equals("stateOut") || name.equals("pool");
            case "cuLinkComplete" -> name.equals("cubinOut");
            case "cublasCreate", "nvrtcCreateProgram" -> name.equals("handle") || name.equals("prog");
            default ->
                (call.startsWith("cuModuleLoad") && (name.equals("module") || name.equals("phMod")))
                        || call.startsWith("cuStreamCreate")
                        || call.startsWith("cudaStreamCreate")
                        || call.startsWith("cuEventCreate")
                        || call.startsWith("cudaEventCreate");
        };
    }

    private @Nullable Pointer pointer(String call, String name) {
        if (isResult(call, name)) {
            return new Pointer();
        }
        return switch (call) {
            case "cuMemFreeHost", "cudaFreeHost", "cuMemHostGetFlags" -> pinned;
            case "cuMemHostRegister", "cudaHostRegister" -> unregistered;
            case "cuMemHostUnregister", "cudaHostUnregister" -> registered;
            case "cuMemHostGetDevicePointer", "cudaHostGetDevicePointer" -> mapped;
            case "cudaStreamAttachMemAsync", "cudaMemPrefetchAsync" -> managed;
            case "cuLaunchKernel", "cuLaunchCooperativeKernel" ->
                name.equals("extra") ? null : Pointer.to(Pointer.to(memory));
            case "cuModuleLoadDataEx", "cuModuleLoadDataJIT" ->
                name.equals("optionValues") ? Pointer.to(Pointer.to(new int[1])) : image();
            case "cuLinkAddData" -> image();
            case "cublasSetVector", "cublasSetMatrix", "cublasSetMatrixAsync" ->
                name.equals("x") || name.equals("A") ? host() : memory;
            case "cublasGetVector", "cublasGetMatrix", "cublasGetMatrixAsync" ->
                name.equals("x") || name.equals("A") ? memory : host();
            case "cudaMemcpyPeer", "cudaMemcpyPeerAsync" -> memory;
            default ->
                switch (name) {
                    case "srcHost", "dstHost", "src", "ptr", "alpha", "beta", "result", "hostPtr" -> host();
                    case "Aarray", "Barray", "Carray" -> matrices;
                    default -> memory;
                };
        };
    }

    private static Pointer host() {
        return Pointer.to(new double[BYTES / Double.BYTES]);
    }

    private static Pointer image() {
        return Pointer.to((IMAGE + '\0').getBytes(StandardCharsets.UTF_8));
    }

    private CUdeviceptr devicePointer(String call, String name) {
        if (isResult(call, name)) {
            return new CUdeviceptr();
        }
        return call.equals("cuStreamAttachMemAsync") || call.equals("cuMemPrefetchAsync") ? managed : memory;
    }

    private static Object array(Class<?> type, String call, String name) {
        if (type == byte[].class) {
            return call.startsWith("cuModuleLoad") ? (IMAGE + '\0').getBytes(StandardCharsets.UTF_8) : new byte[256];
        }
        if (type == String[].class) {
            return name.equals("options") ? new String[] {"--no-such-option"} : new String[1];
        }
        return Array.newInstance(type.componentType(), 64);
    }

    private static Object number(Class<?> type, String call, String name) {
        int number = switch (name) {
            case "flags" -> call.contains("Managed") || call.contains("AttachMem") ? 1 : 0;
            case "value" -> call.endsWith("SetLimit") ? 1 << 20 : 0;
            case "attrib" -> call.equals("cuFuncSetAttribute") ? 8 : 1;
            case "dstDevice" -> call.equals("cudaMemPrefetchAsync") ? -1 : 0;
            case "length" -> 0;
            case "numOptions" -> 1;
            case "count" -> call.contains("Prefetch") ? BYTES : 64;
            case "strideA", "strideB", "strideC" -> 16;
            default -> NUMBERS.getOrDefault(name, 0);
        };
        return type == byte.class
                ? (Object) (byte) number
                : type == short.class
                        ? (Object) (short) number
                        : type == long.class
                                ? (Object) (long) number
                                : type == float.class ? (Object) (float) number : (Object) number;
    }

    /** What the calls that make one are given. */
    private static Object created(Class<?> type) {
        try {
            return type.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private @Nullable Object existing(Class<?> type, String call, String name) {
        return switch (type.getSimpleName()) {
            case "CUcontext" -> context;
            case "CUdevice" ->
                name.equals("dstDevice") && call.equals("cuMemPrefetchAsync")
                        ? handle(new CUdevice(), -1)
                        : new CUdevice();
            case "CUmodule" -> module;
            case "CUfunction" -> function;
            case "CUstream" -> stream;
            case "cudaStream_t" -> new cudaStream_t(stream);
            case "CUevent" -> event;
            case "cudaEvent_t" -> new cudaEvent_t(event);
            case "CUmemoryPool" -> pool;
            case "CUlinkState" -> link;
            case "cublasHandle" -> blas;
            case "nvrtcProgram" -> program;
            case "CUDA_MEMCPY2D" -> rows();
            case "CUmemPoolProps", "CUdevprop", "CUuuid", "cudaDeviceProp", "cudaPointerAttributes", "JITOptions" ->
                created(type);
            case "CUstreamCallback" -> (CUstreamCallback) (of, status, data) -> {};
            case "CUhostFn" -> (CUhostFn) data -> {};
            case "cudaStreamCallback" -> (cudaStreamCallback) (of, status, data) -> {};
            case "cudaHostFn" -> (cudaHostFn) data -> {};
            case "CUoccupancyB2DSize" -> null; // what the number beside it says

            case "String" ->
                name.equals("name") && call.equals("cuModuleGetGlobal")
                        ? "variable"
                        : name.equals("name") ? "k" : name.equals("string") ? IMAGE : "nothing";
            case "Object" -> "data";
            default -> throw new IllegalStateException("no argument of " + type + " for " + call);
        };
    }

    private CUDA_MEMCPY2D rows() {
        CUDA_MEMCPY2D rows = new CUDA_MEMCPY2D();
        rows.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        rows.srcHost = host();
        rows.srcPitch = 64;
        rows.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        rows.dstDevice = memory;
        rows.dstPitch = 64;
        rows.WidthInBytes = 16;
        rows.Height = 2;
        return rows;
    }

    /** A handle of a kind, with a number. */
    static NativePointerObject handle(Class<?> kind, long number) {
        return handle((NativePointerObject) created(kind), number);
    }

    /** A handle with another number. */
    static <T extends NativePointerObject> T handle(T handle, long number) {
        try {
            Field field = NativePointerObject.class.getDeclaredField("nativePointer");
            field.setAccessible(true);
            field.setLong(handle, number);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        return handle;
    }

    static long number(NativePointerObject handle) {
        try {
            Field field = NativePointerObject.class.getDeclaredField("nativePointer");
            field.setAccessible(true);
            return field.getLong(handle);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Destroys all, in whatever state wrong calls have left it; the handles stay what they are. */
    @Override
    public void close() {
        cuMemHostUnregister(registered);
        cuMemHostUnregister(unregistered); // a call may have registered it
        cuMemFreeHost(pinned);
        cuMemFreeHost(mapped);
        cuMemPoolDestroy(pool);
        cublasDestroy(blas);
        nvrtcDestroyProgram(program);
        int status = cuCtxDestroy(context);
        that(status == 0 || status == CUresult.CUDA_ERROR_INVALID_CONTEXT, "the end of a context: " + status);
    }
}
