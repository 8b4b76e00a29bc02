package org.v4vgpu.server.status;

import com.google.protobuf.MessageLite;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.GoodbyeRequest;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.HelloRequest;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ProtocolException;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.proto.ServerStatusRequest;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;

/** Asks a server for its status: connects, says hello, asks, says goodbye. Confined to the calling thread. */
final class StatusQuery {
    private static final long TIMEOUT_NANOS = 5_000_000_000L;

    private final MessageChannel channel;
    private final CallEncoder encoder = new CallEncoder();

    private StatusQuery(MessageChannel channel) {
        this.channel = channel;
    }

    /** @throws IOException with one line that names the address and the cause */
    static ServerStatusReply run(ChannelAddress address) throws IOException {
        try (MessageChannel channel = MessageChannels.connect(address)) {
            StatusQuery query = new StatusQuery(channel);
            query.hello(address);
            ServerStatusReply status = query.call(Call.SERVER_STATUS, ServerStatusRequest.getDefaultInstance(), 1);
            query.call(Call.GOODBYE, GoodbyeRequest.getDefaultInstance(), 2);
            return status;
        } catch (EOFException e) {
            throw new IOException(address + " closed the connection", e);
        } catch (SocketTimeoutException e) {
            throw new IOException(address + " does not answer; is it a v4vgpu server?", e);
        }
    }

    private void hello(ChannelAddress address) throws IOException {
        HelloRequest request = HelloRequest.newBuilder()
                .setProtocolVersion(Limits.PROTOCOL_VERSION)
                .setClient("gpu-server status (pid " + ProcessHandle.current().pid() + ")")
                .build();
        send(Call.HELLO, request, 0);
        try (IncomingMessage message = channel.receive(TIMEOUT_NANOS)) {
            CallHeader header = reply(Call.HELLO, 0, message);
            HelloReply reply = header.parse(Call.HELLO.replies());
            if (reply.getProtocolVersion() != Limits.PROTOCOL_VERSION) {
                throw new ProtocolException(address + ": server speaks protocol " + reply.getProtocolVersion()
                        + ", this client " + Limits.PROTOCOL_VERSION + "; use the same release on both sides");
            }
            if (header.status() != 0) {
                throw new IOException(address + " turns clients away: " + new CudaStatus(header.status()));
            }
        }
    }

    private <Q extends MessageLite, R extends MessageLite> R call(Call<Q, R> call, Q request, long sequence)
            throws IOException {
        send(call, request, sequence);
        try (IncomingMessage message = channel.receive(TIMEOUT_NANOS)) {
            CallHeader header = reply(call, sequence, message);
            if (header.status() != 0) {
                throw new IOException(channel.peer() + ": " + call + ": " + new CudaStatus(header.status()) + " "
                        + header.errorText());
            }
            return header.parse(call.replies());
        }
    }

    private void send(Call<?, ?> call, MessageLite request, long sequence) throws IOException {
        channel.send(encoder.request(call, CallDescriptor.WAITS | CallDescriptor.LAST, sequence, 0, request));
    }

    private CallHeader reply(Call<?, ?> call, long sequence, IncomingMessage message) throws IOException {
        CallHeader header = CallHeader.decode(message.header());
        if (!header.isReply() || header.number() != call.number() || header.sequence() != sequence) {
            throw new ProtocolException(channel.peer() + ": message " + header.number() + " is no reply to " + call);
        }
        return header;
    }
}
