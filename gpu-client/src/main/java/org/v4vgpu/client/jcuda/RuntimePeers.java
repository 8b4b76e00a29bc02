package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Several devices in the runtime API. As {@link DriverPeers}. */
final class RuntimePeers {
    private RuntimePeers() {}

    static void cudaDeviceCanAccessPeer(int[] can, int device, int peer) {
        mandatory(can, "canAccessPeer", "cudaDeviceCanAccessPeer");
        RuntimeDevices.device(device);
        RuntimeDevices.device(peer);
        can[0] = 0;
    }

    static void cudaDeviceGetP2PAttribute(int[] value, int attribute, int source, int destination) {
        mandatory(value, "value", "cudaDeviceGetP2PAttribute");
        DriverPeers.p2p(value, attribute, RuntimeDevices.device(source), RuntimeDevices.device(destination));
    }

    static void cudaDeviceEnablePeerAccess(int peer, int flags) {
        RemoteDevice of = RuntimeDevices.device(peer);
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "flags " + flags);
        }
        if (of == CurrentContext.deviceOfRuntime()) {
            throw new CudaException(CudaStatus.INVALID_DEVICE, "a device is no peer of its own");
        }
        throw DriverPeers.unsupported(of);
    }

    static void cudaDeviceDisablePeerAccess(int peer) {
        RuntimeDevices.device(peer);
        throw new CudaException(CudaStatus.PEER_ACCESS_NOT_ENABLED, "peer access was never enabled");
    }

    static void cudaMemcpyPeer(
            Pointer destination, int destinationDevice, Pointer source, int sourceDevice, long bytes) {
        mandatory(destination, "dst", "cudaMemcpyPeer");
        mandatory(source, "src", "cudaMemcpyPeer");
        copy(destination, destinationDevice, source, sourceDevice, bytes, null);
    }

    static void cudaMemcpyPeerAsync(
            Pointer destination,
            int destinationDevice,
            Pointer source,
            int sourceDevice,
            long bytes,
            @Nullable cudaStream_t stream) {
        mandatory(destination, "dst", "cudaMemcpyPeerAsync");
        mandatory(source, "src", "cudaMemcpyPeerAsync");
        RemoteStream queue = Streams.of(stream, CurrentContext.ofRuntime());
        copy(destination, destinationDevice, source, sourceDevice, bytes, queue);
    }

    private static void copy(
            Pointer destination,
            int destinationDevice,
            Pointer source,
            int sourceDevice,
            long bytes,
            @Nullable RemoteStream stream) {
        RemoteDevice to = RuntimeDevices.device(destinationDevice);
        RemoteDevice from = RuntimeDevices.device(sourceDevice);
        if (bytes < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a copy of " + bytes + " bytes");
        }
        if (bytes > 0) {
            Copies.between(on(to, destination, bytes), on(from, source, bytes), stream);
        }
    }

    /** Memory of this device and no other: the same number may mean memory on two. */
    private static DeviceMemory on(RemoteDevice device, Pointer pointer, long bytes) {
        long address = HostPointer.address(pointer);
        DeviceMemory memory = device.memoryAt(address);
        if (memory == null) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, "no memory of " + device + " at 0x" + Long.toHexString(address));
        }
        return memory.slice(address - memory.address(), bytes);
    }
}
