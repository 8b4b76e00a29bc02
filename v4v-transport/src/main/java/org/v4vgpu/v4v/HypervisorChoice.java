package org.v4vgpu.v4v;

import java.io.IOException;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which hypervisor a process uses unless it is told by its own code: the system property {@value #PROPERTY}, or the environment variable
 * {@value #VARIABLE}. Immutable.
 */
enum HypervisorChoice {
    /** Real Xen. */
    XEN,
    /** A fabric on this host. */
    SHM,
    /** A region that machines share. */
    IVSHMEM;

    static final String PROPERTY = "v4vgpu.hypervisor";
    static final String VARIABLE = "V4VGPU_HYPERVISOR";

    /**
     * The choice.
     *
     * @param named by the user; null, empty or {@code auto}: a region or a fabric if one is named, else Xen if it can be used
     * @param hasRegion whether a region is named
     * @param hasFabric whether a fabric is
     * @throws IOException if there is no hypervisor of that name, or no region for ivshmem
     */
    static HypervisorChoice of(@Nullable String named, boolean hasRegion, boolean hasFabric, BooleanSupplier isXen)
            throws IOException {
        return switch (named == null ? "" : named.toLowerCase(Locale.ROOT)) {
            case "xen" -> XEN;
            case "shm" -> SHM;
            case "ivshmem" -> {
                if (!hasRegion) {
                    throw new IOException("the hypervisor ivshmem needs a region; name one by -Dv4vgpu.ivshmem=FILE");
                }
                yield IVSHMEM;
            }
            case "", "auto" -> automatic(hasRegion, hasFabric, isXen);
            default ->
                throw new IOException("no hypervisor is called '" + named + "'; choose xen, shm, ivshmem or auto (-D"
                        + PROPERTY + ")");
        };
    }

    private static HypervisorChoice automatic(boolean hasRegion, boolean hasFabric, BooleanSupplier isXen) {
        if (hasRegion) {
            return IVSHMEM;
        }
        return !hasFabric && isXen.getAsBoolean() ? XEN : SHM;
    }
}
