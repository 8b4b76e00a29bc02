package org.v4vgpu.device.ptx.syntax;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.KernelFiles;
import org.v4vgpu.proto.CudaStatus;

class ParserTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    @Test
    void parsesEveryKernelFile() throws DeviceException {
        int entries = 0;
        for (String name : KernelFiles.NAMES) {
            PtxModule module = Parser.parse(KernelFiles.text(name));
            entries += (int) module.functions().stream().filter(Function::entry).count();
        }
        assertEquals(19, entries);
    }

    @Test
    void readsStructParametersAndInitialValues() throws DeviceException {
        PtxModule module = Parser.parse(KernelFiles.text("devfunc"));
        Function entry = module.functions().getLast();
        assertEquals("devfunc", entry.name());
        assertEquals(20, entry.parameters().getFirst().bytes());
        Variable text = module.variables().getLast();
        assertEquals("$str", text.name());
        assertEquals(11, text.bytes());
        assertEquals(105, text.image()[0]);
    }

    @Test
    void namesLineAndModifierOfWhatItRefuses() {
        String text = HEAD + ".visible .entry k() {\n.reg .b32 %r<3>;\n.reg .b64 %rd<2>;\n"
                + "ld.global.nc.L2::foo.u32 %r1, [%rd1];\nadd.s32 %r1, %r1, 1;\ntex.1d.v4.f32.s32 {%r1, %r1, %r1, %r1}, [tx, {%r1}];\nret;\n}\n";
        assertRefused(
                CudaStatus.INVALID_PTX,
                "line 7: ld.global.nc.L2::foo.u32: unsupported modifier .L2::foo\nline 9: tex.1d.v4.f32.s32: unsupported"
                        + " instruction",
                text);
    }

    @Test
    void refusesNewerVersionsAndOtherThings() {
        assertRefused(
                CudaStatus.UNSUPPORTED_PTX_VERSION,
                "line 2: .version 99.1: unsupported, the newest is 9.0",
                "\n.version 99.1\n");
        assertRefused(CudaStatus.INVALID_PTX, "line 1: no PTX: a module begins with .version", "Hello, world");
        assertRefused(CudaStatus.INVALID_IMAGE, "line 1: the image is empty", " \n");
        assertRefused(
                CudaStatus.INVALID_IMAGE,
                "line 1: the image is no text: only PTX can be loaded",
                "\u007fELF\u0002\u0001");
        assertRefused(
                CudaStatus.INVALID_PTX,
                "line 3: .address_size 32: unsupported, only 64-bit addresses",
                ".version 4.0\n.target sm_20\n.address_size 32\n");
        assertRefused(
                CudaStatus.INVALID_PTX,
                "line 5: tex.2d.v4.f32.s32: unsupported instruction",
                HEAD + ".entry k() {\n tex.2d.v4.f32.s32 {%r1,%r2,%r3,%r4}, [t, {%r1,%r2}];\n}\n");
        assertRefused(CudaStatus.INVALID_PTX, "line 4: .tex: unsupported directive", HEAD + ".tex .u64 t;\n");
        assertRefused(CudaStatus.INVALID_PTX, "line 5: no '}' at the end of the function", HEAD + ".entry k() {\nret;");
        assertRefused(
                CudaStatus.INVALID_PTX,
                "line 5: add.s32: unsupported operand 1",
                HEAD + ".entry k() {.reg .b32 %r<2>;\nadd.s32 1, %r1, %r1; }");
    }

    @Test
    void survivesMutilatedText() {
        for (String name : KernelFiles.NAMES) {
            String text = KernelFiles.text(name);
            for (int cut = 0; cut < text.length(); cut += 97) {
                String broken = text.substring(0, cut) + text.substring(Math.min(text.length(), cut + 13));
                try {
                    Parser.parse(broken);
                } catch (DeviceException refused) {
                    assertTrue(String.valueOf(refused.getMessage()).startsWith("line "), refused.getMessage());
                }
            }
        }
    }

    private static void assertRefused(CudaStatus status, String log, String text) {
        DeviceException thrown = assertThrows(DeviceException.class, () -> Parser.parse(text));
        assertEquals(log, thrown.getMessage());
        assertEquals(status, thrown.status());
    }
}
