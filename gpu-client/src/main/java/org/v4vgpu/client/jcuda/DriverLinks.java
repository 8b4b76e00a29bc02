package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.driver.CUjitInputType;
import jcuda.driver.CUlinkState;
import jcuda.driver.JITOptions;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.ModuleLoad;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.proto.CudaStatus;

/**
 * The linker of the driver API. Safe for any thread.
 *
 * <p>It takes one input: PTX, a cubin or a fatbin, which the server compiles once here for its errors and logs. The result is the
 * input itself, to be loaded like any image. Several inputs, objects and libraries would need a linker at the server, and are refused.
 */
final class DriverLinks {
    private DriverLinks() {}

    /** What was added so far. Guarded by itself. */
    private static final class Link {
        private final RemoteContext context;
        private final @Nullable JitLogs logs;
        private @Nullable MemorySegment image;

        Link(RemoteContext context, @Nullable JitLogs logs) {
            this.context = context;
            this.logs = logs;
        }
    }

    static void cuLinkCreate(@Nullable JITOptions options, CUlinkState state) {
        mandatory(state, "stateOut", "cuLinkCreate");
        JitLogs logs = options == null ? null : JitLogs.of(options);
        JCudaFields.setNativePointer(state, Handles.of(new Link(CurrentContext.get(), logs)));
    }

    static void cuLinkAddData(
            CUlinkState state,
            int type,
            Pointer data,
            long bytes,
            @Nullable String name,
            @Nullable JITOptions options) {
        Link link = of(state);
        MemorySegment image =
                HostPointer.of(mandatory(data, "data", "cuLinkAddData")).bytes(bytes);
        add(link, type, image, name);
    }

    static void cuLinkAddFile(CUlinkState state, int type, String path, @Nullable JITOptions options) {
        Link link = of(state);
        mandatory(path, "path", "cuLinkAddFile");
        requireKind(type, path);
        try {
            add(link, type, MemorySegment.ofArray(Files.readAllBytes(Path.of(path))), path);
        } catch (IOException | InvalidPathException e) {
            throw new CudaException(CudaStatus.FILE_NOT_FOUND, "can't read " + path + ": " + e, e);
        }
    }

    private static void add(Link link, int type, MemorySegment image, @Nullable String name) {
        requireKind(type, name);
        MemorySegment module = ModuleImage.of(image);
        synchronized (link) {
            if (link.image != null) {
                throw new CudaException(CudaStatus.NOT_SUPPORTED, "linking several inputs: " + name + " is the second");
            }
            ModuleLoad load = link.context.tryLoadModule(module, JitLogs.WANTED_BYTES);
            if (link.logs != null) {
                link.logs.deliver(load.infoLog(), load.errorLog());
            }
            load.orElseThrow().close();
            // The image as it is now, with the NUL that text ends with: the program may reuse its own.
            MemorySegment copy = Arena.ofAuto().allocate(module.byteSize() + 1);
            copy.copyFrom(module);
            link.image = copy;
        }
    }

    private static void requireKind(int type, @Nullable String name) {
        switch (type) {
            case CUjitInputType.CU_JIT_INPUT_PTX,
                    CUjitInputType.CU_JIT_INPUT_CUBIN,
                    CUjitInputType.CU_JIT_INPUT_FATBINARY -> {}
            case CUjitInputType.CU_JIT_INPUT_OBJECT, CUjitInputType.CU_JIT_INPUT_LIBRARY ->
                throw new CudaException(
                        CudaStatus.NOT_SUPPORTED, "linking " + CUjitInputType.stringFor(type) + " (" + name + ")");
            default -> throw new CudaException(CudaStatus.INVALID_VALUE, "input type " + type);
        }
    }

    /** The image lives as long as somebody knows it, and not only as long as the link. */
    static void cuLinkComplete(CUlinkState state, Pointer cubin, long @Nullable [] bytes) {
        Link link = of(state);
        mandatory(cubin, "cubinOut", "cuLinkComplete");
        synchronized (link) {
            MemorySegment image = link.image;
            if (image == null) {
                throw new CudaException(CudaStatus.INVALID_VALUE, "a link of nothing");
            }
            JCudaFields.setHost(cubin, image.address(), image.asByteBuffer());
            if (bytes != null) {
                bytes[0] = image.byteSize();
            }
        }
    }

    static void cuLinkDestroy(CUlinkState state) {
        Handles.remove(JCudaFields.handle(mandatory(state, "state", "cuLinkDestroy")), Link.class);
    }

    private static Link of(@Nullable CUlinkState state) {
        return Handles.find(JCudaFields.handle(mandatory(state, "state", "cuLink")), Link.class);
    }
}
