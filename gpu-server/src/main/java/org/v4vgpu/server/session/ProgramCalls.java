package org.v4vgpu.server.session;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.nvrtc.Compilation;
import org.v4vgpu.device.nvrtc.CompileQueue;
import org.v4vgpu.device.nvrtc.Program;
import org.v4vgpu.device.nvrtc.ProgramCompiler;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ProgramCompileReply;
import org.v4vgpu.proto.ProgramCompileRequest;
import org.v4vgpu.proto.ProgramCompilerReply;
import org.v4vgpu.proto.ProgramCompilerRequest;
import org.v4vgpu.proto.ProgramHeader;

/** Calls about programs that are compiled here. For the threads of all lanes. A compiler ends when its client is gone. */
final class ProgramCalls implements CallDispatcher.Calls {
    private final CompileQueue queue;

    ProgramCalls(CompileQueue queue) {
        this.queue = queue;
    }

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.PROGRAM_COMPILER, this::compiler);
        dispatcher.on(Call.PROGRAM_COMPILE, Limits.MAXIMUM_PROGRAM_BYTES, this::compile);
    }

    private ProgramCompilerReply compiler(LaneCall call, ProgramCompilerRequest request)
            throws DeviceException, IOException {
        try (CompileQueue.Job<ProgramCompiler> job = queue.compiler()) {
            call.await(job);
            ProgramCompiler compiler = job.result();
            compiler.ensureAvailability();
            return ProgramCompilerReply.newBuilder()
                    .setName(compiler.name())
                    .setMajorVersion(compiler.majorVersion())
                    .setMinorVersion(compiler.minorVersion())
                    .addAllArchitectures(compiler.architectures())
                    .build();
        }
    }

    private @Nullable ProgramCompileReply compile(LaneCall call, ProgramCompileRequest request)
            throws DeviceException, IOException {
        Program program = program(request, call.payload().gather());
        try (CompileQueue.Job<Compilation> job = queue.compile(program)) {
            call.await(job);
            reply(call, job.result());
        }
        return null;
    }

    private static void reply(LaneCall call, Compilation compiled) throws IOException, DeviceException {
        byte[] ptx = compiled.ptx().getBytes(StandardCharsets.UTF_8);
        byte[] log = compiled.log().getBytes(StandardCharsets.UTF_8);
        ProgramCompileReply.Builder reply = ProgramCompileReply.newBuilder()
                .setResult(compiled.result().code())
                .setPtxBytes(ptx.length)
                .setLogBytes(log.length);
        ByteArrayOutputStream payload = new ByteArrayOutputStream(ptx.length + log.length);
        payload.writeBytes(ptx);
        payload.writeBytes(log);
        for (String name : compiled.loweredNames()) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            reply.addLoweredNameBytes(bytes.length);
            payload.writeBytes(bytes);
        }
        if (payload.size() > Limits.MAXIMUM_COMPILED_BYTES) {
            throw new DeviceException(CudaStatus.OUT_OF_MEMORY, "the program became " + payload.size() + " bytes");
        }
        call.replyWith(reply.build(), MemorySegment.ofArray(payload.toByteArray()));
    }

    private static Program program(ProgramCompileRequest request, MemorySegment texts) throws DeviceException {
        Texts rest = new Texts(texts);
        String text = rest.next(request.getTextBytes());
        List<Program.Header> headers = new ArrayList<>();
        for (ProgramHeader header : request.getHeadersList()) {
            headers.add(new Program.Header(header.getName(), rest.next(header.getTextBytes())));
        }
        if (rest.offset != texts.byteSize()) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    texts.byteSize() + " bytes of texts, of which " + rest.offset + " are announced");
        }
        return new Program(
                request.getName(), text, headers, request.getOptionsList(), request.getNameExpressionsList());
    }

    /** The texts in a payload, one behind the other. */
    private static final class Texts {
        private final MemorySegment bytes;
        private long offset;

        Texts(MemorySegment bytes) {
            this.bytes = bytes;
        }

        String next(int announced) throws DeviceException {
            long length = Integer.toUnsignedLong(announced);
            if (length > bytes.byteSize() - offset) {
                throw new DeviceException(
                        CudaStatus.INVALID_VALUE,
                        "a text of " + length + " bytes, " + (bytes.byteSize() - offset) + " are left");
            }
            byte[] text = bytes.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
            offset += length;
            return new String(text, StandardCharsets.UTF_8);
        }
    }
}
