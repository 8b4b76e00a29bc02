// The mathematical functions of CUDA C++, of double, and what of float is one instruction or a few.
// Not here: gamma and Bessel functions, inverses of erf, norms, the normal distribution, remquo, nextafter.
#pragma once

// Of one instruction or a few.
V4VGPU_DEVICE double fabs(double x) { return __builtin_fabs(x); }
V4VGPU_DEVICE double floor(double x) { return __builtin_floor(x); }
V4VGPU_DEVICE double ceil(double x) { return __builtin_ceil(x); }
V4VGPU_DEVICE double trunc(double x) { return __builtin_trunc(x); }
V4VGPU_DEVICE double rint(double x) { return __builtin_rint(x); }
V4VGPU_DEVICE double copysign(double x, double sign) { return __builtin_copysign(x, sign); }
V4VGPU_DEVICE double fma(double x, double y, double z) { return __nvvm_fma_rn_d(x, y, z); }
V4VGPU_DEVICE double sqrt(double x) { return __nvvm_sqrt_rn_d(x); }
V4VGPU_DEVICE double fmin(double x, double y) { return __nvvm_fmin_d(x, y); }
V4VGPU_DEVICE double fmax(double x, double y) { return __nvvm_fmax_d(x, y); }
V4VGPU_DEVICE double fdim(double x, double y) { return x > y ? x - y : x <= y ? 0.0 : CUDART_NAN; }
V4VGPU_DEVICE double rsqrt(double x) { return 1.0 / __nvvm_sqrt_rn_d(x); }
V4VGPU_DEVICE double nearbyint(double x) { return __builtin_rint(x); }
V4VGPU_DEVICE double round(double x) {
    double whole = __builtin_trunc(x);
    return __builtin_copysign(__builtin_fabs(x - whole) >= 0.5 ? whole + __builtin_copysign(1.0, x) : whole, x);
}
V4VGPU_DEVICE float fabsf(float x) { return __builtin_fabsf(x); }
V4VGPU_DEVICE float floorf(float x) { return __builtin_floorf(x); }
V4VGPU_DEVICE float ceilf(float x) { return __builtin_ceilf(x); }
V4VGPU_DEVICE float truncf(float x) { return __builtin_truncf(x); }
V4VGPU_DEVICE float rintf(float x) { return __builtin_rintf(x); }
V4VGPU_DEVICE float nearbyintf(float x) { return __builtin_rintf(x); }
V4VGPU_DEVICE float copysignf(float x, float sign) { return __builtin_copysignf(x, sign); }
V4VGPU_DEVICE float fmaf(float x, float y, float z) { return __nvvm_fma_rn_f(x, y, z); }
V4VGPU_DEVICE float sqrtf(float x) { return __builtin_sqrtf(x); }
V4VGPU_DEVICE float fminf(float x, float y) { return __nvvm_fmin_f(x, y); }
V4VGPU_DEVICE float fmaxf(float x, float y) { return __nvvm_fmax_f(x, y); }
V4VGPU_DEVICE float fdimf(float x, float y) { return (float)fdim((double)x, (double)y); }
V4VGPU_DEVICE float rsqrtf(float x) { return __nvvm_rsqrt_approx_f(x); }
V4VGPU_DEVICE float roundf(float x) { return (float)round((double)x); }
V4VGPU_DEVICE float fdividef(float x, float y) { return x / y; }
V4VGPU_DEVICE int abs(int x) { return x < 0 ? -x : x; }
V4VGPU_DEVICE long abs(long x) { return x < 0 ? -x : x; }
V4VGPU_DEVICE long long abs(long long x) { return x < 0 ? -x : x; }
V4VGPU_DEVICE long labs(long x) { return x < 0 ? -x : x; }
V4VGPU_DEVICE long long llabs(long long x) { return x < 0 ? -x : x; }
V4VGPU_DEVICE double abs(double x) { return __builtin_fabs(x); }
V4VGPU_DEVICE float abs(float x) { return __builtin_fabsf(x); }

V4VGPU_DEVICE bool isnan(double x) { return x != x; }
V4VGPU_DEVICE bool isinf(double x) { return __builtin_fabs(x) == CUDART_INF; }
V4VGPU_DEVICE bool isfinite(double x) { return __builtin_fabs(x) < CUDART_INF; }
V4VGPU_DEVICE bool signbit(double x) { return __double_as_longlong(x) < 0; }
V4VGPU_DEVICE bool isnan(float x) { return x != x; }
V4VGPU_DEVICE bool isinf(float x) { return __builtin_fabsf(x) == CUDART_INF_F; }
V4VGPU_DEVICE bool isfinite(float x) { return __builtin_fabsf(x) < CUDART_INF_F; }
V4VGPU_DEVICE bool signbit(float x) { return __float_as_int(x) < 0; }

// Exponentials and logarithms.
V4VGPU_DEVICE double exp(double x) { return v4vgpu_exp(x, 0.0); }
V4VGPU_DEVICE double v4vgpu_exp_of(double x, double value, double tail) {
    v4vgpu_pair p = v4vgpu_product({x, 0.0}, value, tail);
    return v4vgpu_exp(p.value, p.value - p.value == 0.0 ? p.tail : 0.0);
}
V4VGPU_DEVICE double exp2(double x) { return v4vgpu_exp_of(x, 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56); }
V4VGPU_DEVICE double exp10(double x) { return v4vgpu_exp_of(x, 0x1.26bb1bbb55516p+1, -0x1.f48ad494ea3e9p-53); }
V4VGPU_ELEMENTARY double expm1(double x) {
    return __builtin_fabs(x) < 0.34 ? v4vgpu_expm1_near(x) : v4vgpu_exp(x, 0.0) - 1.0;
}
/* For what the series does not take; the logarithm to any base. */
V4VGPU_DEVICE double v4vgpu_log_edge(double x) { return x == 0.0 ? -CUDART_INF : x > 0.0 ? x : CUDART_NAN; }
V4VGPU_DEVICE bool v4vgpu_has_log(double x) { return x > 0.0 && x < CUDART_INF; }
V4VGPU_ELEMENTARY double log(double x) { return v4vgpu_has_log(x) ? v4vgpu_log(x).value : v4vgpu_log_edge(x); }
V4VGPU_ELEMENTARY double log2(double x) {
    if (!v4vgpu_has_log(x)) {
        return v4vgpu_log_edge(x);
    }
    v4vgpu_pair p = v4vgpu_product(v4vgpu_log(x), 0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56);
    return p.value + p.tail;
}
V4VGPU_ELEMENTARY double log10(double x) {
    if (!v4vgpu_has_log(x)) {
        return v4vgpu_log_edge(x);
    }
    v4vgpu_pair p = v4vgpu_product(v4vgpu_log(x), 0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57);
    return p.value + p.tail;
}
V4VGPU_ELEMENTARY double log1p(double x) {
    v4vgpu_pair sum = v4vgpu_sum(1.0, x);
    if (!v4vgpu_has_log(sum.value)) {
        return v4vgpu_log_edge(sum.value);
    }
    v4vgpu_pair p = v4vgpu_log(sum.value);
    return p.value + (p.tail + sum.tail / sum.value);
}
V4VGPU_ELEMENTARY double pow(double x, double y) {
    if (y == 0.0 || x == 1.0) {
        return 1.0;
    }
    if (x != x || y != y) {
        return x + y;
    }
    double size = __builtin_fabs(x);
    if (isinf(y)) {
        return size == 1.0 ? 1.0 : (size > 1.0) == (y > 0.0) ? CUDART_INF : 0.0;
    }
    bool is_whole = __builtin_rint(y) == y;
    bool is_odd = is_whole && __builtin_fabs(y) < 0x1p53 && ((long long)y & 1) != 0;
    double sign = is_odd && signbit(x) ? -1.0 : 1.0;
    if (size == 0.0 || size == CUDART_INF) {
        return sign * ((size == 0.0) == (y < 0.0) ? CUDART_INF : 0.0);
    }
    if (x < 0.0 && !is_whole) {
        return CUDART_NAN;
    }
    v4vgpu_pair p = v4vgpu_product(v4vgpu_log(size), y, 0.0);
    return sign * v4vgpu_exp(p.value, isfinite(p.value) ? p.tail : 0.0);
}
V4VGPU_ELEMENTARY double cbrt(double x) {
    double size = __builtin_fabs(x);
    if (!v4vgpu_has_log(size)) {
        return x;
    }
    v4vgpu_pair p = v4vgpu_product(v4vgpu_log(size), 0x1.5555555555555p-2, 0x1.5555555555555p-56);
    return __builtin_copysign(v4vgpu_exp(p.value, p.tail), x);
}

// Of angles.
V4VGPU_ELEMENTARY void sincos(double x, double *sine, double *cosine) {
    int n;
    v4vgpu_pair r = v4vgpu_reduce(x, &n);
    double s = v4vgpu_sin_near(r);
    double c = v4vgpu_cos_near(r);
    double by_sine = (n & 1) != 0 ? c : s;
    double by_cosine = (n & 1) != 0 ? s : c;
    *sine = x == 0.0 ? x : (n & 2) != 0 ? -by_sine : by_sine;
    *cosine = n == 1 || n == 2 ? -by_cosine : by_cosine;
}
V4VGPU_ELEMENTARY double sin(double x) {
    double sine, cosine;
    sincos(x, &sine, &cosine);
    return sine;
}
V4VGPU_ELEMENTARY double cos(double x) {
    double sine, cosine;
    sincos(x, &sine, &cosine);
    return cosine;
}
V4VGPU_ELEMENTARY double tan(double x) {
    double sine, cosine;
    sincos(x, &sine, &cosine);
    return sine / cosine;
}
V4VGPU_ELEMENTARY void sincospi(double x, double *sine, double *cosine) {
    double halves = __builtin_rint(2.0 * x);
    int n = (int)(long long)(halves - 4.0 * __builtin_floor(0.25 * halves));
    v4vgpu_pair r = v4vgpu_product({x - 0.5 * halves, 0.0}, 0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53);
    double s = v4vgpu_sin_near(r);
    double c = v4vgpu_cos_near(r);
    double by_sine = (n & 1) != 0 ? c : s;
    double by_cosine = (n & 1) != 0 ? s : c;
    *sine = (n & 2) != 0 ? -by_sine : by_sine;
    *cosine = n == 1 || n == 2 ? -by_cosine : by_cosine;
}
V4VGPU_ELEMENTARY double sinpi(double x) {
    double sine, cosine;
    sincospi(x, &sine, &cosine);
    return sine;
}
V4VGPU_ELEMENTARY double cospi(double x) {
    double sine, cosine;
    sincospi(x, &sine, &cosine);
    return cosine;
}
V4VGPU_ELEMENTARY double atan(double x) {
    double size = __builtin_fabs(x);
    if (x != x) {
        return x;
    }
    v4vgpu_pair near = v4vgpu_atan_near(size > 1.0 ? 1.0 / size : size);
    double angle = near.value + near.tail;
    if (size > 1.0) {
        v4vgpu_pair sum = v4vgpu_sum(0x1.921fb54442d18p+0, -near.value);
        angle = sum.value + (sum.tail + (0x1.1a62633145c07p-54 - near.tail));
    }
    return __builtin_copysign(angle, x);
}
V4VGPU_ELEMENTARY double atan2(double y, double x) {
    if (x != x || y != y) {
        return x + y;
    }
    double above = __builtin_fabs(y);
    double beside = __builtin_fabs(x);
    bool is_steep = above > beside;
    double ratio = above == beside ? (above == 0.0 ? 0.0 : 1.0) : is_steep ? beside / above : above / beside;
    v4vgpu_pair angle = v4vgpu_atan_near(ratio);
    if (is_steep) {
        v4vgpu_pair sum = v4vgpu_sum(0x1.921fb54442d18p+0, -angle.value);
        angle = {sum.value, sum.tail + (0x1.1a62633145c07p-54 - angle.tail)};
    }
    if (signbit(x)) {
        v4vgpu_pair sum = v4vgpu_sum(0x1.921fb54442d18p+1, -angle.value);
        angle = {sum.value, sum.tail + (0x1.1a62633145c07p-53 - angle.tail)};
    }
    return __builtin_copysign(angle.value + angle.tail, y);
}
V4VGPU_ELEMENTARY double asin(double x) { return atan2(x, __nvvm_sqrt_rn_d((1.0 - x) * (1.0 + x))); }
V4VGPU_ELEMENTARY double acos(double x) { return 2.0 * atan2(__nvvm_sqrt_rn_d(1.0 - x), __nvvm_sqrt_rn_d(1.0 + x)); }

// Hyperbolic ones.
V4VGPU_ELEMENTARY double sinh(double x) {
    double size = __builtin_fabs(x);
    if (size > 700.0) {
        double root = v4vgpu_exp(0.5 * size, 0.0);
        return __builtin_copysign(0.5 * root * root, x);
    }
    double e = expm1(size);
    return x != x ? x : __builtin_copysign(0.5 * (e + e / (e + 1.0)), x);
}
V4VGPU_ELEMENTARY double cosh(double x) {
    double size = __builtin_fabs(x);
    if (size > 700.0) {
        double root = v4vgpu_exp(0.5 * size, 0.0);
        return 0.5 * root * root;
    }
    double e = v4vgpu_exp(size, 0.0);
    return 0.5 * (e + 1.0 / e);
}
V4VGPU_ELEMENTARY double tanh(double x) {
    double size = __builtin_fabs(x);
    double e = expm1(2.0 * size);
    return x != x ? x : __builtin_copysign(size > 20.0 ? 1.0 : e / (e + 2.0), x);
}
V4VGPU_ELEMENTARY double asinh(double x) {
    double size = __builtin_fabs(x);
    double result = size > 0x1p500 ? log(size) + 0x1.62e42fefa39efp-1
                                   : log1p(size + size * size / (1.0 + __nvvm_sqrt_rn_d(1.0 + size * size)));
    return x != x ? x : __builtin_copysign(result, x);
}
V4VGPU_ELEMENTARY double acosh(double x) {
    double above = x - 1.0;
    return x > 0x1p500 ? log(x) + 0x1.62e42fefa39efp-1
                       : log1p(above + __nvvm_sqrt_rn_d(above * (above + 2.0)));
}
V4VGPU_ELEMENTARY double atanh(double x) {
    double size = __builtin_fabs(x);
    return __builtin_copysign(0.5 * log1p(2.0 * size / (1.0 - size)), x);
}

// Others.
V4VGPU_ELEMENTARY double hypot(double x, double y) {
    double most = __builtin_fmax(__builtin_fabs(x), __builtin_fabs(y));
    double least = __builtin_fmin(__builtin_fabs(x), __builtin_fabs(y));
    if (isinf(x) || isinf(y)) {
        return CUDART_INF;
    }
    if (x != x || y != y || most == 0.0) {
        return most == 0.0 && x == x && y == y ? 0.0 : CUDART_NAN;
    }
    double ratio = least / most;
    return most * __nvvm_sqrt_rn_d(v4vgpu_fma(ratio, ratio, 1.0));
}
/* Takes away the divisor's largest multiple by a power of two until less than the divisor is left: each step is exact. */
V4VGPU_ELEMENTARY double fmod(double x, double y) {
    double left = __builtin_fabs(x);
    double divisor = __builtin_fabs(y);
    if (!(left < CUDART_INF) || !(divisor > 0.0)) {
        return CUDART_NAN;
    }
    double scale = divisor < 0x1p-1000 ? 0x1p60 : 1.0; // so that all have an exponent
    bool is_small = left < 0x1p900;
    if (scale != 1.0 && is_small) {
        left *= scale;
        divisor *= scale;
    }
    while (left >= divisor) {
        int steps = (int)(__double_as_longlong(left) >> 52) - (int)(__double_as_longlong(divisor) >> 52);
        double multiple = v4vgpu_scale(divisor, steps);
        left -= multiple > left ? 0.5 * multiple : multiple;
    }
    return __builtin_copysign(scale != 1.0 && is_small ? left / scale : left, x);
}
V4VGPU_DEVICE double ldexp(double x, int n) {
    return v4vgpu_scale(v4vgpu_scale(x, n > 2000 ? 1000 : n < -2000 ? -1000 : n / 2),
        n > 2000 ? 2000 : n < -2000 ? -2000 : n - n / 2);
}
V4VGPU_DEVICE double scalbn(double x, int n) { return ldexp(x, n); }
V4VGPU_DEVICE double modf(double x, double *whole) {
    *whole = __builtin_trunc(x);
    return __builtin_copysign(isinf(x) ? 0.0 : x - *whole, x);
}
V4VGPU_DEVICE double frexp(double x, int *e) {
    double normal = __builtin_fabs(x) < 0x1p-1022 ? x * 0x1p54 : x;
    if (!(__builtin_fabs(x) < CUDART_INF) || x == 0.0) {
        *e = 0;
        return x;
    }
    long long bits = __double_as_longlong(normal);
    *e = (int)(bits >> 52 & 0x7ff) - 1022 - (normal == x ? 0 : 54);
    return __longlong_as_double((bits & 0x800fffffffffffffLL) | 0x3fe0000000000000LL);
}
V4VGPU_DEVICE long lrint(double x) { return (long)__nvvm_d2ll_rn(x); }
V4VGPU_DEVICE long long llrint(double x) { return __nvvm_d2ll_rn(x); }
V4VGPU_DEVICE long lround(double x) { return (long)round(x); }
/*
 * erf: up to 2 its series, which has only positive terms; beyond, 1 less a continued fraction. erfc is that fraction from 1 on, as 1 less
 * erf would have lost what it is about; it needs the more terms the smaller x is.
 */
V4VGPU_ELEMENTARY double v4vgpu_erf_near(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 50; n++) {
        term *= 2.0 * x * x / (2 * n + 1);
        sum += term;
    }
    return 0x1.20dd750429b6dp+0 * sum * v4vgpu_exp(-x * x, -v4vgpu_fma(x, x, -(x * x)));
}
V4VGPU_ELEMENTARY double v4vgpu_erfc_far(double x) {
    double fraction = x;
    for (int n = x < 2.0 ? 250 : 60; n > 0; n--) {
        fraction = x + 0.5 * n / fraction;
    }
    return 0x1.20dd750429b6dp-1 / fraction * v4vgpu_exp(-x * x, -v4vgpu_fma(x, x, -(x * x)));
}
V4VGPU_ELEMENTARY double erf(double x) {
    double size = __builtin_fabs(x);
    if (x != x) {
        return x;
    }
    return __builtin_copysign(size < 2.0 ? v4vgpu_erf_near(size) : size < 6.0 ? 1.0 - v4vgpu_erfc_far(size) : 1.0, x);
}
V4VGPU_ELEMENTARY double erfc(double x) {
    return x < 1.0 ? 1.0 - erf(x) : x < 28.0 ? v4vgpu_erfc_far(x) : x != x ? x : 0.0;
}
