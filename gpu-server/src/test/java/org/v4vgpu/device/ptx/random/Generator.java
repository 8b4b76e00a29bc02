package org.v4vgpu.device.ptx.random;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes programs of a seed. */
final class Generator {
    private final Random random;
    private int left = 70;

    Generator(long seed) {
        random = new Random(seed);
    }

    List<Program> program() {
        List<Program> found = new ArrayList<>();
        while (left > 0) {
            found.addAll(parts(1 + random.nextInt(6), 0, true));
        }
        return found;
    }

    private List<Program> parts(int count, int depth, boolean together) {
        List<Program> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            left--;
            int choice = random.nextInt(20);
            if (choice == 0 && depth < 3) {
                found.add(new Program.Choice(
                        predicate(),
                        parts(1 + random.nextInt(4), depth + 1, false),
                        parts(random.nextInt(4), depth + 1, false)));
            } else if (choice == 1 && depth < 3) {
                int times = together && random.nextBoolean() ? 1 + random.nextInt(3) : 0;
                found.add(new Program.Loop(times, word(), parts(1 + random.nextInt(4), depth + 1, times > 0)));
            } else if (choice <= 3 && together) {
                found.add(exchange());
            } else {
                found.add(step());
            }
        }
        return found;
    }

    private Program exchange() {
        int d = word();
        int a = word();
        int p = predicate();
        int n = 1 + random.nextInt(31);
        int q = predicate();
        return switch (random.nextInt(10)) {
            case 5 ->
                new Program.Exchange("shfl.sync.idx.b32 %%r%d, %%r%d, %%r%d, 31, -1".formatted(d, a, other(d)), m -> {
                    int[] before = m.words[a].clone();
                    int[] from = m.words[other(d)].clone();
                    for (int t = 0; t < m.threads; t++) {
                        m.words[d][t] = before[(t & ~31) | (from[t] & 31)];
                    }
                });
            case 6 ->
                new Program.Exchange(
                        "vote.sync.%s.pred %%p%d, %%p%d, -1".formatted(n % 2 == 0 ? "all" : "any", p, q), m -> {
                            boolean[] before = m.predicates[q].clone();
                            for (int t = 0; t < m.threads; t++) {
                                boolean result = n % 2 == 0;
                                for (int lane = 0; lane < 32; lane++) {
                                    boolean other = before[(t & ~31) | lane];
                                    result = n % 2 == 0 ? result && other : result || other;
                                }
                                m.predicates[p][t] = result;
                            }
                        });
            case 7 ->
                new Program.Exchange("match.any.sync.b32 %%r%d, %%r%d, -1".formatted(d, a), m -> {
                    int[] before = m.words[a].clone();
                    for (int t = 0; t < m.threads; t++) {
                        int same = 0;
                        for (int lane = 0; lane < 32; lane++) {
                            same |= before[(t & ~31) | lane] == before[t] ? 1 << lane : 0;
                        }
                        m.words[d][t] = same;
                    }
                });
            case 8 ->
                new Program.Exchange("bar.red.popc.u32 %%r%d, 1, %%p%d".formatted(d, p), m -> {
                    int count = 0;
                    for (boolean each : m.predicates[p]) {
                        count += each ? 1 : 0;
                    }
                    Arrays.fill(m.words[d], count);
                });
            case 9 ->
                new Program.Exchange("shfl.sync.up.b32 %%r%d|%%p%d, %%r%d, %d, 0x1800, -1".formatted(d, p, a, n), m -> {
                    int[] before = m.words[a].clone();
                    for (int t = 0; t < m.threads; t++) {
                        boolean inside = (t & 7) >= n;
                        m.words[d][t] = before[inside ? t - n : t];
                        m.predicates[p][t] = inside;
                    }
                });
            case 0 ->
                new Program.Exchange("shfl.sync.bfly.b32 %%r%d, %%r%d, %d, 31, -1".formatted(d, a, n), m -> {
                    int[] before = m.words[a].clone();
                    for (int t = 0; t < m.threads; t++) {
                        m.words[d][t] = before[(t & ~31) | ((t ^ n) & 31)];
                    }
                });
            case 1 ->
                new Program.Exchange("shfl.sync.down.b32 %%r%d|%%p%d, %%r%d, %d, 31, -1".formatted(d, p, a, n), m -> {
                    int[] before = m.words[a].clone();
                    for (int t = 0; t < m.threads; t++) {
                        boolean inside = (t & 31) + n < 32;
                        m.words[d][t] = before[inside ? t + n : t];
                        m.predicates[p][t] = inside;
                    }
                });
            case 2 ->
                new Program.Exchange("vote.sync.ballot.b32 %%r%d, %%p%d, -1".formatted(d, p), m -> {
                    for (int warp = 0; warp < m.threads; warp += 32) {
                        int ballot = 0;
                        for (int t = 0; t < 32; t++) {
                            ballot |= m.predicates[p][warp + t] ? 1 << t : 0;
                        }
                        for (int t = 0; t < 32; t++) {
                            m.words[d][warp + t] = ballot;
                        }
                    }
                });
            case 3 ->
                new Program.Exchange("redux.sync.add.s32 %%r%d, %%r%d, -1".formatted(d, a), m -> {
                    for (int warp = 0; warp < m.threads; warp += 32) {
                        int sum = 0;
                        for (int t = 0; t < 32; t++) {
                            sum += m.words[a][warp + t];
                        }
                        for (int t = 0; t < 32; t++) {
                            m.words[d][warp + t] = sum;
                        }
                    }
                });
            default ->
                // Through shared memory, with a barrier before and behind each side of it.
                new Program.Exchange(
                        ("bar.sync 0;\nst.shared.u32 [%%own], %%r%d;\nbar.sync 0;\nld.shared.u32 %%r%d, [%%next];\n"
                                        + "bar.sync 0")
                                .formatted(a, d),
                        m -> {
                            System.arraycopy(m.words[a], 0, m.shared, 0, m.threads);
                            for (int t = 0; t < m.threads; t++) {
                                m.words[d][t] = m.shared[(t + 5) % m.threads];
                            }
                        });
        };
    }

    private static int other(int word) {
        return (word + 1) % Machine.WORDS;
    }

    private Program step() {
        int guard = random.nextInt(4) == 0 ? predicate() : -1;
        boolean negated = random.nextBoolean();
        return switch (random.nextInt(5)) {
            case 0 -> floating(guard, negated);
            case 1 -> longs(guard, negated);
            case 2 -> mixed(guard, negated);
            default -> words(guard, negated);
        };
    }

    private Program words(int guard, boolean negated) {
        int d = word();
        int a = word();
        int b = word();
        int c = word();
        int n = random.nextInt(40);
        String abc = " %%r%d, %%r%d, %%r%d, %%r%d".formatted(d, a, b, c);
        String ab = " %%r%d, %%r%d, %%r%d".formatted(d, a, b);
        String one = " %%r%d, %%r%d".formatted(d, a);
        return switch (random.nextInt(18)) {
            case 0 ->
                new Program.Step(
                        guard, negated, "add.s32" + ab, (m, t) -> m.words[d][t] = m.words[a][t] + m.words[b][t]);
            case 1 ->
                new Program.Step(
                        guard, negated, "sub.s32" + ab, (m, t) -> m.words[d][t] = m.words[a][t] - m.words[b][t]);
            case 2 ->
                new Program.Step(
                        guard, negated, "mul.lo.s32" + ab, (m, t) -> m.words[d][t] = m.words[a][t] * m.words[b][t]);
            case 3 ->
                new Program.Step(
                        guard,
                        negated,
                        "mul.hi.u32" + ab,
                        (m, t) -> m.words[d][t] =
                                (int) (((m.words[a][t] & 0xFFFF_FFFFL) * (m.words[b][t] & 0xFFFF_FFFFL)) >>> 32));
            case 4 ->
                new Program.Step(
                        guard,
                        negated,
                        "mad.lo.s32" + abc,
                        (m, t) -> m.words[d][t] = m.words[a][t] * m.words[b][t] + m.words[c][t]);
            case 5 ->
                new Program.Step(
                        guard, negated, "and.b32" + ab, (m, t) -> m.words[d][t] = m.words[a][t] & m.words[b][t]);
            case 6 ->
                new Program.Step(
                        guard, negated, "xor.b32" + ab, (m, t) -> m.words[d][t] = m.words[a][t] ^ m.words[b][t]);
            case 7 -> new Program.Step(guard, negated, "not.b32" + one, (m, t) -> m.words[d][t] = ~m.words[a][t]);
            case 8 ->
                new Program.Step(
                        guard,
                        negated,
                        "shl.b32 %%r%d, %%r%d, %d".formatted(d, a, n),
                        (m, t) -> m.words[d][t] = n > 31 ? 0 : m.words[a][t] << n);
            case 9 ->
                new Program.Step(
                        guard,
                        negated,
                        "shr.s32 %%r%d, %%r%d, %d".formatted(d, a, n),
                        (m, t) -> m.words[d][t] = m.words[a][t] >> Math.min(n, 31));
            case 10 ->
                new Program.Step(
                        guard,
                        negated,
                        "min.u32" + ab,
                        (m, t) -> m.words[d][t] = (m.words[a][t] & 0xFFFF_FFFFL) < (m.words[b][t] & 0xFFFF_FFFFL)
                                ? m.words[a][t]
                                : m.words[b][t]);
            case 11 ->
                new Program.Step(
                        guard,
                        negated,
                        "max.s32" + ab,
                        (m, t) -> m.words[d][t] = Math.max(m.words[a][t], m.words[b][t]));
            case 12 ->
                new Program.Step(
                        guard, negated, "popc.b32" + one, (m, t) -> m.words[d][t] = Integer.bitCount(m.words[a][t]));
            case 13 -> {
                int p = predicate();
                yield new Program.Step(
                        guard,
                        negated,
                        "setp.lt.s32 %%p%d, %%r%d, %%r%d".formatted(p, a, b),
                        (m, t) -> m.predicates[p][t] = m.words[a][t] < m.words[b][t]);
            }
            case 14 -> {
                int p = predicate();
                yield new Program.Step(
                        guard,
                        negated,
                        "selp.b32 %%r%d, %%r%d, %%r%d, %%p%d".formatted(d, a, b, p),
                        (m, t) -> m.words[d][t] = m.predicates[p][t] ? m.words[a][t] : m.words[b][t]);
            }
            case 15 -> {
                int p = predicate();
                int q = predicate();
                yield new Program.Step(
                        guard,
                        negated,
                        "xor.pred %%p%d, %%p%d, %%p%d".formatted(p, p, q),
                        (m, t) -> m.predicates[p][t] ^= m.predicates[q][t]);
            }
            case 16 ->
                new Program.Step(
                        guard, negated, "st.local.u32 [l], %%r%d".formatted(a), (m, t) -> m.local[t] = m.words[a][t]);
            default ->
                new Program.Step(
                        guard, negated, "ld.local.u32 %%r%d, [l]".formatted(d), (m, t) -> m.words[d][t] = m.local[t]);
        };
    }

    private Program longs(int guard, boolean negated) {
        int d = random.nextInt(Machine.LONGS);
        int a = random.nextInt(Machine.LONGS);
        int b = random.nextInt(Machine.LONGS);
        int n = random.nextInt(70);
        String ab = " %%d%d, %%d%d, %%d%d".formatted(d, a, b);
        return switch (random.nextInt(5)) {
            case 0 ->
                new Program.Step(
                        guard, negated, "add.s64" + ab, (m, t) -> m.longs[d][t] = m.longs[a][t] + m.longs[b][t]);
            case 1 ->
                new Program.Step(
                        guard, negated, "mul.lo.u64" + ab, (m, t) -> m.longs[d][t] = m.longs[a][t] * m.longs[b][t]);
            case 2 ->
                new Program.Step(
                        guard,
                        negated,
                        "shr.u64 %%d%d, %%d%d, %d".formatted(d, a, n),
                        (m, t) -> m.longs[d][t] = n > 63 ? 0 : m.longs[a][t] >>> n);
            case 3 ->
                new Program.Step(
                        guard, negated, "or.b64" + ab, (m, t) -> m.longs[d][t] = m.longs[a][t] | m.longs[b][t]);
            default -> {
                int p = predicate();
                yield new Program.Step(
                        guard,
                        negated,
                        "setp.ge.u64 %%p%d, %%d%d, %%d%d".formatted(p, a, b),
                        (m, t) ->
                                m.predicates[p][t] = m.longs[a][t] + Long.MIN_VALUE >= m.longs[b][t] + Long.MIN_VALUE);
            }
        };
    }

    private Program floating(int guard, boolean negated) {
        int d = random.nextInt(Machine.FLOATS);
        int a = random.nextInt(Machine.FLOATS);
        int b = random.nextInt(Machine.FLOATS);
        int c = random.nextInt(Machine.FLOATS);
        String ab = " %%f%d, %%f%d, %%f%d".formatted(d, a, b);
        return switch (random.nextInt(6)) {
            case 0 ->
                new Program.Step(
                        guard, negated, "add.rn.f32" + ab, (m, t) -> m.floats[d][t] = m.floats[a][t] + m.floats[b][t]);
            case 1 ->
                new Program.Step(
                        guard, negated, "mul.rn.f32" + ab, (m, t) -> m.floats[d][t] = m.floats[a][t] * m.floats[b][t]);
            case 2 ->
                new Program.Step(
                        guard,
                        negated,
                        "fma.rn.f32" + ab + ", %f" + c,
                        (m, t) -> m.floats[d][t] = Math.fma(m.floats[a][t], m.floats[b][t], m.floats[c][t]));
            case 3 ->
                new Program.Step(
                        guard, negated, "sub.rn.f32" + ab, (m, t) -> m.floats[d][t] = m.floats[a][t] - m.floats[b][t]);
            case 4 ->
                new Program.Step(
                        guard,
                        negated,
                        "neg.f32 %%f%d, %%f%d".formatted(d, a),
                        (m, t) -> m.floats[d][t] = -m.floats[a][t]);
            default -> {
                int p = predicate();
                yield new Program.Step(
                        guard,
                        negated,
                        "setp.gtu.f32 %%p%d, %%f%d, %%f%d".formatted(p, a, b),
                        (m, t) -> m.predicates[p][t] = !(m.floats[a][t] <= m.floats[b][t]));
            }
        };
    }

    private Program mixed(int guard, boolean negated) {
        int r = word();
        int s = word();
        int x = random.nextInt(Machine.LONGS);
        int f = random.nextInt(Machine.FLOATS);
        return switch (random.nextInt(6)) {
            case 0 ->
                new Program.Step(
                        guard,
                        negated,
                        "cvt.rn.f32.s32 %%f%d, %%r%d".formatted(f, r),
                        (m, t) -> m.floats[f][t] = m.words[r][t]);
            case 1 ->
                new Program.Step(
                        guard,
                        negated,
                        "cvt.rzi.s32.f32 %%r%d, %%f%d".formatted(r, f),
                        (m, t) -> m.words[r][t] = (int) m.floats[f][t]);
            case 2 ->
                new Program.Step(
                        guard,
                        negated,
                        "mul.wide.s32 %%d%d, %%r%d, %%r%d".formatted(x, r, s),
                        (m, t) -> m.longs[x][t] = (long) m.words[r][t] * m.words[s][t]);
            case 3 ->
                new Program.Step(
                        guard,
                        negated,
                        "cvt.u32.u64 %%r%d, %%d%d".formatted(r, x),
                        (m, t) -> m.words[r][t] = (int) m.longs[x][t]);
            case 4 ->
                new Program.Step(
                        guard,
                        negated,
                        "mov.b64 %%d%d, {%%r%d, %%r%d}".formatted(x, r, s),
                        (m, t) -> m.longs[x][t] = (m.words[r][t] & 0xFFFF_FFFFL) | (long) m.words[s][t] << 32);
            default ->
                new Program.Step(
                        guard,
                        negated,
                        "cvt.s32.s8 %%r%d, %%r%d".formatted(r, s),
                        (m, t) -> m.words[r][t] = (byte) m.words[s][t]);
        };
    }

    private int word() {
        return random.nextInt(Machine.WORDS);
    }

    private int predicate() {
        return random.nextInt(Machine.PREDICATES);
    }
}
