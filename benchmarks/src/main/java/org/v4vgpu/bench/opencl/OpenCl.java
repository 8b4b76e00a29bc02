package org.v4vgpu.bench.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * libOpenCL, as far as it takes to run kernels in one queue. Objects are the addresses that OpenCL gives; they live as long as the
 * process. Confined to one thread. Source: the OpenCL specification, 1.2.
 *
 * <p>{@snippet lang=c :
 *   cl_int clGetPlatformIDs(cl_uint, cl_platform_id *, cl_uint *);
 *   cl_int clGetPlatformInfo(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
 *   cl_int clGetDeviceIDs(cl_platform_id, cl_device_type, cl_uint, cl_device_id *, cl_uint *);
 *   cl_context clCreateContext(cl_context_properties *, cl_uint, cl_device_id *, void (*)(), void *, cl_int *);
 *   cl_command_queue clCreateCommandQueue(cl_context, cl_device_id, cl_command_queue_properties, cl_int *);
 *   cl_program clCreateProgramWithSource(cl_context, cl_uint, const char **, const size_t *, cl_int *);
 *   cl_int clBuildProgram(cl_program, cl_uint, cl_device_id *, const char *, void (*)(), void *);
 *   cl_int clGetProgramBuildInfo(cl_program, cl_device_id, cl_program_build_info, size_t, void *, size_t *);
 *   cl_kernel clCreateKernel(cl_program, const char *, cl_int *);
 *   cl_int clSetKernelArg(cl_kernel, cl_uint, size_t, const void *);
 *   cl_mem clCreateBuffer(cl_context, cl_mem_flags, size_t, void *, cl_int *);
 *   cl_int clReleaseMemObject(cl_mem);
 *   cl_int clEnqueueWriteBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint, cl_event *, cl_event *);
 *   cl_int clEnqueueReadBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint, cl_event *, cl_event *);
 *   cl_int clEnqueueNDRangeKernel(cl_command_queue, cl_kernel, cl_uint, size_t *, size_t *, size_t *, cl_uint, cl_event *, cl_event *);
 *   cl_int clFinish(cl_command_queue);
 * }
 */
final class OpenCl {
    private static final String LIBRARY = "libOpenCL.so.1";
    private static final long CPU = 2;
    private static final int PLATFORM_NAME = 0x0902;
    private static final int PLATFORM_VERSION = 0x0901;
    private static final int BUILD_LOG = 0x1183;
    private static final long READ_WRITE = 1;

    private final SymbolLookup library;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment device;
    private final MemorySegment context;
    private final MemorySegment queue;
    private final String description;

    private final MethodHandle setKernelArg;
    private final MethodHandle enqueueKernel;
    private final MethodHandle finish;

    private record Cpu(MemorySegment platform, MemorySegment device) {}

    /** The first CPU device. @throws IOException if there is none, or no OpenCL, in one line that says so */
    OpenCl() throws IOException {
        library = library();
        setKernelArg = handle("clSetKernelArg", JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS);
        enqueueKernel = handle(
                "clEnqueueNDRangeKernel",
                JAVA_INT,
                ADDRESS,
                ADDRESS,
                JAVA_INT,
                ADDRESS,
                ADDRESS,
                ADDRESS,
                JAVA_INT,
                ADDRESS,
                ADDRESS);
        finish = handle("clFinish", JAVA_INT, ADDRESS);
        Cpu cpu = cpu();
        device = cpu.device;
        description = info(cpu.platform, PLATFORM_NAME) + ", " + info(cpu.platform, PLATFORM_VERSION);
        MemorySegment error = arena.allocate(JAVA_INT);
        context = object(
                "clCreateContext",
                error,
                handle("clCreateContext", ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
                MemorySegment.NULL,
                1,
                pointer(device),
                MemorySegment.NULL,
                MemorySegment.NULL,
                error);
        queue = object(
                "clCreateCommandQueue",
                error,
                handle("clCreateCommandQueue", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS),
                context,
                device,
                0L,
                error);
    }

    private Cpu cpu() throws IOException {
        for (MemorySegment platform : platforms()) {
            MemorySegment[] devices = devices(platform);
            if (devices.length > 0) {
                return new Cpu(platform, devices[0]);
            }
        }
        throw new IOException("no OpenCL platform has a CPU device");
    }

    private static SymbolLookup library() throws IOException {
        try {
            return SymbolLookup.libraryLookup(LIBRARY, Arena.global());
        } catch (IllegalArgumentException e) {
            throw new IOException(LIBRARY + " can't be loaded", e);
        }
    }

    /** Platform and version. */
    String description() {
        return description;
    }

    /** Compiles OpenCL C. @throws IOException with the compiler's words */
    MemorySegment build(String source) throws IOException {
        MemorySegment error = arena.allocate(JAVA_INT);
        MemorySegment program = object(
                "clCreateProgramWithSource",
                error,
                handle("clCreateProgramWithSource", ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS),
                context,
                1,
                pointer(arena.allocateFrom(source)),
                MemorySegment.NULL,
                error);
        int status = (int) call(
                handle("clBuildProgram", JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
                program,
                1,
                pointer(device),
                MemorySegment.NULL,
                MemorySegment.NULL,
                MemorySegment.NULL);
        if (status != 0) {
            MethodHandle info =
                    handle("clGetProgramBuildInfo", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
            MemorySegment log = arena.allocate(1 << 16);
            call(info, program, device, BUILD_LOG, log.byteSize(), log, MemorySegment.NULL);
            throw new IOException(
                    "clBuildProgram: error " + status + ": " + log.getString(0).strip());
        }
        return program;
    }

    MemorySegment kernel(MemorySegment program, String name) throws IOException {
        MemorySegment error = arena.allocate(JAVA_INT);
        return object(
                "clCreateKernel " + name,
                error,
                handle("clCreateKernel", ADDRESS, ADDRESS, ADDRESS, ADDRESS),
                program,
                arena.allocateFrom(name),
                error);
    }

    MemorySegment buffer(long bytes) throws IOException {
        MemorySegment error = arena.allocate(JAVA_INT);
        return object(
                "clCreateBuffer",
                error,
                handle("clCreateBuffer", ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS),
                context,
                READ_WRITE,
                bytes,
                MemorySegment.NULL,
                error);
    }

    void release(MemorySegment buffer) throws IOException {
        check("clReleaseMemObject", call(handle("clReleaseMemObject", JAVA_INT, ADDRESS), buffer));
    }

    /** Copies native memory to a buffer, or back, and waits. */
    void copy(boolean toDevice, MemorySegment buffer, MemorySegment host) throws IOException {
        String name = toDevice ? "clEnqueueWriteBuffer" : "clEnqueueReadBuffer";
        MethodHandle copy = handle(
                name, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
        check(name, call(copy, queue, buffer, 1, 0L, host.byteSize(), host, 0, MemorySegment.NULL, MemorySegment.NULL));
    }

    void argument(MemorySegment kernel, int index, MemorySegment value) throws IOException {
        check("clSetKernelArg " + index, call(setKernelArg, kernel, index, value.byteSize(), value));
    }

    /** Enqueues a kernel; sizes in two dimensions, in native memory. */
    void enqueue(MemorySegment kernel, MemorySegment global, MemorySegment local) throws IOException {
        check(
                "clEnqueueNDRangeKernel",
                call(
                        enqueueKernel,
                        queue,
                        kernel,
                        2,
                        MemorySegment.NULL,
                        global,
                        local,
                        0,
                        MemorySegment.NULL,
                        MemorySegment.NULL));
    }

    /** Waits for everything that was enqueued. */
    void finish() throws IOException {
        check("clFinish", call(finish, queue));
    }

    // ---- steps

    private MemorySegment[] devices(MemorySegment platform) throws IOException {
        MethodHandle devices = handle("clGetDeviceIDs", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
        MemorySegment found = arena.allocate(ADDRESS, 16);
        MemorySegment count = arena.allocate(JAVA_INT);
        int status = (int) call(devices, platform, CPU, 16, found, count);
        return status == 0 ? pointers(found, count) : new MemorySegment[0]; // CL_DEVICE_NOT_FOUND is an error there
    }

    private MemorySegment[] platforms() throws IOException {
        String name = "clGetPlatformIDs";
        MemorySegment found = arena.allocate(ADDRESS, 16);
        MemorySegment count = arena.allocate(JAVA_INT);
        int status = (int) call(handle(name, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS), 16, found, count);
        if (status != 0) {
            throw new IOException("no OpenCL platform is installed (" + name + ": error " + status + ")");
        }
        return pointers(found, count);
    }

    private static MemorySegment[] pointers(MemorySegment found, MemorySegment count) {
        MemorySegment[] pointers = new MemorySegment[Math.min(16, count.get(JAVA_INT, 0))];
        for (int i = 0; i < pointers.length; i++) {
            pointers[i] = found.getAtIndex(ADDRESS, i);
        }
        return pointers;
    }

    private String info(MemorySegment platform, int what) throws IOException {
        MemorySegment text = arena.allocate(1024);
        MethodHandle info = handle("clGetPlatformInfo", JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
        check("clGetPlatformInfo", call(info, platform, what, text.byteSize(), text, MemorySegment.NULL));
        return text.getString(0).strip();
    }

    private MemorySegment pointer(MemorySegment target) {
        MemorySegment pointer = arena.allocate(ADDRESS);
        pointer.set(ADDRESS, 0, target);
        return pointer;
    }

    private MethodHandle handle(String name, MemoryLayout result, ValueLayout... arguments) {
        MemorySegment address =
                library.find(name).orElseThrow(() -> new IllegalStateException(LIBRARY + " has no " + name));
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments));
    }

    private static MemorySegment object(String name, MemorySegment error, MethodHandle handle, Object... arguments)
            throws IOException {
        MemorySegment object = (MemorySegment) call(handle, arguments);
        check(name, error.get(JAVA_INT, 0));
        return object;
    }

    /** Not invokeExact: a call here takes microseconds at least, and what counts is measured around many of them. */
    private static Object call(MethodHandle handle, Object... arguments) {
        try {
            return handle.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void check(String name, Object status) throws IOException {
        if (!status.equals(0)) {
            throw new IOException(name + ": OpenCL error " + status);
        }
    }
}
