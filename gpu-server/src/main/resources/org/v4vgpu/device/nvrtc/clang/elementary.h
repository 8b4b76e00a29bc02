// Elementary functions in double precision, from instructions alone: clang without CUDA has no library of the device (libdevice).
// A value and its rest ("tail") together stand for a number of about twice the digits. What is close to zero is a series of
// Taylor's, whose first missing term is below half a unit of the last place.
#pragma once

#define V4VGPU_ELEMENTARY static __device__ inline

V4VGPU_DEVICE double v4vgpu_fma(double x, double y, double z) { return __nvvm_fma_rn_d(x, y, z); }
V4VGPU_DEVICE double v4vgpu_power_of_two(int n) { return __longlong_as_double((long long)(n + 1023) << 52); }

/* x * 2^n for n from -2044 to 2046, rounded once. */
V4VGPU_DEVICE double v4vgpu_scale(double x, int n) {
    int half = n >> 1;
    return x * v4vgpu_power_of_two(half) * v4vgpu_power_of_two(n - half);
}

struct v4vgpu_pair {
    double value, tail;
};

/* x + y exactly. Source: Knuth, TwoSum. */
V4VGPU_DEVICE v4vgpu_pair v4vgpu_sum(double x, double y) {
    double sum = __nvvm_add_rn_d(x, y);
    double part = __nvvm_add_rn_d(sum, -x);
    double rest = __nvvm_add_rn_d(__nvvm_add_rn_d(x, -__nvvm_add_rn_d(sum, -part)), __nvvm_add_rn_d(y, -part));
    return {sum, rest};
}

V4VGPU_DEVICE v4vgpu_pair v4vgpu_product(v4vgpu_pair x, double value, double tail) {
    double product = __nvvm_mul_rn_d(x.value, value);
    return {product, v4vgpu_fma(x.value, value, -product) + (x.value * tail + x.tail * value)};
}

/* e^x - 1 for |x| up to ln(2)/2. */
V4VGPU_DEVICE double v4vgpu_expm1_near(double x) {
    double s = 1.0 / 6227020800.0;
    s = v4vgpu_fma(s, x, 1.0 / 479001600.0);
    s = v4vgpu_fma(s, x, 1.0 / 39916800.0);
    s = v4vgpu_fma(s, x, 1.0 / 3628800.0);
    s = v4vgpu_fma(s, x, 1.0 / 362880.0);
    s = v4vgpu_fma(s, x, 1.0 / 40320.0);
    s = v4vgpu_fma(s, x, 1.0 / 5040.0);
    s = v4vgpu_fma(s, x, 1.0 / 720.0);
    s = v4vgpu_fma(s, x, 1.0 / 120.0);
    s = v4vgpu_fma(s, x, 1.0 / 24.0);
    s = v4vgpu_fma(s, x, 1.0 / 6.0);
    s = v4vgpu_fma(s, x, 0.5);
    return v4vgpu_fma(s * x, x, x);
}

/* e^(x + tail): x = n ln 2 + r. */
V4VGPU_ELEMENTARY double v4vgpu_exp(double x, double tail) {
    if (!(x < 710.0)) {
        return x != x ? x : CUDART_INF;
    }
    if (x < -746.0) {
        return 0.0;
    }
    double n = __nvvm_d2i_rn(x * 0x1.71547652b82fep+0);
    double r = v4vgpu_fma(-n, 0x1.62e42fefa39efp-1, x);
    r += v4vgpu_fma(-n, 0x1.abc9e3b39803fp-56, tail);
    return v4vgpu_scale(1.0 + v4vgpu_expm1_near(r), (int)n);
}

/* ln x for a finite x > 0: x = 2^e m, m around 1; ln m = 2 artanh((m - 1) / (m + 1)). */
V4VGPU_ELEMENTARY v4vgpu_pair v4vgpu_log(double x) {
    int e = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        e = -54;
    }
    long long bits = __double_as_longlong(x);
    int above = (int)((bits - 0x3fe6a09e667f3bcdLL) >> 52); // how often the square root of one half doubles below it
    e += above;
    double m = __longlong_as_double(bits - ((long long)above << 52));
    v4vgpu_pair divisor = v4vgpu_sum(m, 1.0);
    double s = (m - 1.0) / divisor.value;
    double s_tail = v4vgpu_fma(-s, divisor.value, m - 1.0) - s * divisor.tail;
    double t = s * s;
    double series = 1.0 / 23.0;
    series = v4vgpu_fma(series, t, 1.0 / 21.0);
    series = v4vgpu_fma(series, t, 1.0 / 19.0);
    series = v4vgpu_fma(series, t, 1.0 / 17.0);
    series = v4vgpu_fma(series, t, 1.0 / 15.0);
    series = v4vgpu_fma(series, t, 1.0 / 13.0);
    series = v4vgpu_fma(series, t, 1.0 / 11.0);
    series = v4vgpu_fma(series, t, 1.0 / 9.0);
    series = v4vgpu_fma(series, t, 1.0 / 7.0);
    series = v4vgpu_fma(series, t, 1.0 / 5.0);
    series = v4vgpu_fma(series, t, 1.0 / 3.0);
    s_tail = s_tail / divisor.value + s * t * series;
    // ln 2 in two parts, of which e times the first is exact.
    v4vgpu_pair sum = v4vgpu_sum(e * 0x1.62e42fefa3000p-1, 2.0 * s);
    double tail = sum.tail + (2.0 * s_tail + e * 0x1.3de6af278ece6p-42);
    return v4vgpu_sum(sum.value, tail);
}

/* The first 1280 bits of 2 / pi behind the point, and 64 zeros before it. */
static __device__ const unsigned long long v4vgpu_two_over_pi[22] = {
    0,
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d, 0};

/* x - n pi/2 for |x| from 2^20 on, and n modulo 4: the product of x with those bits of 2 / pi that matter. Source: Payne and Hanek. */
V4VGPU_ELEMENTARY v4vgpu_pair v4vgpu_reduce_far(double x, int *n) {
    long long bits = __double_as_longlong(x) & 0x7fffffffffffffffLL;
    int e = (int)(bits >> 52) - 1075;
    unsigned long long m = (bits & 0xfffffffffffffULL) | 0x10000000000000ULL;
    // Bits before 2^(1 - e) give multiples of 4 turns by a quarter.
    int first = e - 2 + 64;
    int word = first >> 6;
    int shift = first & 63;
    unsigned long long w[3];
    for (int i = 0; i < 3; i++) {
        unsigned long long high = v4vgpu_two_over_pi[word + i] << shift;
        w[i] = shift == 0 ? high : high | v4vgpu_two_over_pi[word + i + 1] >> (64 - shift);
    }
    unsigned long long p2 = m * w[2];
    unsigned long long carry = __umul64hi(m, w[2]);
    unsigned long long p1 = m * w[1] + carry;
    carry = __umul64hi(m, w[1]) + (p1 < carry);
    unsigned long long p0 = m * w[0] + carry;
    *n = (int)(p0 >> 62);
    unsigned long long high = p0 << 2 | p1 >> 62;
    unsigned long long low = p1 << 2 | p2 >> 62;
    bool is_above = (long long)high < 0; // more than one half: the next quarter is closer
    if (is_above) {
        *n += 1;
        low = 0 - low;
        high = ~high + (low == 0);
    }
    v4vgpu_pair part = v4vgpu_sum((double)(high >> 11) * 0x1p-53, (double)((high << 53) | (low >> 11)) * 0x1p-117);
    v4vgpu_pair r = v4vgpu_product(part, 0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54);
    bool is_negative = is_above != (x < 0.0);
    *n = (x < 0.0 ? -*n : *n) & 3;
    return is_negative ? v4vgpu_pair{-r.value, -r.tail} : r;
}

/* x - n pi/2, at most pi/4 from zero, and n modulo 4. */
V4VGPU_ELEMENTARY v4vgpu_pair v4vgpu_reduce(double x, int *n) {
    if (!(__builtin_fabs(x) < CUDART_INF)) {
        *n = 0;
        return {CUDART_NAN, 0.0};
    }
    if (__builtin_fabs(x) >= 0x1p20) {
        return v4vgpu_reduce_far(x, n);
    }
    int quarters = __nvvm_d2i_rn(x * 0x1.45f306dc9c883p-1);
    *n = quarters & 3;
    double first = v4vgpu_fma(-(double)quarters, 0x1.921fb54442d18p+0, x); // exact
    double second = quarters * 0x1.1a62633145c07p-54;
    double rest = v4vgpu_fma(quarters, 0x1.1a62633145c07p-54, -second) + quarters * -0x1.f1976b7ed8fbcp-110;
    v4vgpu_pair sum = v4vgpu_sum(first, -second);
    return {sum.value, sum.tail - rest};
}

V4VGPU_ELEMENTARY double v4vgpu_sin_near(v4vgpu_pair r) {
    double x = r.value;
    double t = x * x;
    double s = 1.0 / 355687428096000.0;
    s = v4vgpu_fma(s, t, -1.0 / 1307674368000.0);
    s = v4vgpu_fma(s, t, 1.0 / 6227020800.0);
    s = v4vgpu_fma(s, t, -1.0 / 39916800.0);
    s = v4vgpu_fma(s, t, 1.0 / 362880.0);
    s = v4vgpu_fma(s, t, -1.0 / 5040.0);
    s = v4vgpu_fma(s, t, 1.0 / 120.0);
    s = v4vgpu_fma(s, t, -1.0 / 6.0);
    return x + v4vgpu_fma(s * t, x, r.tail * (1.0 - 0.5 * t));
}

V4VGPU_ELEMENTARY double v4vgpu_cos_near(v4vgpu_pair r) {
    double t = r.value * r.value;
    double s = -1.0 / 6402373705728000.0;
    s = v4vgpu_fma(s, t, 1.0 / 20922789888000.0);
    s = v4vgpu_fma(s, t, -1.0 / 87178291200.0);
    s = v4vgpu_fma(s, t, 1.0 / 479001600.0);
    s = v4vgpu_fma(s, t, -1.0 / 3628800.0);
    s = v4vgpu_fma(s, t, 1.0 / 40320.0);
    s = v4vgpu_fma(s, t, -1.0 / 720.0);
    s = v4vgpu_fma(s, t, 1.0 / 24.0);
    double half = 0.5 * t;
    double most = 1.0 - half;
    return most + (((1.0 - most) - half) + v4vgpu_fma(s * t, t, -r.value * r.tail));
}

/* atan(j / 8) for j from 0 to 8, each a value and its tail. */
static __device__ const double v4vgpu_atan_of_eighths[18] = {
    0x0.0p+0, 0x0.0p+0, 0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59, 0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57,
    0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56, 0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56,
    0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58, 0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56,
    0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56, 0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55};

/* atan x for x from 0 to 1: that of the closest eighth, and of what is left. */
V4VGPU_ELEMENTARY v4vgpu_pair v4vgpu_atan_near(double x) {
    int j = __nvvm_d2i_rn(x * 8.0);
    double eighth = j * 0.125;
    double u = (x - eighth) / v4vgpu_fma(x, eighth, 1.0);
    double t = u * u;
    double s = 1.0 / 15.0;
    s = v4vgpu_fma(s, t, -1.0 / 13.0);
    s = v4vgpu_fma(s, t, 1.0 / 11.0);
    s = v4vgpu_fma(s, t, -1.0 / 9.0);
    s = v4vgpu_fma(s, t, 1.0 / 7.0);
    s = v4vgpu_fma(s, t, -1.0 / 5.0);
    s = v4vgpu_fma(s, t, 1.0 / 3.0);
    return v4vgpu_sum(
        v4vgpu_atan_of_eighths[2 * j], u + v4vgpu_fma(-u * t, s, v4vgpu_atan_of_eighths[2 * j + 1]));
}
