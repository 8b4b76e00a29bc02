package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;

/**
 * What a region computes for each of its strips alike: from parameters, literals and the block's coordinates, by instructions that neither
 * fail nor have another effect, into registers that nothing else writes. It is done once, before the first strip: the JIT compiler can't
 * do that, as it takes every store to the device's memory for one to any field. Confined to the compiling thread.
 */
final class StripInvariants {
    private static final Set<String> PURE = Set.of(
            "mov", "cvta", "cvt", "add", "sub", "mul", "mad", "and", "or", "xor", "not", "neg", "shl", "shr", "min",
            "max");

    /** Special registers that the strips of a block share. */
    private static final Set<String> OF_BLOCK = Set.of(
            "%ntid.x",
            "%ntid.y",
            "%ntid.z",
            "%ctaid.x",
            "%ctaid.y",
            "%ctaid.z",
            "%nctaid.x",
            "%nctaid.y",
            "%nctaid.z",
            "%nwarpid");

    private final StripRules rules;
    private final BitSet known = new BitSet();
    private final BitSet excluded = new BitSet();
    private final Set<Instruction> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Instruction> found = new ArrayList<>();

    private StripInvariants(FlowGraph graph, StripRules rules) {
        this.rules = rules;
        BitSet written = new BitSet();
        for (FlowGraph.Block block : graph.blocks()) {
            for (Instruction i : block.instructions()) {
                for (int register : i.definitions()) {
                    if (written.get(register)) {
                        excluded.set(register);
                    }
                    written.set(register);
                }
            }
        }
    }

    /** In an order in which they can be done. Those that name no coordinate of the block are the same for all blocks of a row. */
    static List<Instruction> of(FlowGraph graph, Regions.Region region, StripRules rules) {
        StripInvariants invariants = new StripInvariants(graph, rules);
        for (Regions.Continuation entry : region.entries()) {
            invariants.excluded.or(graph.liveIn(entry.block()));
        }
        int before;
        do {
            before = invariants.found.size();
            region.blocks().stream()
                    .forEach(block -> graph.blocks().get(block).instructions().forEach(invariants::consider));
        } while (invariants.found.size() > before);
        return invariants.found;
    }

    /** Of {@link #of}'s, those that are alike for all blocks of a row; the others need them. */
    static List<Instruction> ofRow(List<Instruction> invariants) {
        BitSet ofBlock = new BitSet();
        List<Instruction> ofRow = new ArrayList<>();
        for (Instruction i : invariants) {
            boolean differs = i.operands().stream().skip(1).anyMatch(operand -> differs(operand, ofBlock));
            if (differs) {
                i.definitions().forEach(ofBlock::set);
            } else {
                ofRow.add(i);
            }
        }
        return ofRow;
    }

    private static boolean differs(Operand operand, BitSet ofBlock) {
        return switch (operand) {
            case Operand.Register register -> ofBlock.get(register.index());
            case Operand.Address address -> differs(address.base(), ofBlock);
            case Operand.Special special -> special.name().equals("%ctaid.x");
            default -> false;
        };
    }

    private void consider(Instruction i) {
        List<Integer> definitions = i.definitions();
        if (!seen.contains(i)
                && i.guard() == null
                && definitions.size() == 1
                && !excluded.get(definitions.getFirst())
                && (isPure(i) || isParameter(i))
                && rules.way(i) == StripRules.Way.SCALAR
                && i.operands().stream().skip(1).allMatch(this::isKnown)) {
            seen.add(i);
            found.add(i);
            known.set(definitions.getFirst());
        }
    }

    private static boolean isPure(Instruction i) {
        return PURE.contains(i.opcode()) && !i.type().isFloat() && !i.has("cc");
    }

    private static boolean isParameter(Instruction i) {
        return i.opcode().equals("ld") && i.space() == Space.PARAM && i.operand(1) instanceof Operand.Address;
    }

    private boolean isKnown(Operand operand) {
        return switch (operand) {
            case Operand.Register register -> known.get(register.index());
            case Operand.Address address -> isKnown(address.base());
            case Operand.Special special -> OF_BLOCK.contains(special.name());
            case Operand.IntegerLiteral _, Operand.RealLiteral _, Operand.Symbol _, Operand.Named _ -> true;
            default -> false;
        };
    }
}
