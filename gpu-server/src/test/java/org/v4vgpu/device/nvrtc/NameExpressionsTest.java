package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NameExpressionsTest {
    private static final String PTX = """
            .visible .global .align 8 .u64 v4vgpu_lowered_name_0 = _Z1fIiEvv;
            .visible .global .align 8 .u64 v4vgpu_lowered_name_1 = generic(_ZN1n1xE);
            .visible .entry _Z1fIiEvv() { ret; }
            """;

    @Test
    void readsTheNamesAndTakesTheVariablesOut() {
        Compilation compiled = new NameExpressions(List.of("f<int>", "&n::x")).resolve(PTX, "");
        assertEquals(List.of("_Z1fIiEvv", "_ZN1n1xE"), compiled.loweredNames());
        assertEquals(".visible .entry _Z1fIiEvv() { ret; }\n", compiled.ptx());
    }

    @Test
    void aNameThatIsNotThereFails() {
        Compilation compiled = new NameExpressions(List.of("f<int>", "&n::x", "g")).resolve(PTX, "");
        assertEquals(Compilation.Result.NAME_EXPRESSION_NOT_VALID, compiled.result());
        assertEquals("name expression 'g' names no kernel and no device variable\n", compiled.log());
    }

    @Test
    void oneLineOnly() {
        for (String wrong : List.of("", " ", "f<int>);\n#include \"x\"\n(f")) {
            assertThrows(InvalidProgramException.class, () -> new NameExpressions(List.of(wrong)).check());
        }
    }
}
