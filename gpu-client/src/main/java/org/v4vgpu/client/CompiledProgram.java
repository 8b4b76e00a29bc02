package org.v4vgpu.client;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ProgramCompileReply;
import org.v4vgpu.proto.ProgramCompileRequest;
import org.v4vgpu.proto.ProgramHeader;

/**
 * How the compiling of a program ended. Immutable.
 *
 * @param result an nvrtcResult: 0 for success
 * @param ptx empty if it failed
 * @param log what the compiler said: errors and warnings
 * @param loweredNames by name expression
 */
public record CompiledProgram(int result, String ptx, String log, Map<String, String> loweredNames) {
    /** The request's other fields and the descriptor, generously; the names, options and expressions fill the rest. */
    private static final int RESERVED_BYTES = 1024;

    public CompiledProgram {
        loweredNames = Map.copyOf(loweredNames);
    }

    static CompiledProgram of(GpuSession session, KernelProgram program) {
        ByteArrayOutputStream texts = new ByteArrayOutputStream();
        ProgramCompileRequest.Builder request = ProgramCompileRequest.newBuilder()
                .setName(program.name())
                .setTextBytes(append(program.text(), texts))
                .addAllOptions(program.options())
                .addAllNameExpressions(program.nameExpressions());
        program.headers()
                .forEach((name, text) -> request.addHeaders(
                        ProgramHeader.newBuilder().setName(name).setTextBytes(append(text, texts))));
        ProgramCompileRequest message = request.build();
        if (message.getSerializedSize() > Limits.MAXIMUM_HEADER_BYTES - RESERVED_BYTES) {
            throw CudaException.invalidValue("options, names of headers and name expressions of "
                    + message.getSerializedSize() + " bytes; up to "
                    + (Limits.MAXIMUM_HEADER_BYTES - RESERVED_BYTES) + " are possible");
        }
        if (texts.size() > Limits.MAXIMUM_PROGRAM_BYTES) {
            throw CudaException.invalidValue("a program of " + texts.size() + " bytes with its headers; up to "
                    + Limits.MAXIMUM_PROGRAM_BYTES + " are possible");
        }
        Lane.PayloadReply<ProgramCompileReply> reply = session.lane()
                .exchange(
                        Call.PROGRAM_COMPILE,
                        message,
                        MemorySegment.ofArray(texts.toByteArray()),
                        Limits.MAXIMUM_COMPILED_BYTES);
        reply.outcome().orThrow("ProgramCompile");
        return read(program, reply.message(), reply.payload());
    }

    private static CompiledProgram read(KernelProgram program, ProgramCompileReply message, ByteString payload) {
        List<String> expressions = program.nameExpressions();
        List<Integer> lengths = new ArrayList<>(List.of(message.getPtxBytes(), message.getLogBytes()));
        lengths.addAll(message.getLoweredNameBytesList());
        List<String> texts = new ArrayList<>();
        int offset = 0;
        for (int length : lengths) {
            if (length < 0 || length > payload.size() - offset) {
                throw new CudaException(CudaStatus.UNKNOWN, "the server announced more than it sent of a program");
            }
            texts.add(payload.substring(offset, offset + length).toString(StandardCharsets.UTF_8));
            offset += length;
        }
        Map<String, String> names = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(expressions.size(), message.getLoweredNameBytesCount()); i++) {
            names.put(expressions.get(i), texts.get(2 + i));
        }
        return new CompiledProgram(message.getResult(), texts.get(0), texts.get(1), names);
    }

    private static int append(String text, ByteArrayOutputStream texts) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        texts.writeBytes(bytes);
        return bytes.length;
    }

    public boolean isSuccess() {
        return result == 0;
    }

    /**
     * The PTX.
     *
     * @throws CudaException INVALID_SOURCE with the log, if there is none
     */
    public String orElseThrow() {
        if (!isSuccess()) {
            throw new CudaException(CudaStatus.INVALID_SOURCE, log.isBlank() ? "nvrtcResult " + result : log.strip());
        }
        return ptx;
    }
}
