package org.v4vgpu.client;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ModuleLoadDataReply;
import org.v4vgpu.proto.ModuleLoadDataRequest;

/**
 * How the loading of a module went. Immutable.
 *
 * @param module the module, if it was loaded
 * @param infoLog what the server's compiler remarked
 * @param errorLog what it refused, and where
 */
public record ModuleLoad(CudaStatus status, @Nullable RemoteModule module, String infoLog, String errorLog) {
    static final int DEFAULT_LOG_BYTES = 4096;

    static ModuleLoad of(RemoteContext context, MemorySegment image, int logBytes) {
        return of(context, image, List.of(), logBytes);
    }

    /** A module's file of this machine. @throws CudaException FILE_NOT_FOUND, OPERATING_SYSTEM */
    public static byte[] imageOf(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new CudaException(CudaStatus.FILE_NOT_FOUND, "no module file " + file, e);
        } catch (IOException e) {
            throw new CudaException(CudaStatus.FILE_NOT_FOUND, "can't read the module file " + file + ": " + e, e);
        }
    }

    /** Links images, which lie one behind the other, and loads the result. */
    static ModuleLoad linked(RemoteContext context, List<MemorySegment> images, int logBytes) {
        long bytes = images.stream().mapToLong(MemorySegment::byteSize).sum();
        if (bytes > Limits.MAXIMUM_MODULE_BYTES) {
            return refused(CudaStatus.INVALID_IMAGE, tooLong(bytes));
        }
        MemorySegment together = MemorySegment.ofArray(new byte[(int) bytes]);
        List<Long> parts = new ArrayList<>();
        long offset = 0;
        for (MemorySegment image : images) {
            together.asSlice(offset, image.byteSize()).copyFrom(image);
            parts.add(image.byteSize());
            offset += image.byteSize();
        }
        return of(context, together, images.size() == 1 ? List.of() : parts, logBytes);
    }

    private static String tooLong(long bytes) {
        return "a module image of " + bytes + " bytes; up to " + Limits.MAXIMUM_MODULE_BYTES + " are possible";
    }

    private static ModuleLoad of(RemoteContext context, MemorySegment image, List<Long> parts, int logBytes) {
        long bytes = image.byteSize();
        if (bytes == 0 || bytes > Limits.MAXIMUM_MODULE_BYTES) {
            return refused(CudaStatus.INVALID_IMAGE, tooLong(bytes));
        }
        int log = Math.clamp(logBytes, 0, Limits.MAXIMUM_LOG_BYTES);
        Lane.Reply<ModuleLoadDataReply> reply = context.lane()
                .exchange(
                        Call.MODULE_LOAD_DATA,
                        ModuleLoadDataRequest.newBuilder()
                                .setContext(context.id())
                                .setInfoLogBytes(log)
                                .setErrorLogBytes(log)
                                .addAllPartBytes(parts)
                                .build(),
                        image);
        ModuleLoadDataReply message = reply.message();
        RemoteModule module = reply.status().isSuccess() ? new RemoteModule(context, message.getModule()) : null;
        return new ModuleLoad(reply.status(), module, message.getInfoLog(), log(reply));
    }

    /** The compiler's words; where the server did not come to compile, why. */
    private static String log(Lane.Reply<ModuleLoadDataReply> reply) {
        String log = reply.message().getErrorLog();
        return log.isEmpty() ? reply.outcome().text() : log;
    }

    private static ModuleLoad refused(CudaStatus status, String why) {
        return new ModuleLoad(status, null, "", why);
    }

    /**
     * The module.
     *
     * @throws CudaException the status, with the error log, if there is no module
     */
    public RemoteModule orElseThrow() {
        if (module == null) {
            throw new CudaException(status, errorLog.isBlank() ? "ModuleLoadData" : errorLog.strip());
        }
        return module;
    }
}
