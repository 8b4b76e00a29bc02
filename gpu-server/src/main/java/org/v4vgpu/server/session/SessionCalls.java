package org.v4vgpu.server.session;

import com.google.protobuf.CodedOutputStream;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.KernelStatistics;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.DeviceStatus;
import org.v4vgpu.proto.GoodbyeReply;
import org.v4vgpu.proto.GoodbyeRequest;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.HelloRequest;
import org.v4vgpu.proto.KernelStatus;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.proto.ServerStatusRequest;
import org.v4vgpu.proto.SessionStatus;

/** Calls about the session and the server. Stateless, for the threads of all lanes. */
final class SessionCalls implements CallDispatcher.Calls {
    static final String SERVER_NAME = "v4vgpu";

    /** Kernels in a status: those that took most time are what people look for. */
    private static final int MOST_KERNELS = 100;

    /** What the count of the sessions, or of the kernels, left out takes at most. */
    private static final int COUNT_BYTES = 8;

    private final Sessions sessions;
    private final List<Device> devices;
    private final Supplier<ServerStatusReply.Builder> server;

    SessionCalls(Sessions sessions, List<Device> devices, Supplier<ServerStatusReply.Builder> server) {
        this.sessions = sessions;
        this.devices = List.copyOf(devices);
        this.server = server;
    }

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.HELLO, this::hello);
        dispatcher.on(Call.GOODBYE, this::goodbye);
        dispatcher.on(Call.SERVER_STATUS, this::status);
    }

    /** The first message of a lane is {@link Lane}'s business; this one comes later. */
    private HelloReply hello(LaneCall call, HelloRequest request) throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_PERMITTED, "Hello comes once, as the lane's first call");
    }

    private @Nullable GoodbyeReply goodbye(LaneCall call, GoodbyeRequest request) {
        call.lane().leave();
        return null;
    }

    private ServerStatusReply status(LaneCall call, ServerStatusRequest request) {
        ServerStatusReply.Builder reply = server.get();
        for (Device device : devices) {
            reply.addDevices(DeviceStatus.newBuilder()
                    .setName(device.description().name())
                    .setTotalBytes(device.description().totalBytes())
                    .setUsedBytes(device.usedBytes()));
        }
        int left = ReplyWriter.MAXIMUM_MESSAGE_BYTES - reply.build().getSerializedSize() - 2 * COUNT_BYTES;
        int leftOut = 0;
        for (Session session : sessions.all()) {
            if (session == call.session() && !session.hasContexts()) {
                continue; // who only looks is not what it looks at
            }
            SessionStatus status = session.status();
            left -= CodedOutputStream.computeMessageSize(ServerStatusReply.SESSIONS_FIELD_NUMBER, status);
            if (left >= 0) {
                reply.addSessions(status);
            } else {
                leftOut++;
            }
        }
        reply.setSessionsLeftOut(leftOut);
        addKernels(reply);
        return reply.build();
    }

    private void addKernels(ServerStatusReply.Builder reply) {
        int left = ReplyWriter.MAXIMUM_MESSAGE_BYTES - reply.build().getSerializedSize() - COUNT_BYTES;
        int leftOut = 0;
        for (int device = 0; device < devices.size(); device++) {
            for (KernelStatistics kernel : devices.get(device).kernelStatistics()) {
                KernelStatus status = status(device, kernel);
                left -= CodedOutputStream.computeMessageSize(ServerStatusReply.KERNELS_FIELD_NUMBER, status);
                if (left >= 0 && reply.getKernelsCount() < MOST_KERNELS) {
                    reply.addKernels(status);
                } else {
                    leftOut++;
                }
            }
        }
        reply.setKernelsLeftOut(leftOut);
    }

    private static KernelStatus status(int device, KernelStatistics kernel) {
        return KernelStatus.newBuilder()
                .setDevice(device)
                .setName(kernel.name())
                .setLaunches(kernel.launches())
                .setTotalNanos(kernel.totalNanos())
                .setShortestNanos(kernel.shortestNanos())
                .setLongestNanos(kernel.longestNanos())
                .setBlocks(kernel.blocks())
                .setThreads(kernel.threads())
                .setRegisters(kernel.registers())
                .setInstructions(kernel.textInstructions())
                .setModule(kernel.module())
                .build();
    }
}
