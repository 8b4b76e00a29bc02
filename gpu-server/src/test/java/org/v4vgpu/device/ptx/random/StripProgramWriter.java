package org.v4vgpu.device.ptx.random;

import static org.v4vgpu.device.ptx.random.StripProgramTest.COMMON;
import static org.v4vgpu.device.ptx.random.StripProgramTest.EDGE;
import static org.v4vgpu.device.ptx.random.StripProgramTest.RESULTS;
import static org.v4vgpu.device.ptx.random.StripProgramTest.WORDS;

import java.util.Random;
import org.v4vgpu.device.LaunchShape;

/** Writes one program of {@link StripProgramTest}. */
final class StripProgramWriter {
    /** Choices, partings and loops in each other. */
    private static final int DEEPEST = 3;

    private final Random random;
    private final StringBuilder text = new StringBuilder();
    private final boolean stores;
    private final boolean loads;
    private final boolean atomics;

    /** Whether strips are warps. */
    private final boolean warps;

    /** The thread that does what is wrong, or -1; and how many steps it has until then. */
    private final int wrong;

    private int stepsToWrong;

    /** A row of a block has two to the power of it threads. */
    private final int shift;

    private int labels;
    private int moves;
    private int loops;

    StripProgramWriter(long seed, boolean fails) {
        random = new Random(seed);
        wrong = fails ? random.nextInt(StripProgramTest.BLOCKS * StripProgramTest.THREADS) : -1;
        stepsToWrong = fails ? 1 + random.nextInt(35) : 0;
        stores = seed % 2 == 0;
        loads = seed % 8 == 0;
        atomics = seed % 4 == 1;
        warps = seed % 5 >= 3;
        shift = warps || seed % 3 != 0 ? 5 : 4;
    }

    /** For strips of either width. */
    LaunchShape shape() {
        return new LaunchShape(StripProgramTest.BLOCKS, 1, 1, 1 << shift, StripProgramTest.THREADS >> shift, 1, 0);
    }

    String text() {
        text.append("""
                .version 7.0
                .target sm_75
                .address_size 64
                .visible .entry k(.param .u64 in, .param .u64 out, .param .u32 n, .param .u32 m, .param .u64 edge, .param .u64 edges) {
                .reg .b32 %u<4>, %a<4>, %i<4>, %s<5>, %c<6>, %g, %k<4>, %t; .reg .f32 %f<4>; .reg .b64 %x<5>, %y<2>, %d, %o<5>, %ou;
                .reg .b32 %n<4>, %m<4>; .reg .pred %p, %q, %w, %v<2>; .reg .b64 %l<2>, %z, %e; .reg .b16 %h; .reg .pred %b, %last; .reg .b64 %ed<2>; .reg .f64 %fd<2>; .shared .align 128 .b8 s[2048]; .local .align 4 .b8 own[16];
                ld.param.u64 %x0, [in]; ld.param.u64 %y0, [out]; ld.param.u32 %u0, [n]; ld.param.u32 %u1, [m];
                mov.u32 %u2, %ctaid.x; mov.u32 %u3, %tid.y; mov.u32 %a0, %tid.x;
                shl.b32 %c0, %u3, SHIFT; add.u32 %a1, %c0, %a0; shl.b32 %c1, %u2, 6; add.u32 %g, %c1, %a1;
                mov.u32 %a2, %g; mul.lo.u32 %a3, %a0, 3; mov.u32 %s0, s; shl.b32 %c2, %a1, 2; add.u32 %s1, %s0, %c2;
                shl.b32 %c3, %a0, 3; add.u32 %s2, %s0, %c3;
                mul.wide.s32 %d, %g, 4; add.s64 %x1, %x0, %d; add.s64 %y1, %y0, %d; add.s64 %x2, %x1, %d;
                add.s64 %x4, %x2, %d; add.s64 %x4, %x4, %d;
                add.s64 %o0, %y0, MOVED; shl.b32 %t, %u2, 8; shl.b32 %c4, %u3, ROWS2; add.u32 %t, %t, %c4; cvt.u64.u32 %ou, %t;
                add.s64 %ou, %ou, %o0; add.s64 %ou, %ou, QUADS; add.s64 %o1, %o0, %d; add.s64 %o2, %o1, %d; add.s64 %o4, %o2, %d;
                add.s64 %o4, %o4, %d; add.u32 %s3, %s1, 1024; shl.b32 %c5, %u3, ROWS3; add.u32 %s4, %s2, %c5; add.u32 %s4, %s4, 1536;
                """.replace("MOVED", "" + 4 * WORDS * RESULTS)
                .replace("QUADS", "" + 4 * 4 * 8 * 3 * 64)
                .replace("SHIFT", "" + shift)
                .replace("ROWS2", "" + (shift + 2))
                .replace("ROWS3", "" + (shift + 3)));
        for (int r = 0; r < 4; r++) {
            line("ld.global.f32 %f" + r + ", [%x1+" + 4 * r + "]");
            line("ld.global.u32 %i" + r + ", [%x1+" + 8 * r + "]");
        }
        line("ld.param.u64 %ed0, [edge]; add.u64 %ed0, %ed0, %d; ld.param.u64 %ed1, [edges]; add.u64 %ed1, %ed1, %d");
        line("add.u64 %ed1, %ed1, %d; setp.gt.u32 %q, %u2, 0");
        line("setp.lt.f32 %v0, %f0, %f1");
        line("setp.ne.u32 %v1, %i0, %i1");
        line("st.local.v2.f32 [own], {%f0, %f1}");
        line("st.local.v2.u32 [own+8], {%i0, %i1}");
        line("mul.wide.s32 %l0, %i0, 3; cvt.s64.s32 %l1, %a1; add.s64 %z, %y1, " + 4 * WORDS * 12);
        line(
                "st.shared.f32 [%s1], %f0; st.shared.u32 [%s3], %i0; st.shared.u32 [%s3+256], %i1; st.shared.u32 [%s4], %i2");
        line("bar.sync 0");
        if (warps) {
            line("shfl.sync.bfly.b32 %i3, %i3, 5, 31, -1");
        }
        steps(30, 0);
        line("bar.sync 0");
        for (int r = 0; r < 4; r++) {
            line("st.global.f32 [%y1+" + 4 * WORDS * r + "], %f" + r);
            line("st.global.u32 [%y1+" + 4 * WORDS * (4 + r) + "], %i" + r);
        }
        for (int r = 0; r < 2; r++) {
            line("cvt.u32.u64 %t, %l" + r + "; st.global.u32 [%y1+" + 4 * WORDS * (8 + 2 * r) + "], %t");
            line("shr.u64 %l" + r + ", %l" + r + ", 32; cvt.u32.u64 %t, %l" + r);
            line("st.global.u32 [%y1+" + 4 * WORDS * (9 + 2 * r) + "], %t");
        }
        return text.append("ret;\n}\n").toString();
    }

    private void steps(int count, int depth) {
        for (int n = 0; n < count; n++) {
            if (stepsToWrong > 0 && --stepsToWrong == 0) {
                fail();
            }
            switch (random.nextInt(depth == 0 ? 38 : depth < DEEPEST ? 35 : 30)) {
                case 0 -> line(pick("add", "sub", "mul") + ".f32 " + f() + ", " + f() + ", " + f());
                case 1 -> line("fma.rn.f32 " + f() + ", " + f() + ", " + f() + ", " + pick(f(), "0f3F000000"));
                case 2 -> line(pick("neg", "abs") + ".f32 " + f() + ", " + f());
                case 3 -> line(pick("add", "sub", "mul.lo") + ".s32 " + i() + ", " + i() + ", " + any());
                case 4 -> line(pick("and", "or", "xor") + ".b32 " + i() + ", " + any() + ", " + i());
                case 5 ->
                    line(pick("shl.b32", "shr.u32", "shr.s32") + " " + i() + ", " + i() + ", " + random.nextInt(32));
                case 6 -> {
                    String own = a();
                    line(pick("add", "sub") + ".s32 " + own + ", " + own + ", " + u());
                }
                case 7 -> line("@%q sub.f32 " + f() + ", " + f() + ", " + f());
                case 8 -> line("cvt.rn.f32.s32 " + f() + ", " + pick(i(), a()));
                case 9 -> line("mov.b32 " + pick(f() + ", " + i(), f() + ", 0", i() + ", " + a()));
                case 10 -> line("mad.lo.s32 " + i() + ", " + i() + ", " + any() + ", " + any());
                case 11 ->
                    line("setp."
                            + pick(
                                    "eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num",
                                    "nan")
                            + ".f32 " + v() + ", " + f() + ", " + pick(f(), "0f3F000000"));
                case 12 ->
                    line("setp." + pick("eq", "ne", "lt", "le", "gt", "ge") + pick(".s32 ", ".u32 ") + v() + ", " + i()
                            + ", " + any());
                case 13 -> line(pick("and", "or", "xor") + ".pred " + v() + ", " + v() + ", " + pick(v(), "%q"));
                case 14 ->
                    line(pick(
                                    "selp.b32 " + i() + ", " + any() + ", " + i(),
                                    "selp.f32 " + f() + ", " + f() + ", " + f())
                            + ", " + v());
                case 15 ->
                    line("@" + pick("", "!") + v() + " "
                            + pick(
                                    "fma.rn.f32 " + f() + ", " + f() + ", 0f3F000000, " + f(),
                                    "mov.u32 " + i() + ", " + any(),
                                    "ld.global.f32 " + f() + ", [%x1+4]",
                                    "ld.local.f32 " + f() + ", [own+4]",
                                    "setp.lt.u32 " + v() + ", " + i() + ", " + any()));
                case 16 -> {
                    line("and.b32 %t, " + i() + ", 508; add.u32 %t, %t, %s0");
                    line("ld.shared." + pick("f32 " + f(), "u32 " + i(), "u8 " + i()) + ", [%t]");
                }
                case 17 ->
                    line(pick(
                                    "add.ftz.f32 " + f() + ", " + f(),
                                    "min.f32 " + f() + ", " + f(),
                                    "max.ftz.f32 " + f() + ", " + f(),
                                    "sub.rz.f32 " + f() + ", " + f())
                            + ", " + f());
                case 18 ->
                    line(pick(
                            "ex2.approx.ftz.f32 " + f() + ", " + f(),
                            "sin.approx.f32 " + f() + ", " + f(),
                            "cvt.rzi.s32.f32 " + i() + ", " + f(),
                            "popc.b32 " + i() + ", " + i(),
                            "not.b32 " + i() + ", " + i(),
                            "ld.global.v2.f32 {" + f() + ", %f3}, [%x2]",
                            "ld.global.s8 " + i() + ", [%x1+" + random.nextInt(8) + "]",
                            "cvt.u16.u32 %h, " + i() + "; mul.wide.u16 " + i() + ", %h, 5"));
                case 19 -> {
                    line("and.b32 %t, " + i() + ", 12; mov.u32 %c4, own; add.u32 %t, %t, %c4");
                    line("ld.local.u32 " + i() + ", [%t]");
                }
                case 20 -> line(pick("add", "sub", "mul.lo") + ".s64 " + l() + ", " + l() + ", " + pick(l(), "-7"));
                case 21 ->
                    line(pick(
                            "cvt.s64.s32 " + l() + ", " + pick(i(), a(), u()),
                            "cvt.u32.u64 " + i() + ", " + l(),
                            "mov.u64 " + l() + ", " + pick(l(), "5"),
                            "setp.lt.s64 " + v() + ", " + l() + ", " + pick(l(), "100"),
                            "@" + v() + " add.s64 " + l() + ", " + l() + ", 9"));
                case 22 ->
                    line("setp." + pick("lt", "ge", "eq") + ".u32 %v0|%v1, "
                            + pick(i() + ", " + any(), u() + ", " + u(), "%u0, 5"));
                case 23 -> {
                    store();
                    atomic();
                }
                case 24, 25 -> move();
                case 26 ->
                    line(pick(
                            "ld.global.v4.f32 {" + f() + ", _, %f2, " + f() + "}, [%x4]",
                            "ld.global.v4.u32 {%i3, %i1, %i0, %i2}, [%x4+16]",
                            "ld.global.v2.u32 {%i2, " + i() + "}, [%x2+8]",
                            "ld.global.f32 " + f() + ", [%x4+4]"));
                case 27 -> mixed();
                case 28 -> coordinates();
                case 29 -> edge();
                case 30 -> choice(depth + 1);
                case 31, 32 -> parting(depth + 1);
                case 33 -> partingLoop(depth + 1);
                case 34 -> loop(depth + 1);
                case 35, 36 -> together();
                default -> exchange();
            }
        }
    }

    private void exchange() {
        line("bar.sync 0");
        String kind = pick("f32 ", "u32 ");
        boolean real = kind.equals("f32 ");
        line("st.shared." + kind + "[%s1], " + (real ? f() : i()));
        line("bar.sync 0");
        line("ld.shared." + kind + (real ? f() : i()) + ", "
                + (real ? pick("[%s1]", "[%s1+64]", "[s+20]", "[%s2]") : "[%s1]"));
        line(pick("st.local.u32 [own+" + 4 * random.nextInt(4) + "], " + i(), "not.pred %v0, %v1"));
    }

    /** Between kinds of registers. */
    private void mixed() {
        line(pick(
                "mov.b64 " + l() + ", {" + i() + ", " + f() + "}",
                "mov.b64 {" + f() + ", " + i() + "}, " + l(),
                "mov.b64 {" + i() + ", _}, " + l(),
                "mov.b64 {%f2, %f2}, " + l(),
                "mov.f32 " + f() + ", " + f(),
                "mov.b32 " + i() + ", " + f(),
                "selp.b32 " + f() + ", " + i() + ", " + f() + ", " + v(),
                "cvt.rn.f32.u32 " + f() + ", " + any(),
                "mul.hi.u32 " + i() + ", " + i() + ", " + any(),
                "min.s32 " + i() + ", " + i() + ", " + any(),
                "shl.b32 " + i() + ", " + any() + ", " + i(),
                "shr.s32 " + i() + ", " + i() + ", " + any(),
                "mad.wide.s32 " + l() + ", " + i() + ", " + any() + ", " + l(),
                "setp.lt.and.s32 " + v() + ", " + any() + ", " + i() + ", " + v(),
                "not.pred " + v() + ", " + v(),
                "st.shared.f32 [%s3], " + f() + "; ld.shared.u32 " + i() + ", [%s3]",
                "cvt.f64.f32 %fd0, " + f(),
                "cvt.rn.f64.s32 %fd1, " + i(),
                "fma.rn.f64 " + fd() + ", %fd0, %fd1, " + fd(),
                pick("min", "add.rn", "sub.rz") + ".f64 " + fd() + ", " + fd() + ", " + fd(),
                "selp.f64 " + fd() + ", %fd0, %fd1, " + v(),
                "cvt.rn.f32.f64 " + f() + ", " + fd(),
                "setp.ltu.f64 " + v() + ", " + fd() + ", " + fd(),
                "cvt.rn.f16.f32 %h, " + f() + "; cvt.f32.f16 " + f() + ", %h",
                "copysign.f32 " + f() + ", " + f() + ", " + f()));
    }

    /** What threads share or are apart by, also where only some of them are. */
    private void coordinates() {
        switch (random.nextInt(4)) {
            case 0 -> line("add.u32 " + pick("%u2", "%u3") + ", " + u() + ", " + random.nextInt(9));
            case 1 -> line("selp.b32 %u3, " + u() + ", " + u() + ", " + pick("%q", "%b"));
            case 2 -> line("setp.lt.u32 %b, " + u() + ", " + pick(u(), "20"));
            default -> {
                String factor = pick("3", "-1", "-5", "4", "0x80000000", "0xFFFFFFFF");
                line(pick(
                        "mul.wide.u32 %e, " + a() + ", " + factor,
                        "mul.wide.s32 %e, " + a() + ", " + factor,
                        "mad.wide.u32 %e, " + a() + ", " + factor + ", %d",
                        "mad.wide.s32 %e, " + factor + ", " + a() + ", %d",
                        "cvt.u64.u32 %e, " + a(),
                        "cvt.s64.s32 %e, " + a(),
                        "mul.lo.u64 %e, %d, " + factor,
                        "shl.b64 %e, %d, 29"));
                line("add.s64 " + l() + ", " + l() + ", %e");
            }
        }
    }

    /** Beyond live memory but for the first threads. */
    private void edge() {
        place("lt", EDGE);
        String loads = pick(
                "ld.global.u32 " + i() + ", [%ed0]",
                "ld.global.f32 " + f() + ", [%ed0]; ld.global.f32 %f2, [%ed0]",
                "ld.global.u64 " + l() + ", [%ed1]",
                "ld.global.v2.u32 {" + i() + ", %i3}, [%ed1]",
                "ld.global.u32 " + i() + ", [%ed1+4]");
        String own = stores
                ? pick("", "; st.global.u32 [%ed0], " + any(), "; st.global.v2.f32 [%ed1], {" + f() + ", %f1}")
                : "";
        onlyIf(atomics ? loads + "; red.global.add.u32 [%ed0], " + any() : loads + own);
    }

    /** Sets last by the thread's number, which strips may know only thread by thread. */
    private void place(String comparison, int number) {
        line(pick("mov.u32 %t, %g", "and.b32 %t, %g, 255"));
        line("setp." + comparison + ".u32 %last, %t, " + number);
    }

    /** What threads do whose last is set. */
    private void onlyIf(String instructions) {
        if (random.nextBoolean()) {
            line("@%last " + instructions.replace("; ", "; @%last "));
            return;
        }
        int label = labels++;
        line("@!%last bra L" + label);
        line(instructions);
        text.append("L").append(label).append(":\n");
    }

    private void fail() {
        place("eq", wrong);
        line("mov.u64 %e, 64");
        onlyIf(pick(
                "ld.global.u32 " + i() + ", [%e]",
                "ld.global.u32 " + i() + ", [%d+64]",
                "st.global.f32 [%d+64], " + f(),
                "st.global.v2.u32 [%d+64], {" + i() + ", " + i() + "}",
                "ld.shared.u32 " + i() + ", [%s1+2]",
                "st.shared.u32 [%s1+4096], " + i(),
                "atom.global.add.u32 " + i() + ", [%x1+2], 1",
                "red.shared.add.u32 [%s1+4096], 1",
                "ld.local.u32 " + i() + ", [own+4000]",
                "trap"));
    }

    /** All threads of the block, or of a warp. */
    private void together() {
        if (!warps) {
            if (random.nextBoolean()) {
                exchange();
            } else {
                line("bar.red." + pick("popc.u32 " + i(), "or.pred " + v(), "and.pred %b") + ", 0, " + v());
            }
            return;
        }
        line(pick(
                "shfl.sync.bfly.b32 " + i() + "|" + v() + ", " + any() + ", " + random.nextInt(32) + ", 31, -1",
                "shfl.sync.up.b32 " + f() + ", " + f() + ", " + any() + ", 0, -1",
                "shfl.sync.idx.b32 " + i() + ", " + f() + ", " + i() + ", 0x181f, -1",
                "shfl.sync.down.b32 " + i() + "|" + v() + ", " + i() + ", 3, 0x71f, -1",
                "vote.sync.ballot.b32 " + pick(i(), "%u3") + ", " + pick("", "!") + v() + ", -1",
                "vote.sync." + pick("any", "all", "uni") + ".pred " + pick(v(), "%b") + ", " + v() + ", -1",
                "match.any.sync.b32 " + i() + ", " + any() + ", -1",
                "match.all.sync.b32 " + i() + "|" + v() + ", " + any() + ", -1",
                "redux.sync." + pick("add.s32 ", "max.u32 ", "min.s32 ") + i() + ", " + any() + ", -1",
                "bar.warp.sync -1; st.shared.u32 [%s1+512], " + any() + "; bar.warp.sync -1; xor.b32 %t, %s1, "
                        + 4 * random.nextInt(32) + "; ld.shared.u32 " + i() + ", [%t+512]; bar.warp.sync -1",
                "bar.red.popc.u32 " + i() + ", 0, " + pick("", "!") + v(),
                "bar.red." + pick("and", "or") + ".pred " + v() + ", 0, " + v()));
    }

    /** To words that are the thread's own: some that nothing loads, and in few programs one that is loaded, too. */
    private void store() {
        if (stores) {
            String loaded = loads ? pick("ld.global.u32 " + i() + ", [%z]; ", "") : "";
            line(loaded + "st.global.u32 [%z" + pick("", "+" + 4 * WORDS) + "], " + i());
        }
    }

    /** To words that are the thread's own, and to one of all, for which the order does not matter. */
    private void atomic() {
        if (atomics) {
            line(pick("", "", "@" + pick("", "!") + v() + " ")
                    + pick(
                            "atom.global.add.u32 " + i() + ", [%z], " + any(),
                            "atom.global.exch.b32 " + i() + ", [%z+" + 4 * WORDS + "], " + i(),
                            "atom.global.cas.b32 " + i() + ", [%z+" + 4 * WORDS + "], 0, " + any(),
                            "red.global.add.u32 [%x0+" + 4 * COMMON + "], " + any(),
                            "red.global.min.s32 [%x0+" + (4 * COMMON + 4) + "], " + i(),
                            "atom.shared.add.u32 " + i() + ", [%s3], " + any(),
                            "atom.shared.max.s32 " + i() + ", [%s3+256], " + i(),
                            "red.shared.xor.b32 [%s3], " + i(),
                            "red.add.u32 [%z], " + i()));
        }
    }

    /** To memory that nothing else stores to, or shared memory of the thread's own. */
    private void move() {
        int site = moves++;
        int place = site % 4;
        int quads = 4 * 4 * 3 * 64;
        if (stores) {
            line(pick(
                    "st.global.v4.f32 [%o4+" + quads * place + "], {" + f() + ", %f1, " + f() + ", %f0}",
                    "st.global.u32 [%o4+" + (quads * place + 4) + "], " + i(),
                    "st.global.v2.u32 [%o2+" + (quads * 4 + quads / 2 * place) + "], {" + i() + ", " + any() + "}",
                    "st.global.u64 [%o2+" + (quads * 4 + quads / 2 * place) + "], " + l(),
                    "st.global.f32 [%o1+" + (quads * 6 + quads / 2 * place) + "], " + f(),
                    loops == 0 && site < 32 ? "st.global.u32 [%ou+" + 4 * site + "], " + any() : "not.b32 %i0, %i1"));
        } else {
            String where = pick("[%s3]", "[%s3+256]", "[%s4]");
            line(
                    pick("st", "st", "ld").equals("st")
                            ? "st.shared.u32 " + where + ", " + i()
                            : "ld.shared.u32 " + i() + ", " + where);
        }
    }

    private void choice(int depth) {
        int label = labels++;
        line("setp." + pick("lt", "ge", "eq", "ne") + pick(".s32", ".u32") + " %p, " + a() + ", "
                + pick("%u0", "%u1", "%u2", "16", "32", a()));
        line("selp.b32 " + i() + ", " + any() + ", " + i() + ", %p");
        line("@" + pick("", "!") + "%p add.f32 " + f() + ", " + f() + ", " + f());
        line("@%p bra L" + label);
        steps(3, depth);
        text.append("L").append(label).append(":\n");
    }

    /** Some threads leave out what others do, or do something else. */
    private void parting(int depth) {
        int label = labels++;
        boolean both = random.nextBoolean();
        line("@" + pick("", "!") + v() + " bra L" + label);
        steps(3, depth);
        if (both) {
            line("bra M" + label);
        }
        text.append("L").append(label).append(":\n");
        if (both) {
            steps(2, depth);
            text.append("M").append(label).append(":\n");
        }
    }

    /** Each thread does it as often as it wants. */
    private void partingLoop(int depth) {
        int label = labels++;
        line("and.b32 %n" + depth + ", " + i() + ", 7; mov.u32 %m" + depth + ", 0");
        text.append("L").append(label).append(":\n");
        body(label, depth);
        line(("add.u32 %m#, %m#, 1; setp.lt.u32 %w, %m#, %n#; @%w bra L" + label).replace("#", "" + depth));
        text.append("M").append(label).append(":\n");
    }

    private void loop(int depth) {
        int label = labels++;
        line("mov.u32 %k" + depth + ", 0");
        text.append("L").append(label).append(":\n");
        body(label, depth);
        line(("add.u32 %k#, %k#, 1; setp.lt.u32 %q, %k#, " + pick("3", "%u0") + "; @%q bra L" + label)
                .replace("#", "" + depth));
        text.append("M").append(label).append(":\n");
    }

    /** Of a loop, which some threads may leave in its midst. */
    private void body(int label, int depth) {
        loops++;
        steps(2, depth);
        if (random.nextInt(3) == 0) {
            line("@" + pick("", "!") + v() + " bra M" + label);
            steps(1, depth);
        }
        loops--;
    }

    private void line(String instruction) {
        text.append(instruction).append(";\n");
    }

    private String f() {
        return "%f" + random.nextInt(4);
    }

    private String fd() {
        return "%fd" + random.nextInt(2);
    }

    private String l() {
        return "%l" + random.nextInt(2);
    }

    private String i() {
        return "%i" + random.nextInt(4);
    }

    private String a() {
        return "%a" + random.nextInt(4);
    }

    private String v() {
        return "%v" + random.nextInt(2);
    }

    private String u() {
        return "%u" + random.nextInt(4);
    }

    private String any() {
        return pick(i(), a(), u(), Integer.toString(random.nextInt(100) - 50));
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
