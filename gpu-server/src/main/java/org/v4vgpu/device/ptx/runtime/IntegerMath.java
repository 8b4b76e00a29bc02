package org.v4vgpu.device.ptx.runtime;

/** Integer instructions that Java has no operator for. Source: PTX ISA 9.7.1 and 9.7.7. */
public final class IntegerMath {
    private IntegerMath() {}

    public static int shl(int a, int count) {
        return Integer.compareUnsigned(count, 31) > 0 ? 0 : a << count;
    }

    public static int shr(int a, int count) {
        return Integer.compareUnsigned(count, 31) > 0 ? 0 : a >>> count;
    }

    public static int sar(int a, int count) {
        return a >> (Integer.compareUnsigned(count, 31) > 0 ? 31 : count);
    }

    public static long shl(long a, int count) {
        return Integer.compareUnsigned(count, 63) > 0 ? 0 : a << count;
    }

    public static long shr(long a, int count) {
        return Integer.compareUnsigned(count, 63) > 0 ? 0 : a >>> count;
    }

    public static long sar(long a, int count) {
        return a >> (Integer.compareUnsigned(count, 63) > 0 ? 63 : count);
    }

    // Division by zero: the value is unspecified in PTX and all ones on GPUs.

    public static int div(int a, int b) {
        return b == 0 ? -1 : a / b;
    }

    public static int divUnsigned(int a, int b) {
        return b == 0 ? -1 : Integer.divideUnsigned(a, b);
    }

    public static long div(long a, long b) {
        return b == 0 ? -1 : a / b;
    }

    public static long divUnsigned(long a, long b) {
        return b == 0 ? -1 : Long.divideUnsigned(a, b);
    }

    public static int rem(int a, int b) {
        return b == 0 ? a : a % b;
    }

    public static int remUnsigned(int a, int b) {
        return b == 0 ? a : Integer.remainderUnsigned(a, b);
    }

    public static long rem(long a, long b) {
        return b == 0 ? a : a % b;
    }

    public static long remUnsigned(long a, long b) {
        return b == 0 ? a : Long.remainderUnsigned(a, b);
    }

    public static int mulHigh(int a, int b) {
        return (int) (((long) a * b) >> 32);
    }

    public static int mulHighUnsigned(int a, int b) {
        return (int) (((a & 0xFFFF_FFFFL) * (b & 0xFFFF_FFFFL)) >>> 32);
    }

    public static int mul24(int a, int b) {
        return (a << 8 >> 8) * (b << 8 >> 8);
    }

    public static int mul24Unsigned(int a, int b) {
        return (a & 0xFF_FFFF) * (b & 0xFF_FFFF);
    }

    public static int mul24High(int a, int b) {
        return (int) (((long) (a << 8 >> 8) * (b << 8 >> 8)) >> 16);
    }

    public static int mul24HighUnsigned(int a, int b) {
        return (int) (((long) (a & 0xFF_FFFF) * (b & 0xFF_FFFF)) >>> 16);
    }

    public static int minUnsigned(int a, int b) {
        return Integer.compareUnsigned(a, b) < 0 ? a : b;
    }

    public static int maxUnsigned(int a, int b) {
        return Integer.compareUnsigned(a, b) > 0 ? a : b;
    }

    public static long minUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) < 0 ? a : b;
    }

    public static long maxUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) > 0 ? a : b;
    }

    public static int sad(int a, int b, int c) {
        return c + (a < b ? b - a : a - b);
    }

    public static int sadUnsigned(int a, int b, int c) {
        return c + (Integer.compareUnsigned(a, b) < 0 ? b - a : a - b);
    }

    public static long sad(long a, long b, long c) {
        return c + (a < b ? b - a : a - b);
    }

    public static long sadUnsigned(long a, long b, long c) {
        return c + (Long.compareUnsigned(a, b) < 0 ? b - a : a - b);
    }

    public static int addSaturated(int a, int b) {
        return Math.clamp((long) a + b, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    public static int subSaturated(int a, int b) {
        return Math.clamp((long) a - b, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    public static int madHighSaturated(int a, int b, int c) {
        return addSaturated(mulHigh(a, b), c);
    }

    /** The carry out of a + b + carry. */
    public static int carry(int a, int b, int carry) {
        return (int) (((a & 0xFFFF_FFFFL) + (b & 0xFFFF_FFFFL) + carry) >>> 32);
    }

    public static int carry(long a, long b, int carry) {
        long sum = a + b + carry;
        return (int) (((a & b) | ((a | b) & ~sum)) >>> 63);
    }

    public static int cnot(int a) {
        return a == 0 ? 1 : 0;
    }

    public static long cnot(long a) {
        return a == 0 ? 1 : 0;
    }

    public static int lop3(int a, int b, int c, int table) {
        int result = 0;
        for (int i = 0; i < 8; i++) {
            if ((table >> i & 1) != 0) {
                result |= ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
            }
        }
        return result;
    }

    public static int shfLeft(int low, int high, int count, int clamp) {
        int n = clamp != 0 ? minUnsigned(count, 32) : count & 31;
        return (int) (((long) high << 32 | (low & 0xFFFF_FFFFL)) << n >>> 32);
    }

    public static int shfRight(int low, int high, int count, int clamp) {
        int n = clamp != 0 ? minUnsigned(count, 32) : count & 31;
        return (int) (((long) high << 32 | (low & 0xFFFF_FFFFL)) >>> n);
    }

    /** szext: extends the lowest {@code bits} bits. Source: PTX ISA 9.7.1.20. */
    public static int extend(int a, int bits, int clamp, int signed) {
        int count = bits & 31;
        boolean whole = clamp != 0 && Integer.compareUnsigned(bits, 31) > 0;
        int mask = whole ? 0 : -1 << count;
        boolean negative = signed != 0 && !whole && count != 0 && (a >> (count - 1) & 1) != 0;
        return (a & ~mask) | (negative ? mask : 0);
    }

    /** bmsk: {@code length} ones from {@code position} on. Source: PTX ISA 9.7.1.21. */
    public static int mask(int position, int length, int clamp) {
        if (clamp != 0 && Integer.compareUnsigned(position, 31) > 0) {
            return 0;
        }
        int start = position & 31;
        int end = start + (length & 31);
        boolean toTheTop = end > 31 || (clamp != 0 && Integer.compareUnsigned(length, 31) > 0);
        return (-1 << start) & ~(toTheTop ? 0 : -1 << end);
    }

    /** fns: the n-th one of a mask from a position on, -1 if there is none. Source: PTX ISA 9.7.1.18. */
    public static int findSet(int mask, int base, int offset) {
        if (Integer.compareUnsigned(base, 31) > 0) {
            return -1;
        }
        if (offset == 0) {
            return (mask >>> base & 1) != 0 ? base : -1;
        }
        int step = offset > 0 ? 1 : -1;
        long left = Math.abs((long) offset);
        for (int at = base; at >= 0 && at < 32; at += step) {
            if ((mask >>> at & 1) != 0 && --left == 0) {
                return at;
            }
        }
        return -1;
    }

    /** dp4a: the four products of bytes, added to c. */
    public static int dot4(int a, int b, int c, int signedA, int signedB) {
        int sum = c;
        for (int shift = 0; shift < 32; shift += 8) {
            sum += part(a, shift, 8, signedA) * part(b, shift, 8, signedB);
        }
        return sum;
    }

    /** dp2a: the two products of the halves of a with two bytes of b, from bit {@code from} on, added to c. */
    public static int dot2(int a, int b, int c, int signedA, int signedB, int from) {
        return c
                + part(a, 0, 16, signedA) * part(b, from, 8, signedB)
                + part(a, 16, 16, signedA) * part(b, from + 8, 8, signedB);
    }

    private static int part(int a, int shift, int bits, int signed) {
        int high = a << (32 - bits - shift);
        return signed != 0 ? high >> (32 - bits) : high >>> (32 - bits);
    }

    public static int addHalves(int a, int b) {
        return ((a + b) & 0xFFFF) | ((a >>> 16) + (b >>> 16)) << 16;
    }

    public static int minHalves(int a, int b, int relu) {
        return halves(Math.min((short) a, (short) b), Math.min(a >> 16, b >> 16), relu);
    }

    public static int maxHalves(int a, int b, int relu) {
        return halves(Math.max((short) a, (short) b), Math.max(a >> 16, b >> 16), relu);
    }

    public static int minHalvesUnsigned(int a, int b, int relu) {
        return halves(Math.min(a & 0xFFFF, b & 0xFFFF), Math.min(a >>> 16, b >>> 16), relu);
    }

    public static int maxHalvesUnsigned(int a, int b, int relu) {
        return halves(Math.max(a & 0xFFFF, b & 0xFFFF), Math.max(a >>> 16, b >>> 16), relu);
    }

    private static int halves(int low, int high, int relu) {
        int first = relu != 0 ? Math.max(low, 0) : low;
        int second = relu != 0 ? Math.max(high, 0) : high;
        return (first & 0xFFFF) | second << 16;
    }

    /** cvt.pack.sat: b below a, above them the low bits of c; of 16 bits each, or of 8. */
    public static int pack(int a, int b, int c, int bits, int signed) {
        long most = signed != 0 ? (1L << (bits - 1)) - 1 : (1L << bits) - 1;
        long least = signed != 0 ? -most - 1 : 0;
        int mask = (1 << bits) - 1;
        int low = ((int) Math.clamp((long) a, least, most) & mask) << bits
                | ((int) Math.clamp((long) b, least, most) & mask);
        return bits == 16 ? low : c << 16 | low;
    }

    public static int bfindUnsigned(int a) {
        return 31 - Integer.numberOfLeadingZeros(a);
    }

    public static int bfind(int a) {
        return bfindUnsigned(a < 0 ? ~a : a);
    }

    public static int bfindUnsigned(long a) {
        return 63 - Long.numberOfLeadingZeros(a);
    }

    public static int bfind(long a) {
        return bfindUnsigned(a < 0 ? ~a : a);
    }

    /** As bfind, counted from the other end; -1 stays. */
    public static int shiftAmount(int position, int bits) {
        return position < 0 ? -1 : bits - 1 - position;
    }

    public static int bfeUnsigned(int a, int position, int length) {
        return (int) bfeUnsigned(a & 0xFFFF_FFFFL, position, length);
    }

    public static long bfeUnsigned(long a, int position, int length) {
        int start = position & 0xFF;
        int count = length & 0xFF;
        long field = shr(a, start);
        return count >= 64 ? field : field & (1L << count) - 1;
    }

    public static int bfe(int a, int position, int length) {
        return (int) bfe((long) a, position, length, 32);
    }

    public static long bfe(long a, int position, int length) {
        return bfe(a, position, length, 64);
    }

    private static long bfe(long a, int position, int length, int bits) {
        int start = position & 0xFF;
        int count = length & 0xFF;
        if (count == 0) {
            return 0;
        }
        int top = Math.min(start + count - 1, bits - 1);
        long sign = a << (63 - top) >> 63;
        if (start >= bits) {
            return sign;
        }
        long field = a >>> start;
        int width = top - start + 1;
        return width >= 64 ? field : (field & (1L << width) - 1) | sign << width;
    }

    public static int bfi(int a, int b, int position, int length) {
        return (int) bfi(a, b, position, length, 32);
    }

    public static long bfi(long a, long b, int position, int length) {
        return bfi(a, b, position, length, 64);
    }

    private static long bfi(long a, long b, int position, int length, int bits) {
        int start = position & 0xFF;
        int count = Math.min(length & 0xFF, bits - start);
        if (count <= 0) {
            return b;
        }
        long mask = (count >= 64 ? -1L : (1L << count) - 1) << start;
        return (b & ~mask) | (a << start & mask);
    }

    public static int prmt(int a, int b, int selector) {
        long bytes = (long) b << 32 | (a & 0xFFFF_FFFFL);
        int result = 0;
        for (int i = 0; i < 4; i++) {
            int choice = selector >> (4 * i) & 15;
            int value = (int) (bytes >>> (8 * (choice & 7))) & 0xFF;
            if ((choice & 8) != 0) {
                value = (value & 0x80) != 0 ? 0xFF : 0;
            }
            result |= value << (8 * i);
        }
        return result;
    }

    /** The selector that a mode of prmt stands for. Source: PTX ISA 9.7.9.7, tables of the modes. */
    public static int prmtMode(int mode, int selector) {
        int n = selector & 3;
        int s = 0;
        for (int i = 0; i < 4; i++) {
            int choice = switch (mode) {
                case 0 -> n + i; // f4e
                case 1 -> n - i & 7; // b4e
                case 2 -> n; // rc8
                case 3 -> Math.max(n, i); // ecl
                case 4 -> Math.min(n, i); // ecr
                default -> (n & 1) * 2 + (i & 1); // rc16
            };
            s |= choice << (4 * i);
        }
        return s;
    }
}
