package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
 * <p>It takes PTX, cubins and fatbins as far as the server's device can link them, which is asked once here for its errors and logs. The
 * result is the input itself, or a {@link LinkedImage} of several, to be loaded like any image. Objects and libraries are refused.
 */
final class DriverLinks {
    private DriverLinks() {}

    /** What was added so far. Guarded by itself. */
    static final class Link {
        private final RemoteContext context;
        private final @Nullable JitLogs logs;
        private final List<MemorySegment> inputs = new ArrayList<>();

        /** Whether the server has seen all inputs and has nothing against them. */
        private boolean accepted;

        RemoteContext context() {
            return context;
        }

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
        Link link = of(state, "cuLinkAddData");
        MemorySegment image =
                HostPointer.of(mandatory(data, "data", "cuLinkAddData")).bytes(bytes);
        add(link, type, image, name);
    }

    static void cuLinkAddFile(CUlinkState state, int type, String path, @Nullable JITOptions options) {
        Link link = of(state, "cuLinkAddFile");
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
            // The image as it is now: the program may reuse its own.
            MemorySegment copy = Arena.ofAuto().allocate(module.byteSize());
            copy.copyFrom(module);
            link.inputs.add(copy);
            ModuleLoad load = tryAll(link);
            link.accepted = load.module() != null;
            if (!link.accepted && link.inputs.stream().anyMatch(DriverLinks::declaresOthers)) {
                return; // another input may bring what is missing; if not, the completion says so
            }
            try {
                finish(link, load);
            } catch (CudaException e) {
                link.inputs.removeLast(); // as if it had not been added
                throw e;
            }
        }
    }

    private static ModuleLoad tryAll(Link link) {
        return link.inputs.size() == 1
                ? link.context.tryLoadModule(link.inputs.getFirst(), JitLogs.WANTED_BYTES)
                : link.context.tryLinkModule(link.inputs, JitLogs.WANTED_BYTES);
    }

    private static void finish(Link link, ModuleLoad load) {
        if (link.logs != null) {
            link.logs.deliver(load.infoLog(), load.errorLog());
        }
        load.orElseThrow().close();
    }

    private static boolean declaresOthers(MemorySegment input) {
        return new String(input.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1).contains(".extern");
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
        Link link = of(state, "cuLinkComplete");
        mandatory(cubin, "cubinOut", "cuLinkComplete");
        synchronized (link) {
            if (link.inputs.isEmpty()) {
                throw new CudaException(CudaStatus.INVALID_VALUE, "a link of nothing");
            }
            if (!link.accepted) {
                finish(link, tryAll(link));
            }
            MemorySegment image =
                    link.inputs.size() == 1 ? withNul(link.inputs.getFirst()) : LinkedImage.of(link.inputs);
            JCudaFields.setHost(cubin, image.address(), image.asByteBuffer());
            if (bytes != null) {
                bytes[0] = image.byteSize();
            }
        }
    }

    /** Text ends with a NUL, where programs look for its end. */
    private static MemorySegment withNul(MemorySegment input) {
        MemorySegment image = Arena.ofAuto().allocate(input.byteSize() + 1);
        image.copyFrom(input);
        return image;
    }

    static void cuLinkDestroy(CUlinkState state) {
        Handles.remove(JCudaFields.handle(mandatory(state, "state", "cuLinkDestroy")), Link.class);
    }

    private static Link of(CUlinkState state, String call) {
        return Handles.find(JCudaFields.handle(mandatory(state, "state", call)), Link.class);
    }
}
