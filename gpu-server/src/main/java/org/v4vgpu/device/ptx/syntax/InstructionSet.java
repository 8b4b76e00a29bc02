package org.v4vgpu.device.ptx.syntax;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The instructions that run, as a table: opcode, types, modifiers, operands. What is not in it is refused. Immutable.
 *
 * <p>Operands: d destination register, V destination register or vector, P destination pair {@code d|p} or its first half; s
 * source, v source or vector, p source predicate, m address, l label; what follows ? may be missing. Source: PTX ISA 9.7.
 */
public final class InstructionSet {
    private static final String TABLE = """
            add     | u16 s16 u32 s32 u64 s64 f32 f64 half f32x2 u16x2 s16x2 | rnd ftz sat cc | dss
            sub     | u16 s16 u32 s32 u64 s64 f32 f64 half f32x2 | rnd ftz sat cc | dss
            addc    | u32 s32 u64 s64 | cc                                    | dss
            subc    | u32 s32 u64 s64 | cc                                    | dss
            mul     | u16 s16 u32 s32 u64 s64 f32 f64 half f32x2 | lo hi wide rnd ftz sat | dss
            mad     | u16 s16 u32 s32 u64 s64 f32 f64 | lo hi wide rnd ftz sat cc | dsss
            madc    | u32 s32 u64 s64 | lo hi cc                              | dsss
            mul24   | u32 s32 | lo hi                                         | dss
            mad24   | u32 s32 | lo hi                                         | dsss
            fma     | f32 f64 half f32x2 | rnd ftz sat relu           | dsss
            div     | u16 s16 u32 s32 u64 s64 f32 f64 | rnd approx full ftz   | dss
            rem     | u16 s16 u32 s32 u64 s64 |                               | dss
            neg     | s16 s32 s64 f32 f64 half | ftz                   | ds
            abs     | s16 s32 s64 f32 f64 half | ftz                   | ds
            min     | u16 s16 u32 s32 u64 s64 f32 f64 half u16x2 s16x2 | ftz NaN xorsign abs relu | dss?s
            max     | u16 s16 u32 s32 u64 s64 f32 f64 half u16x2 s16x2 | ftz NaN xorsign abs relu | dss?s
            sad     | u16 s16 u32 s32 u64 s64 |                               | dsss
            and     | pred b16 b32 b64 |                                      | dss
            or      | pred b16 b32 b64 |                                      | dss
            xor     | pred b16 b32 b64 |                                      | dss
            not     | pred b16 b32 b64 |                                      | ds
            cnot    | b16 b32 b64 |                                           | ds
            lop3    | b32 |                                                   | dssss
            shl     | b16 b32 b64 |                                           | dss
            shr     | b16 b32 b64 u16 u32 u64 s16 s32 s64 |                   | dss
            shf     | b32 | l r wrap clamp                                    | dsss
            popc    | b32 b64 |                                               | ds
            clz     | b32 b64 |                                               | ds
            brev    | b32 b64 |                                               | ds
            bfind   | u32 s32 u64 s64 | shiftamt                              | ds
            bfe     | u32 s32 u64 s64 |                                       | dsss
            bfi     | b32 b64 |                                               | dssss
            prmt    | b32 | f4e b4e rc8 ecl ecr rc16                          | dsss
            rcp     | f32 f64 | rnd approx ftz                                | ds
            sqrt    | f32 f64 | rnd approx ftz                                | ds
            rsqrt   | f32 f64 | approx ftz                                    | ds
            sin     | f32 | approx ftz                                        | ds
            cos     | f32 | approx ftz                                        | ds
            ex2     | f32 half | approx ftz                            | ds
            lg2     | f32 | approx ftz                                        | ds
            tanh    | f32 half | approx                                | ds
            copysign | f32 f64 |                                              | dss
            testp   | f32 f64 | finite infinite number notanumber normal subnormal | ds
            setp    | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 half | cmp and or xor ftz | Pss?p
            set     | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 half | cmp and or xor ftz | dss?p
            selp    | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 |           | dssp
            slct    | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 | ftz       | dsss
            cvt     | u8 s8 u16 s16 u32 s32 u64 s64 f32 f64 half tf32 e4m3x2 e5m2x2 | rnd rna rni rzi rmi rpi ftz sat relu satfinite | ds?s
            cvta    | u64 | to place                                      | ds
            mov     | pred b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 |  | Vv
            ld      | mem | space scope weak volatile relaxed acquire ca cg cs lu cv evict fetch nc v2 v4 v8 | Vm
            ldu     | mem | global v2 v4                                      | Vm
            st      | mem | writable scope weak volatile relaxed release wb cg cs wt evict v2 v4 v8 | mv
            prefetch | - | global local L1 L2 L2::evict_last L2::evict_normal | m
            prefetchu | - | L1                                                | m
            isspacep | - | window                                             | ds
            atom    | b16 b32 b64 u32 u64 s32 s64 f32 f64 half | atomic relaxed acquire release acq_rel cas exch | dms?s
            red     | b32 b64 u32 u64 s32 s64 f32 f64 half | atomic relaxed release | ms
            bra     | - | uni                                                 | l
            ret     | - | uni                                                 |
            exit    | - |                                                     |
            trap    | - |                                                     |
            brkpt   | - |                                                     |
            nanosleep | u32 |                                                 | s
            bar     | - | sync arrive aligned cta                             | s?s
            bar.red | u32 pred | red popc and or aligned cta                  | ds?ss
            bar.warp | - | warp sync                                          | s
            membar  | - | cta gl sys                                          |
            fence   | - | sc acq_rel acquire release cta gpu sys cluster proxy async alias global shared::cta mbarrier_init |
            shfl    | b32 | sync up down bfly idx                             | Pss?ss
            vote    | pred b32 | sync all any uni ballot                      | dp?s
            match   | b32 b64 | sync any all                         | Pss
            redux   | u32 s32 b32 | sync add min max and or xor               | dss
            activemask | b32 |                                                | d
            szext   | u32 s32 | wrap clamp                           | dss
            bmsk    | b32 | wrap clamp                               | dss
            fns     | b32 |                                          | dsss
            dp4a    | u32 s32 |                                      | dsss
            dp2a    | u32 s32 | lo hi                                | dsss
            cvt.pack | u8 s8 u16 s16 s32 b32 | pack sat          | dss?s
            brx     | - | idx uni                                    | sl
            elect   | - | sync                                       | Ps
            ldmatrix | b16 | sync aligned m8n8 x1 x2 x4 trans shared shared::cta | Vm
            stmatrix | b16 | sync aligned m8n8 x1 x2 x4 trans shared shared::cta | mv
            movmatrix | b16 | sync aligned m8n8 trans                | ds
            mma     | f16 bf16 tf32 f32 f64 s32 s8 u8 | pieces tile s4 u4 b1 xor and popc satfinite | Vvvv
            wmma.load | f16 bf16 tf32 f32 f64 s32 s8 u8 | pieces fragment load a b c global shared shared::cta | Vm?s
            wmma.store | f16 f32 f64 s32 | pieces fragment store d global shared shared::cta | mv?s
            wmma.mma | f16 bf16 tf32 f32 f64 s32 s8 u8 | pieces fragment mma satfinite | Vvvv
            cp.async | - | async ca cg shared shared::cta global L2::64B L2::128B L2::256B | mms?s
            cp.async.commit_group | - | async commit_group           |
            cp.async.wait_group | - | async wait_group               | s
            cp.async.wait_all | - | async wait_all                   |
            cp.async.mbarrier | b64 | async mbarrier arrive noinc shared shared::cta | m
            mbarrier.init | b64 | init shared shared::cta            | ms
            mbarrier.inval | b64 | inval shared shared::cta          | m
            mbarrier.arrive | b64 | arrive expect_tx noComplete release meeting | dm?s
            mbarrier.arrive_drop | b64 | arrive_drop expect_tx noComplete release meeting | dm?s
            mbarrier.expect_tx | b64 | expect_tx meeting             | ms
            mbarrier.complete_tx | b64 | complete_tx meeting         | ms
            mbarrier.test_wait | b64 | test_wait parity acquire meeting | dms
            mbarrier.try_wait | b64 | try_wait parity acquire meeting | dms?s
            mbarrier.pending_count | b64 | pending_count             | ds
            griddepcontrol | - | wait launch_dependents              |
            pmevent | - | mask                                       | s
            discard | - | global L2                                  | ms
            applypriority | - | global L2::evict_normal              | ms
            """;

    /** The shapes of mma and wmma; which go with which types their emitter says. */
    private static final String TILES =
            "m8n8k4 m8n8k16 m8n8k32 m8n8k128 m16n8k4 m16n8k8 m16n8k16 m16n8k32 m16n8k64 m16n8k128" + " m16n8k256";

    private static final String FRAGMENTS = "m16n16k16 m32n8k16 m8n32k16 m16n16k8 m8n8k4";

    private static final Map<String, String> GROUPS = Map.ofEntries(
            Map.entry("half", "f16 f16x2 bf16 bf16x2"),
            Map.entry("pieces", "sync aligned row col"),
            Map.entry("tile", TILES),
            Map.entry("fragment", FRAGMENTS),
            Map.entry("rnd", "rn rz rm rp"),
            Map.entry("cmp", "eq ne lt le gt ge lo ls hi hs equ neu ltu leu gtu geu num nan"),
            Map.entry("space", "global shared shared::cta local const param param::entry param::func"),
            Map.entry("scope", "cta cluster gpu sys"),
            Map.entry("place", "global shared shared::cta local const param param::entry"),
            Map.entry("window", "global shared shared::cta local param param::entry"),
            Map.entry("writable", "global shared shared::cta local param param::func"),
            Map.entry("evict", "L1::evict_normal L1::evict_unchanged L1::evict_first L1::evict_last L1::no_allocate"),
            Map.entry("fetch", "L2::64B L2::128B L2::256B"),
            Map.entry("meeting", "relaxed cta cluster shared shared::cta"),
            Map.entry("atomic", "global shared shared::cta scope noftz add and or xor min max inc dec"),
            Map.entry("mem", "b8 u8 s8 b16 u16 s16 b32 u32 s32 b64 u64 s64 f32 f64"));

    private static final Map<String, Form> FORMS = new HashMap<>();

    static {
        TABLE.lines().forEach(line -> {
            String[] cells = line.split("\\|", -1);
            Set<Type> types = EnumSet.noneOf(Type.class);
            for (String name : words(cells[1])) {
                Type type = Type.named(name);
                if (type != null) {
                    types.add(type);
                }
            }
            FORMS.put(cells[0].strip(), new Form(types, words(cells[2]), cells[3].strip()));
        });
    }

    private record Form(Set<Type> types, Set<String> modifiers, String operands) {}

    private InstructionSet() {}

    /** How many of the first operands are written. */
    static int destinations(String opcode) {
        Form form = FORMS.get(opcode);
        return form != null && !form.operands.isEmpty() && "dVP".indexOf(form.operands.charAt(0)) >= 0 ? 1 : 0;
    }

    /** Every opcode with what may stand behind it: its types, and its modifiers with a dot. */
    static Map<String, Set<String>> words() {
        Map<String, Set<String>> found = new HashMap<>();
        FORMS.forEach((opcode, form) -> {
            Set<String> words = new HashSet<>();
            form.types.forEach(type -> words.add(type.ptxName()));
            form.modifiers.stream().filter(word -> Type.named(word) == null).forEach(word -> words.add("." + word));
            found.put(opcode, words);
        });
        return found;
    }

    static boolean knows(String opcode) {
        return opcode.equals("call") || FORMS.containsKey(opcode);
    }

    /** @throws PtxErrors.Refusal if the instruction is not one that the table holds */
    static void check(Instruction instruction) {
        if (instruction.opcode().equals("call")) {
            if (instruction.modifiers().stream().anyMatch(word -> !word.equals("uni"))) {
                throw refusal(instruction, "unsupported modifier of call");
            }
            return;
        }
        Form form = Objects.requireNonNull(FORMS.get(instruction.opcode()), "the parser asks knows() first");
        for (String modifier : instruction.modifiers()) {
            if (!form.modifiers.contains(modifier)) {
                throw refusal(instruction, "unsupported modifier ." + modifier);
            }
        }
        checkTypes(instruction, form);
        checkOperands(instruction, form.operands);
    }

    static PtxErrors.Refusal refusal(Instruction instruction, String reason) {
        return new PtxErrors.Refusal(instruction.line(), instruction.written() + ": " + reason);
    }

    private static void checkTypes(Instruction instruction, Form form) {
        int allowed = form.types.isEmpty() ? 0 : 1;
        switch (instruction.opcode()) {
            case "cvt", "set", "slct", "dp4a", "dp2a" -> allowed = 2;
            case "cvt.pack" -> allowed = 3;
            case "mma", "wmma.mma" -> allowed = 4;
            default -> {}
        }
        boolean two = List.of("set", "dp4a", "dp2a", "cvt.pack").contains(instruction.opcode());
        boolean enough = instruction.types().size() >= (two ? 2 : Math.min(1, allowed));
        if (!enough || instruction.types().size() > allowed) {
            throw refusal(instruction, "takes " + allowed + " types");
        }
        for (Type type : instruction.types()) {
            if (!form.types.contains(type)) {
                throw refusal(instruction, "unsupported type ." + type.ptxName());
            }
        }
    }

    private static void checkOperands(Instruction instruction, String pattern) {
        List<Operand> operands = instruction.operands();
        int optional = pattern.indexOf('?');
        String shape = pattern.replace("?", "");
        int least = optional < 0 ? shape.length() : optional;
        if (operands.size() < least || operands.size() > shape.length()) {
            throw refusal(instruction, operands.size() + " operands");
        }
        for (int i = 0; i < operands.size(); i++) {
            if (!fits(operands.get(i), shape.charAt(i))) {
                throw refusal(instruction, "unsupported operand " + (i + 1));
            }
        }
    }

    private static boolean fits(Operand operand, char place) {
        return switch (operand) {
            case Operand.Register _ -> "dVPsvp".indexOf(place) >= 0;
            case Operand.Sink _ -> "dVP".indexOf(place) >= 0;
            case Operand.Pair pair -> place == 'P' && fits(pair.first(), 'd') && fits(pair.second(), 'd');
            case Operand.Vector vector ->
                (place == 'V' && vector.elements().stream().allMatch(e -> fits(e, 'd')))
                        || (place == 'v' && vector.elements().stream().allMatch(e -> fits(e, 's')));
            case Operand.Special _, Operand.Named _ -> place == 'v' || place == 's';
            case Operand.Symbol _ -> place == 'l' || place == 'v' || place == 's';
            case Operand.IntegerLiteral _, Operand.RealLiteral _ -> place == 's' || place == 'v' || place == 'p';
            case Operand.Address _, Operand.ParameterValue _, Operand.ParameterPointer _ -> place == 'm';
            case Operand.Negated _ -> place == 'p' || place == 's';
            case Operand.Targets _ -> place == 'l';
            case Operand.Group _, Operand.Prototype _ -> false;
        };
    }

    private static Set<String> words(String cell) {
        Set<String> found = new HashSet<>();
        for (String word : cell.strip().split("\\s+", -1)) {
            if (word.isEmpty() || word.equals("-")) {
                continue;
            }
            String group = GROUPS.get(word);
            if (group == null) {
                found.add(word);
            } else {
                found.addAll(words(group));
            }
        }
        return found;
    }
}
