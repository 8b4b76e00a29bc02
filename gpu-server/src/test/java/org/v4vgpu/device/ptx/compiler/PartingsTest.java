package org.v4vgpu.device.ptx.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Parser;
import org.v4vgpu.device.ptx.syntax.PtxErrors;

/** Where threads part and meet, and what comes after what meanwhile. */
class PartingsTest {
    /** Blocks: 0 the branch, 1 what those do that don't take it, 2 nothing, 3 what the others do, 4 where all meet. */
    private static final String EITHER_OR = """
            .version 7.0
            .target sm_75
            .address_size 64
            .entry k() {
                .reg .b32 %r<4>; .reg .pred %p;
                mov.u32 %r1, %tid.x; and.b32 %r2, %r1, 1; setp.ne.u32 %p, %r2, 0; @%p bra ELSE;
                mov.u32 %r1, 1; mov.u32 %r3, %r1; bra END;
            ELSE:
                mov.u32 %r3, %r1;
            END:
                not.b32 %r3, %r3; ret;
            }
            """;

    @Test
    void onesOwnWayComesBeforeTheOthers() throws DeviceException {
        Function function = Parser.parse(EITHER_OR).functions().getFirst();
        FlowGraph graph = FlowGraph.of(function);
        Partings partings = Partings.of(function, graph, new CompileBudget());
        BitSet all = new BitSet();
        all.set(0, graph.blocks().size());
        assertFalse(partings.isPartial(0));
        assertTrue(partings.isPartial(1) && partings.isPartial(3));
        assertFalse(partings.isPartial(4));
        assertEquals(Set.of(1, 3), partings.followers(0, all));
        // Control goes from the first to the end; but those who stand at the other one come before.
        assertEquals(Set.of(3, 4), partings.followers(1, all));
        assertEquals(Set.of(4), partings.followers(3, all));
    }

    /** The first block writes a register that is dead behind it: the second one reads what all have had in it before. */
    @Test
    void registersThatOthersStillReadAreMerged() throws DeviceException {
        Function function = Parser.parse(EITHER_OR).functions().getFirst();
        Partings partings = Partings.of(function, FlowGraph.of(function), new CompileBudget());
        assertEquals(2, partings.merged().cardinality());
    }

    @Test
    void timeEndsTheSearch() throws DeviceException {
        Function function = Parser.parse(EITHER_OR).functions().getFirst();
        FlowGraph graph = FlowGraph.of(function);
        assertThrows(PtxErrors.Refusal.class, () -> Partings.of(function, graph, new CompileBudget(0)));
    }
}
