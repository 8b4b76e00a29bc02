// The mathematical functions of float, most of them computed in double and rounded; overloads for arguments of other types.
#pragma once

// The same of float, by the name with an f and by overloading.
#define V4VGPU_FLOAT(name)                                                                                        \
    V4VGPU_DEVICE float name##f(float x) { return (float)name((double)x); }                                       \
    V4VGPU_DEVICE float name(float x) { return name##f(x); }
#if !defined(V4VGPU_FAST_MATH)
V4VGPU_FLOAT(exp)
V4VGPU_FLOAT(exp10)
V4VGPU_FLOAT(log)
V4VGPU_FLOAT(log2)
V4VGPU_FLOAT(log10)
V4VGPU_FLOAT(sin)
V4VGPU_FLOAT(cos)
V4VGPU_FLOAT(tan)
V4VGPU_DEVICE float powf(float x, float y) { return (float)pow((double)x, (double)y); }
V4VGPU_DEVICE void sincosf(float x, float *sine, float *cosine) {
    double s, c;
    sincos((double)x, &s, &c);
    *sine = (float)s;
    *cosine = (float)c;
}
#else // --use_fast_math
#define V4VGPU_FAST(name)                                                                                         \
    V4VGPU_DEVICE float name##f(float x) { return __##name##f(x); }                                               \
    V4VGPU_DEVICE float name(float x) { return __##name##f(x); }
V4VGPU_FAST(exp)
V4VGPU_FAST(exp10)
V4VGPU_FAST(log)
V4VGPU_FAST(log2)
V4VGPU_FAST(log10)
V4VGPU_FAST(sin)
V4VGPU_FAST(cos)
V4VGPU_FAST(tan)
#undef V4VGPU_FAST
V4VGPU_DEVICE float powf(float x, float y) { return __powf(x, y); }
V4VGPU_DEVICE void sincosf(float x, float *sine, float *cosine) { __sincosf(x, sine, cosine); }
#endif
V4VGPU_FLOAT(exp2)
V4VGPU_FLOAT(expm1)
V4VGPU_FLOAT(log1p)
V4VGPU_FLOAT(cbrt)
V4VGPU_FLOAT(sinpi)
V4VGPU_FLOAT(cospi)
V4VGPU_FLOAT(asin)
V4VGPU_FLOAT(acos)
V4VGPU_FLOAT(atan)
V4VGPU_FLOAT(sinh)
V4VGPU_FLOAT(cosh)
V4VGPU_FLOAT(tanh)
V4VGPU_FLOAT(asinh)
V4VGPU_FLOAT(acosh)
V4VGPU_FLOAT(atanh)
V4VGPU_FLOAT(erf)
V4VGPU_FLOAT(erfc)
#undef V4VGPU_FLOAT
V4VGPU_DEVICE float atan2f(float y, float x) { return (float)atan2((double)y, (double)x); }
V4VGPU_DEVICE float hypotf(float x, float y) { return (float)hypot((double)x, (double)y); }
V4VGPU_DEVICE float fmodf(float x, float y) { return (float)fmod((double)x, (double)y); }
V4VGPU_DEVICE float ldexpf(float x, int n) { return (float)ldexp((double)x, n); }
V4VGPU_DEVICE float scalbnf(float x, int n) { return (float)ldexp((double)x, n); }
V4VGPU_DEVICE float frexpf(float x, int *e) { return (float)frexp((double)x, e); }
V4VGPU_DEVICE float modff(float x, float *whole) {
    double w;
    double part = modf((double)x, &w);
    *whole = (float)w;
    return (float)part;
}
V4VGPU_DEVICE long lrintf(float x) { return lrint((double)x); }
V4VGPU_DEVICE long lroundf(float x) { return lround((double)x); }

V4VGPU_DEVICE float fabs(float x) { return fabsf(x); }
V4VGPU_DEVICE float floor(float x) { return floorf(x); }
V4VGPU_DEVICE float ceil(float x) { return ceilf(x); }
V4VGPU_DEVICE float trunc(float x) { return truncf(x); }
V4VGPU_DEVICE float rint(float x) { return rintf(x); }
V4VGPU_DEVICE float round(float x) { return roundf(x); }
V4VGPU_DEVICE float copysign(float x, float sign) { return copysignf(x, sign); }
V4VGPU_DEVICE float fma(float x, float y, float z) { return fmaf(x, y, z); }
V4VGPU_DEVICE float sqrt(float x) { return sqrtf(x); }
V4VGPU_DEVICE float rsqrt(float x) { return rsqrtf(x); }
V4VGPU_DEVICE float fmin(float x, float y) { return fminf(x, y); }
V4VGPU_DEVICE float fmax(float x, float y) { return fmaxf(x, y); }
V4VGPU_DEVICE float pow(float x, float y) { return powf(x, y); }
V4VGPU_DEVICE double pow(double x, int y) { return pow(x, (double)y); }
V4VGPU_DEVICE float pow(float x, int y) { return powf(x, (float)y); }
V4VGPU_DEVICE float atan2(float y, float x) { return atan2f(y, x); }
V4VGPU_DEVICE float hypot(float x, float y) { return hypotf(x, y); }
V4VGPU_DEVICE float fmod(float x, float y) { return fmodf(x, y); }

#define V4VGPU_EXTREMES(T)                                                                                        \
    V4VGPU_DEVICE T min(T x, T y) { return y < x ? y : x; }                                                       \
    V4VGPU_DEVICE T max(T x, T y) { return x < y ? y : x; }
V4VGPU_EXTREMES(int)
V4VGPU_EXTREMES(unsigned)
V4VGPU_EXTREMES(long)
V4VGPU_EXTREMES(unsigned long)
V4VGPU_EXTREMES(long long)
V4VGPU_EXTREMES(unsigned long long)
#undef V4VGPU_EXTREMES
V4VGPU_DEVICE float min(float x, float y) { return fminf(x, y); }
V4VGPU_DEVICE float max(float x, float y) { return fmaxf(x, y); }
V4VGPU_DEVICE double min(double x, double y) { return fmin(x, y); }
V4VGPU_DEVICE double max(double x, double y) { return fmax(x, y); }
V4VGPU_DEVICE unsigned min(unsigned x, int y) { return min(x, (unsigned)y); }
V4VGPU_DEVICE unsigned min(int x, unsigned y) { return min((unsigned)x, y); }
V4VGPU_DEVICE unsigned max(unsigned x, int y) { return max(x, (unsigned)y); }
V4VGPU_DEVICE unsigned max(int x, unsigned y) { return max((unsigned)x, y); }
V4VGPU_DEVICE double min(float x, double y) { return fmin((double)x, y); }
V4VGPU_DEVICE double min(double x, float y) { return fmin(x, (double)y); }
V4VGPU_DEVICE double max(float x, double y) { return fmax((double)x, y); }
V4VGPU_DEVICE double max(double x, float y) { return fmax(x, (double)y); }
V4VGPU_DEVICE double pow(float x, double y) { return pow((double)x, y); }
V4VGPU_DEVICE double pow(double x, float y) { return pow(x, (double)y); }

// Of a whole number it is a double's.
template <typename T> struct v4vgpu_is_whole { static const bool value = __is_integral(T); };
template <typename T, bool = v4vgpu_is_whole<T>::value> struct v4vgpu_whole {};
template <typename T> struct v4vgpu_whole<T, true> { typedef double type; };
#define V4VGPU_WHOLE(name)                                                                                        \
    template <typename T> V4VGPU_DEVICE typename v4vgpu_whole<T>::type name(T x) { return name((double)x); }
V4VGPU_WHOLE(sqrt)
V4VGPU_WHOLE(exp)
V4VGPU_WHOLE(exp2)
V4VGPU_WHOLE(log)
V4VGPU_WHOLE(log2)
V4VGPU_WHOLE(log10)
V4VGPU_WHOLE(sin)
V4VGPU_WHOLE(cos)
V4VGPU_WHOLE(tan)
V4VGPU_WHOLE(atan)
V4VGPU_WHOLE(floor)
V4VGPU_WHOLE(ceil)
V4VGPU_WHOLE(fabs)
#undef V4VGPU_WHOLE
template <typename T> V4VGPU_DEVICE typename v4vgpu_whole<T>::type pow(T x, T y) { return pow((double)x, (double)y); }
