package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Which hypervisor a process uses. */
class HypervisorChoiceTest {
    @Test
    void takesXenWhereItCanBeUsedAndAFabricElsewhere() throws IOException {
        assertEquals(HypervisorChoice.XEN, HypervisorChoice.of(null, false, false, () -> true));
        assertEquals(HypervisorChoice.SHM, HypervisorChoice.of(null, false, false, () -> false));
        assertEquals(HypervisorChoice.XEN, HypervisorChoice.of("auto", false, false, () -> true));
    }

    @Test
    void followsWhatIsNamedInsteadOfLookingForXen() throws IOException {
        assertEquals(HypervisorChoice.SHM, HypervisorChoice.of("", false, true, () -> true));
        assertEquals(HypervisorChoice.IVSHMEM, HypervisorChoice.of(null, true, false, () -> true));
    }

    @Test
    void canBeForced() throws IOException {
        assertEquals(HypervisorChoice.SHM, HypervisorChoice.of("shm", true, false, () -> true));
        assertEquals(HypervisorChoice.XEN, HypervisorChoice.of("Xen", true, true, () -> false));
        assertEquals(HypervisorChoice.IVSHMEM, HypervisorChoice.of("ivshmem", true, true, () -> true));
    }

    @Test
    void refusesWhatCantBe() {
        String unknown = message("kvm");
        assertTrue(unknown.contains("'kvm'") && unknown.contains("shm"), unknown);
        assertTrue(message("ivshmem").contains("v4vgpu.ivshmem"), message("ivshmem"));
    }

    private static String message(String named) {
        return String.valueOf(
                assertThrows(IOException.class, () -> HypervisorChoice.of(named, false, false, () -> true))
                        .getMessage());
    }
}
