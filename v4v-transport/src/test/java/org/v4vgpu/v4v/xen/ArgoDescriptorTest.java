package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;
import org.v4vgpu.v4v.ring.ArgoRingDescriptor;

/** The bytes that Xen's public/argo.h prescribes, written out. */
class ArgoDescriptorTest {
    private final MemorySegment memory = MemorySegment.ofArray(new byte[64]).fill((byte) 0xEE);

    private void assertBytes(String hex, int from) {
        byte[] expected = HexFormat.of().parseHex(hex.replace(" ", ""));
        assertArrayEquals(expected, memory.asSlice(from, expected.length).toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void writesAddressesOfAMessage() {
        ArgoDescriptor.sendAddr(memory, 4, new V4vAddress(0x0102, 0x8090_A0B0L), new V4vAddress(0x7FF4, 5));
        assertBytes("EEEEEEEE B0A09080 0201 0000 05000000 F47F 0000 EE", 0);
    }

    @Test
    void writesAnIov() {
        ArgoDescriptor.iov(memory, 0, 0x0000_7F01_0203_0405L, 0x0010_0000);
        assertBytes("05040302017F0000 00001000 00000000 EE", 0);
    }

    @Test
    void writesARegistration() {
        ArgoDescriptor.registerRing(memory, 0, 4840, 3, 0x0000_FFC0);
        assertBytes("E8120000 0300 0000 C0FF0000 EE", 0);
    }

    @Test
    void writesAndReadsAQuestion() {
        ArgoDescriptor.ringData(memory, 0, 2);
        ArgoDescriptor.ringDataEnt(memory, 0, 1, new V4vAddress(2, 7), 1000);
        assertBytes("02000000 00000000", 0);
        assertBytes("07000000 0200 0000 0000 0000 E8030000 00000000 EE", 8 + 20);
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 8 + 20 + 8, (short) (1 | 2 | 32));
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, 8 + 20 + 16, 4064);
        assertEquals(
                new RingStatus(true, true, false, false, false, true, 4064), ArgoDescriptor.ringStatus(memory, 0, 1));
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 8 + 20 + 8, (short) (1 | 4 | 8 | 16));
        assertEquals(
                new RingStatus(true, false, true, true, true, false, 4064), ArgoDescriptor.ringStatus(memory, 0, 1));
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 8 + 20 + 8, (short) 0);
        assertEquals(RingStatus.NONE, ArgoDescriptor.ringStatus(memory, 0, 1));
    }

    @Test
    void countsAPageMoreAsSoonAsTheHeaderNeedsIt() {
        assertEquals(1, ArgoRingDescriptor.pages(48));
        assertEquals(1, ArgoRingDescriptor.pages(4096 - 64));
        assertEquals(2, ArgoRingDescriptor.pages(4096 - 48));
        assertEquals(4096, ArgoRingDescriptor.pages(V4vHypervisor.MAXIMUM_RING_BYTES));
    }

    @Test
    void knowsTheDevicesNumbers() {
        // _IOC(_IOC_NONE, type, 0, size): type in bits 8 to 15, size in bits 16 to 29
        assertEquals(48L << 16 | 'P' << 8, Privcmd.IOCTL_PRIVCMD_HYPERCALL);
        assertEquals(4L << 16 | 'E' << 8, EventChannel.IOCTL_EVTCHN_BIND_VIRQ);
    }
}
