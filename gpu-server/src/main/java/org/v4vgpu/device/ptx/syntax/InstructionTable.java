package org.v4vgpu.device.ptx.syntax;

import java.util.Map;

/**
 * The instructions that run, as a table: opcode, types, modifiers, operands.
 *
 * <p>An opcode has a line for each set of types that takes the same modifiers. Types: &lt; stands between those of the first place and
 * of the second; 1-4 are so many places alike. Modifiers behind ; do not change what is computed.
 *
 * <p>Operands: d destination register, V destination register or vector, P destination pair {@code d|p} or its first half; s
 * source, v source or vector, p source predicate, m address, l label; what follows ? may be missing. Source: PTX ISA 9.7.
 */
final class InstructionTable {
    static final String TEXT = """
            add     | u16 s16 u32 s32 u64 s64 u16x2 s16x2 |                   | dss
            add     | s32 | sat                                               | dss
            add     | u32 s32 u64 s64 | cc                                    | dss
            add     | f32 | rnd ftz sat                                       | dss
            add     | f32x2 | rnd ftz                                         | dss
            add     | f64 | rnd                                               | dss
            add     | f16 f16x2 | rn ftz sat                                  | dss
            add     | bf16 bf16x2 | rn                                        | dss
            sub     | u16 s16 u32 s32 u64 s64 |                               | dss
            sub     | s32 | sat                                               | dss
            sub     | u32 s32 u64 s64 | cc                                    | dss
            sub     | f32 | rnd ftz sat                                       | dss
            sub     | f32x2 | rnd ftz                                         | dss
            sub     | f64 | rnd                                               | dss
            sub     | f16 f16x2 | rn ftz sat                                  | dss
            sub     | bf16 bf16x2 | rn                                        | dss
            addc    | u32 s32 u64 s64 | cc                                    | dss
            subc    | u32 s32 u64 s64 | cc                                    | dss
            mul     | u16 s16 u32 s32 | lo hi wide                            | dss
            mul     | u64 s64 | lo hi                                         | dss
            mul     | f32 | rnd ftz sat                                       | dss
            mul     | f32x2 | rnd ftz                                         | dss
            mul     | f64 | rnd                                               | dss
            mul     | f16 f16x2 | rn ftz sat                                  | dss
            mul     | bf16 bf16x2 | rn                                        | dss
            mad     | u16 s16 u32 s32 | lo hi wide                            | dsss
            mad     | u64 s64 | lo hi                                         | dsss
            mad     | s32 | hi sat                                            | dsss
            mad     | u32 s32 u64 s64 | lo hi cc                              | dsss
            mad     | f32 | rnd ftz sat                                       | dsss
            mad     | f64 | rnd                                               | dsss
            madc    | u32 s32 u64 s64 | lo hi cc                              | dsss
            mul24   | u32 s32 | lo hi                                         | dss
            mad24   | u32 s32 | lo hi                                         | dsss
            mad24   | s32 | hi sat                                            | dsss
            fma     | f32 | rnd ftz sat                                       | dsss
            fma     | f32x2 | rnd ftz                                         | dsss
            fma     | f64 | rnd                                               | dsss
            fma     | f16 f16x2 | rn ftz sat                                  | dsss
            fma     | f16 f16x2 | rn ftz relu                                 | dsss
            fma     | bf16 bf16x2 | rn relu                                   | dsss
            div     | u16 s16 u32 s32 u64 s64 |                               | dss
            div     | f32 | rnd approx full ftz                               | dss
            div     | f64 | rnd                                               | dss
            rem     | u16 s16 u32 s32 u64 s64 |                               | dss
            neg     | s16 s32 s64 f64 bf16 bf16x2 |                           | ds
            neg     | f32 f16 f16x2 | ftz                                     | ds
            abs     | s16 s32 s64 f64 bf16 bf16x2 |                           | ds
            abs     | f32 f16 f16x2 | ftz                                     | ds
            min     | u16 s16 u32 u64 s64 u16x2 f64 |                         | dss
            min     | s32 s16x2 | relu                                        | dss
            min     | f32 f16 f16x2 | ftz NaN xorsign abs                     | dss
            min     | f32 | ftz NaN abs                                       | dsss
            min     | bf16 bf16x2 | NaN xorsign abs                           | dss
            max     | u16 s16 u32 u64 s64 u16x2 f64 |                         | dss
            max     | s32 s16x2 | relu                                        | dss
            max     | f32 f16 f16x2 | ftz NaN xorsign abs                     | dss
            max     | f32 | ftz NaN abs                                       | dsss
            max     | bf16 bf16x2 | NaN xorsign abs                           | dss
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
            rcp     | f32 | rnd approx ftz                                    | ds
            rcp     | f64 | rnd                                               | ds
            rcp     | f64 | approx ftz                                        | ds
            sqrt    | f32 | rnd approx ftz                                    | ds
            sqrt    | f64 | rnd                                               | ds
            rsqrt   | f32 f64 | approx ftz                                    | ds
            sin     | f32 | approx ftz                                        | ds
            cos     | f32 | approx ftz                                        | ds
            ex2     | f32 | approx ftz                                        | ds
            ex2     | f16 f16x2 | approx                                      | ds
            ex2     | bf16 bf16x2 | approx ftz                                | ds
            lg2     | f32 | approx ftz                                        | ds
            tanh    | f32 half | approx                                       | ds
            copysign | f32 f64 |                                              | dss
            testp   | f32 f64 | finite infinite number notanumber normal subnormal | ds
            setp    | b16 b32 b64 | same and or xor                           | Pss?p
            setp    | u16 u32 u64 s16 s32 s64 | same order unsigned and or xor | Pss?p
            setp    | f32 f16 f16x2 | same order unordered and or xor ftz     | Pss?p
            setp    | f64 bf16 bf16x2 | same order unordered and or xor       | Pss?p
            set     | u32 s32 f32 f16 bf16 < b16 b32 b64 | same and or xor    | dss?p
            set     | u32 s32 f32 f16 bf16 < u16 u32 u64 s16 s32 s64 | same order unsigned and or xor | dss?p
            set     | u32 s32 f32 f16 bf16 < f32 | same order unordered and or xor ftz | dss?p
            set     | u32 s32 f32 f16 bf16 < f64 | same order unordered and or xor | dss?p
            set     | u16 s16 u32 s32 f16 < f16 | same order unordered and or xor ftz | dss?p
            set     | u16 s16 u32 s32 bf16 < bf16 | same order unordered and or xor | dss?p
            set     | u32 s32 f16x2 < f16x2 | same order unordered and or xor ftz | dss?p
            set     | u32 s32 bf16x2 < bf16x2 | same order unordered and or xor | dss?p
            selp    | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 |           | dssp
            slct    | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 < s32 |     | dsss
            slct    | b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 < f32 | ftz | dsss
            cvt     | integer < integer | sat                                 | ds
            cvt     | integer < f32 | integral ftz sat                        | ds
            cvt     | integer < f16 bf16 f64 | integral sat                   | ds
            cvt     | f32 < integer | rnd ftz sat                             | ds
            cvt     | f16 f64 < integer | rnd sat                             | ds
            cvt     | bf16 < integer | rnd                                    | ds
            cvt     | f32 < f32 | integral ftz sat                            | ds
            cvt     | f32 < f64 | rnd ftz sat                                 | ds
            cvt     | f32 < f16 | ftz sat                                     | ds
            cvt     | f32 < bf16 | ftz                                        | ds
            cvt     | f64 < f32 | ftz sat                                     | ds
            cvt     | f64 < f16 | sat                                         | ds
            cvt     | f64 < bf16 |                                            | ds
            cvt     | f64 < f64 | integral sat                                | ds
            cvt     | f16 < f32 | rnd ftz sat                                 | ds
            cvt     | f16 < f32 | rn rz relu satfinite                        | ds
            cvt     | f16 < f64 | rnd sat                                     | ds
            cvt     | f16 < f16 | integral sat                                | ds
            cvt     | f16 < bf16 | rnd                                        | ds
            cvt     | bf16 < f32 | rnd relu satfinite                         | ds
            cvt     | bf16 < f64 f16 | rnd                                    | ds
            cvt     | bf16 < bf16 | integral                                  | ds
            cvt     | f16x2 bf16x2 < f32 | rn rz relu satfinite               | dss
            cvt     | tf32 < f32 | rn rz rna relu satfinite                   | ds
            cvt     | e4m3x2 e5m2x2 < f32 | rn satfinite relu                 | dss
            cvt     | e4m3x2 e5m2x2 < f16x2 | rn satfinite relu               | ds
            cvt     | f16x2 < e4m3x2 e5m2x2 | rn relu                         | ds
            cvta    | u64 | to place                                          | ds
            mov     | pred b16 b32 b64 u16 u32 u64 s16 s32 s64 f32 f64 |      | Vv
            ld      | mem | space v2 v4 ; scope weak volatile relaxed acquire ca cg cs lu cv evict fetch nc hint | Vm
            ld      | b32 u32 s32 f32 | global v8 ; scope weak volatile relaxed acquire evict fetch nc hint | Vm
            ldu     | b8 u8 s8 b16 u16 s16 b32 u32 s32 f32 | global v2 v4     | Vm
            ldu     | b64 u64 s64 f64 | global v2                             | Vm
            st      | mem | writable v2 v4 ; scope weak volatile relaxed release wb cg cs wt evict hint | mv
            st      | b32 u32 s32 f32 | global v8 ; scope weak volatile relaxed release evict hint | mv
            prefetch | - | global local L1 L2 L2::evict_last L2::evict_normal | m
            prefetchu | - | L1                                                | m
            isspacep | - | window                                             | ds
            atom    | half | places add noftz ; ordered hint                  | dms
            atom    | f32 | global add v2 v4 ; ordered hint                   | Vmv
            atom    | f16 bf16 | global add min max noftz v2 v4 v8 ; ordered hint | Vmv
            atom    | f16x2 bf16x2 | global add min max noftz v2 v4 ; ordered hint | Vmv
            atom    | u32 s32 u64 s64 f32 f64 | places add ; ordered hint     | dms
            atom    | u32 s32 u64 s64 | places min max ; ordered hint         | dms
            atom    | u32 | places inc dec ; ordered hint                     | dms
            atom    | b32 b64 | places and or xor exch ; ordered hint         | dms
            atom    | b16 b32 b64 | places cas ; ordered hint                 | dmss
            red     | half | places add noftz ; unanswered hint               | ms
            red     | f32 | global add v2 v4 ; unanswered hint                | mv
            red     | f16 bf16 | global add min max noftz v2 v4 v8 ; unanswered hint | mv
            red     | f16x2 bf16x2 | global add min max noftz v2 v4 ; unanswered hint | mv
            red     | u32 s32 u64 s64 f32 f64 | places add ; unanswered hint  | ms
            red     | u32 s32 u64 s64 | places min max ; unanswered hint      | ms
            red     | u32 | places inc dec ; unanswered hint                  | ms
            red     | b32 b64 | places and or xor ; unanswered hint           | ms
            createpolicy.fractional | b64 | fractional levels                 | d?s
            createpolicy.range | b64 | range global levels                    | dmss
            createpolicy.cvt | b64 | cvt L2                                   | ds
            bra     | - | uni                                                 | l
            ret     | - | uni                                                 |
            exit    | - |                                                     |
            trap    | - |                                                     |
            brkpt   | - |                                                     |
            nanosleep | u32 |                                                 | s
            bar     | - | sync arrive aligned cta                             | s?s
            bar.red | u32 | red popc ; aligned cta                            | ds?ss
            bar.red | pred | red and or ; aligned cta                         | ds?ss
            bar.warp | - | warp sync                                          | s
            membar  | - | cta gl sys                                          |
            fence   | - | sc acq_rel acquire release cta gpu sys cluster proxy async alias global shared::cta mbarrier_init |
            shfl    | b32 | sync up down bfly idx                             | Pss?ss
            vote    | pred | sync all any uni                                 | dp?s
            vote    | b32 | sync ballot                                       | dp?s
            match   | b32 b64 | sync any all                         | Pss
            redux   | u32 s32 | sync add min max                              | dss
            redux   | b32 | sync and or xor                                   | dss
            activemask | b32 |                                                | d
            szext   | u32 s32 | wrap clamp                           | dss
            bmsk    | b32 | wrap clamp                               | dss
            fns     | b32 |                                          | dsss
            dp4a    | u32 s32 < u32 s32 |                            | dsss
            dp2a    | u32 s32 < u32 s32 | lo hi                      | dsss
            vadd    | word < word < word | sat add min max               | dss?s
            vsub    | word < word < word | sat add min max               | dss?s
            vabsdiff | word < word < word | sat add min max               | dss?s
            vmin    | word < word < word | sat add min max               | dss?s
            vmax    | word < word < word | sat add min max               | dss?s
            vshl    | word < word < u32 | sat clamp wrap add min max     | dss?s
            vshr    | word < word < u32 | sat clamp wrap add min max     | dss?s
            vset    | word < word | same order add min max               | dss?s
            vadd2   | word < word < word | sat add                       | dsss
            vadd4   | word < word < word | sat add                       | dsss
            vsub2   | word < word < word | sat add                       | dsss
            vsub4   | word < word < word | sat add                       | dsss
            vavrg2  | word < word < word | sat add                       | dsss
            vavrg4  | word < word < word | sat add                       | dsss
            vabsdiff2 | word < word < word | sat add                       | dsss
            vabsdiff4 | word < word < word | sat add                       | dsss
            vmin2   | word < word < word | sat add                       | dsss
            vmin4   | word < word < word | sat add                       | dsss
            vmax2   | word < word < word | sat add                       | dsss
            vmax4   | word < word < word | sat add                       | dsss
            vset2   | word < word | same order add                       | dsss
            vset4   | word < word | same order add                       | dsss
            cvt.pack | u16 s16 < s32 | pack sat                       | dss
            cvt.pack | u8 s8 < s32 < b32 | pack sat                   | dsss
            brx     | - | idx uni                                    | sl
            elect   | - | sync                                       | Ps
            ldmatrix | b16 | sync aligned m8n8 x1 x2 x4 trans shared shared::cta | Vm
            stmatrix | b16 | sync aligned m8n8 x1 x2 x4 trans shared shared::cta | mv
            movmatrix | b16 | sync aligned m8n8 trans                | ds
            mma     | 1-4 f16 bf16 tf32 f32 f64 s32 s8 u8 | pieces tile s4 u4 b1 xor and popc satfinite | Vvvv
            wmma.load | f16 bf16 s8 u8 | pieces large load a b ; places       | Vm?s
            wmma.load | f16 f32 s32 | pieces large load c ; places            | Vm?s
            wmma.load | tf32 | pieces m16n16k8 load a b ; places              | Vm?s
            wmma.load | f32 | pieces m16n16k8 load c ; places                 | Vm?s
            wmma.load | f64 | pieces m8n8k4 load a b c ; places               | Vm?s
            wmma.store | f16 f32 s32 | pieces large store d ; places          | mv?s
            wmma.store | f32 | pieces m16n16k8 store d ; places               | mv?s
            wmma.store | f64 | pieces m8n8k4 store d ; places                 | mv?s
            wmma.mma | 1-4 f16 bf16 tf32 f32 f64 s32 s8 u8 | pieces fragment mma satfinite | Vvvv
            cp.async | - | async ca cg shared shared::cta global L2::64B L2::128B L2::256B hint | mms?s
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

    private static final String FRAGMENTS = "large m16n16k8 m8n8k4";

    /** Words of the table that stand for several. */
    static final Map<String, String> GROUPS = Map.ofEntries(
            Map.entry("half", "f16 f16x2 bf16 bf16x2"),
            Map.entry("pieces", "sync aligned row col"),
            Map.entry("tile", TILES),
            Map.entry("fragment", FRAGMENTS),
            Map.entry("large", "m16n16k16 m32n8k16 m8n32k16"),
            Map.entry("rnd", "rn rz rm rp"),
            Map.entry("integral", "rni rzi rmi rpi"),
            Map.entry("integer", "u8 s8 u16 s16 u32 s32 u64 s64"),
            Map.entry("word", "u32 s32"),
            Map.entry("same", "eq ne"),
            Map.entry("order", "lt le gt ge"),
            Map.entry("unsigned", "lo ls hi hs"),
            Map.entry("unordered", "equ neu ltu leu gtu geu num nan"),
            Map.entry("space", "global shared shared::cta local const param param::entry param::func"),
            Map.entry("scope", "cta cluster gpu sys"),
            Map.entry("place", "global shared shared::cta local const param param::entry"),
            Map.entry("window", "global shared shared::cta local param param::entry"),
            Map.entry("writable", "global shared shared::cta local param param::func"),
            Map.entry("evict", "L1::evict_normal L1::evict_unchanged L1::evict_first L1::evict_last L1::no_allocate"),
            Map.entry("fetch", "L2::64B L2::128B L2::256B"),
            Map.entry("meeting", "relaxed cta cluster shared shared::cta"),
            Map.entry("places", "global shared shared::cta"),
            Map.entry("ordered", "scope relaxed acquire release acq_rel"),
            Map.entry("unanswered", "scope relaxed release"),
            Map.entry("hint", InstructionSet.HINT),
            Map.entry("levels", "L2::evict_last L2::evict_normal L2::evict_first L2::evict_unchanged"),
            Map.entry("mem", "b8 u8 s8 b16 u16 s16 b32 u32 s32 b64 u64 s64 f32 f64"));

    private InstructionTable() {}
}
