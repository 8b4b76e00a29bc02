package org.v4vgpu.client.jcuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.client.RemoteGpu;
import org.v4vgpu.proto.CudaStatus;

/**
 * The one {@link RemoteGpu} of the process, opened by {@code cuInit} or by the runtime API's first call. Safe for any thread. An
 * attempt that fails may be repeated; a server that is lost stays lost, as what the program had there is.
 */
final class Gpu {
    private static volatile @Nullable RemoteGpu gpu;
    private static volatile PrimaryContext[] primaries = {};

    private Gpu() {}

    /**
     * Connects, unless that is done.
     *
     * @throws CudaException DEVICE_UNAVAILABLE, INVALID_VALUE for an address that is none
     */
    static RemoteGpu open() {
        RemoteGpu opened = gpu;
        return opened != null ? opened : connect();
    }

    private static synchronized RemoteGpu connect() {
        RemoteGpu opened = gpu;
        if (opened == null) {
            try {
                opened = RemoteGpu.open();
            } catch (IllegalArgumentException e) {
                throw new CudaException(CudaStatus.INVALID_VALUE, String.valueOf(e.getMessage()), e);
            }
            primaries = opened.devices().stream().map(PrimaryContext::new).toArray(PrimaryContext[]::new);
            gpu = opened;
        }
        return opened;
    }

    /**
     * What cuInit opened.
     *
     * @throws CudaException NOT_INITIALIZED before cuInit
     */
    static RemoteGpu initialized() {
        RemoteGpu opened = gpu;
        if (opened == null) {
            throw new CudaException(CudaStatus.NOT_INITIALIZED, "cuInit has not been called, or has failed");
        }
        return opened;
    }

    /** Whether there was a server, and it or one of several is gone. */
    static boolean isLost() {
        RemoteGpu opened = gpu;
        return opened != null && !opened.isOpen();
    }

    /** A device by its ordinal, which is what a CUdevice holds. */
    static RemoteDevice device(long ordinal) {
        RemoteGpu opened = initialized();
        return opened.device(ordinal < 0 || ordinal > Integer.MAX_VALUE ? -1 : (int) ordinal);
    }

    static PrimaryContext primary(RemoteDevice device) {
        return primaries[device.ordinal()];
    }
}
