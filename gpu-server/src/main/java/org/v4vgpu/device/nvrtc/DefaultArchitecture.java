package org.v4vgpu.device.nvrtc;

import java.util.Comparator;
import java.util.List;
import org.v4vgpu.device.DeviceDescription;

/**
 * What a program is compiled for that does not say: what every compiler of today takes, or less where a device of the server takes
 * less. PTX for an older architecture runs on a newer device, never the other way round.
 */
final class DefaultArchitecture {
    /** What NVRTC 13 takes for itself. */
    private static final int NEWEST = 75;

    /** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and MINOR. */
    private static final int MAJOR = 75;

    private static final int MINOR = 76;

    private DefaultArchitecture() {}

    /**
     * The architecture as compute_75 has it.
     *
     * @param devices that the program may run on
     * @param known of the compiler; if none is old enough, its oldest is taken
     */
    static int of(List<DeviceDescription> devices, List<Integer> known) {
        int oldest = devices.stream()
                .mapToInt(device -> 10 * device.attributes().getOrDefault(MAJOR, NEWEST / 10)
                        + device.attributes().getOrDefault(MINOR, NEWEST % 10))
                .min()
                .orElse(NEWEST);
        int wanted = Math.min(oldest, NEWEST);
        return known.stream()
                .filter(each -> each <= wanted)
                .max(Comparator.naturalOrder())
                .or(() -> known.stream().min(Comparator.naturalOrder()))
                .orElse(wanted);
    }
}
