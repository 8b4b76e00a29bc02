package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/**
 * Several devices in the driver API. Safe for any thread. No device's kernels read another's memory (they may be of different servers);
 * copies between two of one server stay there, those between servers go by way of this process.
 */
final class DriverPeers {
    private static final int LAST_ATTRIBUTE = 4;

    private DriverPeers() {}

    static void cuDeviceCanAccessPeer(int[] can, CUdevice device, CUdevice peer) {
        mandatory(can, "canAccessPeer", "cuDeviceCanAccessPeer");
        DriverDevices.of(device, "cuDeviceCanAccessPeer");
        DriverDevices.of(mandatory(peer, "peerDev", "cuDeviceCanAccessPeer"), "cuDeviceCanAccessPeer");
        can[0] = 0;
    }

    static void cuDeviceGetP2PAttribute(int[] value, int attribute, CUdevice source, CUdevice destination) {
        mandatory(value, "value", "cuDeviceGetP2PAttribute");
        p2p(
                value,
                attribute,
                DriverDevices.of(mandatory(source, "srcDevice", "cuDeviceGetP2PAttribute"), "cuDeviceGetP2PAttribute"),
                DriverDevices.of(
                        mandatory(destination, "dstDevice", "cuDeviceGetP2PAttribute"), "cuDeviceGetP2PAttribute"));
    }

    static void p2p(int[] value, int attribute, RemoteDevice source, RemoteDevice destination) {
        if (attribute < 1 || attribute > LAST_ATTRIBUTE) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "attribute " + attribute + " of two devices");
        }
        if (source == destination) {
            throw new CudaException(CudaStatus.INVALID_DEVICE, "one device twice");
        }
        value[0] = 0;
    }

    static void cuCtxEnablePeerAccess(CUcontext peer, int flags) {
        RemoteContext of = DriverContexts.of(mandatory(peer, "peerContext", "cuCtxEnablePeerAccess"));
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "flags " + flags);
        }
        if (of == CurrentContext.get()) {
            throw new CudaException(CudaStatus.INVALID_CONTEXT, "a context is no peer of its own");
        }
        throw unsupported(of.device());
    }

    static CudaException unsupported(RemoteDevice peer) {
        return new CudaException(CudaStatus.PEER_ACCESS_UNSUPPORTED, "direct access to the memory of " + peer);
    }

    static void cuCtxDisablePeerAccess(CUcontext peer) {
        DriverContexts.of(mandatory(peer, "peerContext", "cuCtxDisablePeerAccess"));
        CurrentContext.get();
        throw new CudaException(CudaStatus.PEER_ACCESS_NOT_ENABLED, "peer access was never enabled");
    }

    static void cuMemcpyPeer(
            CUdeviceptr destination,
            CUcontext destinationContext,
            CUdeviceptr source,
            CUcontext sourceContext,
            long bytes) {
        copy(destination, destinationContext, source, sourceContext, bytes, null, "cuMemcpyPeer");
    }

    static void cuMemcpyPeerAsync(
            CUdeviceptr destination,
            CUcontext destinationContext,
            CUdeviceptr source,
            CUcontext sourceContext,
            long bytes,
            @Nullable CUstream stream) {
        RemoteStream queue = Streams.of(stream, CurrentContext.get());
        copy(destination, destinationContext, source, sourceContext, bytes, queue, "cuMemcpyPeerAsync");
    }

    private static void copy(
            CUdeviceptr destination,
            CUcontext destinationContext,
            CUdeviceptr source,
            CUcontext sourceContext,
            long bytes,
            @Nullable RemoteStream stream,
            String call) {
        RemoteContext to = DriverContexts.of(mandatory(destinationContext, "dstContext", call));
        RemoteContext from = DriverContexts.of(mandatory(sourceContext, "srcContext", call));
        mandatory(destination, "dstDevice", call);
        mandatory(source, "srcDevice", call);
        if (bytes < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a copy of " + bytes + " bytes");
        }
        if (bytes > 0) {
            Copies.between(
                    in(to, HostPointer.address(destination), bytes),
                    in(from, HostPointer.address(source), bytes),
                    stream);
        }
    }

    /** Memory of this context and no other: the same number may mean memory on two devices. */
    private static DeviceMemory in(RemoteContext context, long address, long bytes) {
        DeviceMemory memory = context.memoryAt(address);
        if (memory == null) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, "no memory of that context at 0x" + Long.toHexString(address));
        }
        return memory.slice(address - memory.address(), bytes);
    }
}
