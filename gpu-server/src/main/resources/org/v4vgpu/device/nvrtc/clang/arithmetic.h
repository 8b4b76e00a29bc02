// Integer, bit and rounding functions that are one instruction or a few. Source: CUDA math API, intrinsics.
#pragma once

V4VGPU_DEVICE int __clz(int x) { return x == 0 ? 32 : __builtin_clz(x); }
V4VGPU_DEVICE int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(x); }
V4VGPU_DEVICE int __popc(unsigned x) { return __builtin_popcount(x); }
V4VGPU_DEVICE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
V4VGPU_DEVICE int __ffs(int x) { return x == 0 ? 0 : __builtin_ctz(x) + 1; }
V4VGPU_DEVICE int __ffsll(long long x) { return x == 0 ? 0 : __builtin_ctzll(x) + 1; }
V4VGPU_DEVICE unsigned __brev(unsigned x) { return __builtin_bitreverse32(x); }
V4VGPU_DEVICE unsigned long long __brevll(unsigned long long x) { return __builtin_bitreverse64(x); }
V4VGPU_DEVICE unsigned __byte_perm(unsigned x, unsigned y, unsigned s) { return __nvvm_prmt(x, y, s); }
V4VGPU_DEVICE int __mulhi(int x, int y) { return (int)((long long)x * y >> 32); }
V4VGPU_DEVICE unsigned __umulhi(unsigned x, unsigned y) { return (unsigned)((unsigned long long)x * y >> 32); }
V4VGPU_DEVICE long long __mul64hi(long long x, long long y) { return __nvvm_mulhi_ll(x, y); }
V4VGPU_DEVICE unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return __nvvm_mulhi_ull(x, y);
}
V4VGPU_DEVICE int __mul24(int x, int y) { return (x << 8 >> 8) * (y << 8 >> 8); }
V4VGPU_DEVICE unsigned __umul24(unsigned x, unsigned y) { return (x & 0xffffff) * (y & 0xffffff); }
V4VGPU_DEVICE unsigned __sad(int x, int y, unsigned z) {
    return z + (x > y ? (unsigned)x - (unsigned)y : (unsigned)y - (unsigned)x);
}
V4VGPU_DEVICE unsigned __usad(unsigned x, unsigned y, unsigned z) { return z + (x > y ? x - y : y - x); }
V4VGPU_DEVICE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned n) {
    return (unsigned)(((unsigned long long)high << 32 | low) << (n & 31) >> 32);
}
V4VGPU_DEVICE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned n) {
    return (unsigned)(((unsigned long long)high << 32 | low) >> (n & 31));
}
V4VGPU_DEVICE int __hadd(int x, int y) { return (int)(((long long)x + y) >> 1); }
V4VGPU_DEVICE unsigned __uhadd(unsigned x, unsigned y) { return (unsigned)(((unsigned long long)x + y) >> 1); }
V4VGPU_DEVICE unsigned __urhadd(unsigned x, unsigned y) { return (unsigned)(((unsigned long long)x + y + 1) >> 1); }
V4VGPU_DEVICE int __dp4a(int x, int y, int z) {
    for (int i = 0; i < 32; i += 8) {
        z += (signed char)(x >> i) * (signed char)(y >> i);
    }
    return z;
}
V4VGPU_DEVICE unsigned __dp4a(unsigned x, unsigned y, unsigned z) {
    for (int i = 0; i < 32; i += 8) {
        z += (unsigned char)(x >> i) * (unsigned char)(y >> i);
    }
    return z;
}

// The same bits as another type.
V4VGPU_DEVICE int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
V4VGPU_DEVICE unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
V4VGPU_DEVICE float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
V4VGPU_DEVICE float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
V4VGPU_DEVICE long long __double_as_longlong(double x) { return __builtin_bit_cast(long long, x); }
V4VGPU_DEVICE double __longlong_as_double(long long x) { return __builtin_bit_cast(double, x); }
V4VGPU_DEVICE int __double2hiint(double x) { return (int)(__double_as_longlong(x) >> 32); }
V4VGPU_DEVICE int __double2loint(double x) { return (int)__double_as_longlong(x); }
V4VGPU_DEVICE double __hiloint2double(int high, int low) {
    return __longlong_as_double((long long)high << 32 | (unsigned)low);
}

// Each way to round: to nearest even, to zero, up, down; by its name in CUDA and in clang.
#define V4VGPU_ROUNDED(r, p)                                                                                         \
    V4VGPU_DEVICE float __fadd_##r(float x, float y) { return __nvvm_add_##p##_f(x, y); }                         \
    V4VGPU_DEVICE float __fsub_##r(float x, float y) { return __nvvm_add_##p##_f(x, -y); }                        \
    V4VGPU_DEVICE float __fmul_##r(float x, float y) { return __nvvm_mul_##p##_f(x, y); }                         \
    V4VGPU_DEVICE float __fdiv_##r(float x, float y) { return __nvvm_div_##p##_f(x, y); }                         \
    V4VGPU_DEVICE float __fmaf_##r(float x, float y, float z) { return __nvvm_fma_##p##_f(x, y, z); }             \
    V4VGPU_DEVICE float __frcp_##r(float x) { return __nvvm_rcp_##p##_f(x); }                                     \
    V4VGPU_DEVICE float __fsqrt_##r(float x) { return __nvvm_sqrt_##p##_f(x); }                                   \
    V4VGPU_DEVICE double __dadd_##r(double x, double y) { return __nvvm_add_##p##_d(x, y); }                      \
    V4VGPU_DEVICE double __dsub_##r(double x, double y) { return __nvvm_add_##p##_d(x, -y); }                     \
    V4VGPU_DEVICE double __dmul_##r(double x, double y) { return __nvvm_mul_##p##_d(x, y); }                      \
    V4VGPU_DEVICE double __ddiv_##r(double x, double y) { return __nvvm_div_##p##_d(x, y); }                      \
    V4VGPU_DEVICE double __fma_##r(double x, double y, double z) { return __nvvm_fma_##p##_d(x, y, z); }          \
    V4VGPU_DEVICE double __drcp_##r(double x) { return __nvvm_rcp_##p##_d(x); }                                   \
    V4VGPU_DEVICE double __dsqrt_##r(double x) { return __nvvm_sqrt_##p##_d(x); }                                 \
    V4VGPU_DEVICE int __float2int_##r(float x) { return __nvvm_f2i_##p(x); }                                      \
    V4VGPU_DEVICE unsigned __float2uint_##r(float x) { return __nvvm_f2ui_##p(x); }                               \
    V4VGPU_DEVICE long long __float2ll_##r(float x) { return __nvvm_f2ll_##p(x); }                                \
    V4VGPU_DEVICE unsigned long long __float2ull_##r(float x) { return __nvvm_f2ull_##p(x); }                     \
    V4VGPU_DEVICE int __double2int_##r(double x) { return __nvvm_d2i_##p(x); }                                    \
    V4VGPU_DEVICE unsigned __double2uint_##r(double x) { return __nvvm_d2ui_##p(x); }                             \
    V4VGPU_DEVICE long long __double2ll_##r(double x) { return __nvvm_d2ll_##p(x); }                              \
    V4VGPU_DEVICE unsigned long long __double2ull_##r(double x) { return __nvvm_d2ull_##p(x); }                   \
    V4VGPU_DEVICE float __double2float_##r(double x) { return __nvvm_d2f_##p(x); }                                \
    V4VGPU_DEVICE float __int2float_##r(int x) { return __nvvm_i2f_##p(x); }                                      \
    V4VGPU_DEVICE float __uint2float_##r(unsigned x) { return __nvvm_ui2f_##p(x); }                               \
    V4VGPU_DEVICE float __ll2float_##r(long long x) { return __nvvm_ll2f_##p(x); }                                \
    V4VGPU_DEVICE double __ll2double_##r(long long x) { return __nvvm_ll2d_##p(x); }
V4VGPU_ROUNDED(rn, rn)
V4VGPU_ROUNDED(rz, rz)
V4VGPU_ROUNDED(ru, rp)
V4VGPU_ROUNDED(rd, rm)
#undef V4VGPU_ROUNDED
V4VGPU_DEVICE double __int2double_rn(int x) { return x; }
V4VGPU_DEVICE double __uint2double_rn(unsigned x) { return x; }

// Fast and less exact.
V4VGPU_DEVICE float __saturatef(float x) { return __nvvm_saturate_f(x); }
V4VGPU_DEVICE float __frsqrt_rn(float x) { return __nvvm_rsqrt_approx_f(x); }
V4VGPU_DEVICE float __fdividef(float x, float y) { return __nvvm_div_approx_f(x, y); }
V4VGPU_DEVICE float __expf(float x) { return __nvvm_ex2_approx_f(x * 1.442695041f); }
V4VGPU_DEVICE float __exp10f(float x) { return __nvvm_ex2_approx_f(x * 3.321928095f); }
V4VGPU_DEVICE float __log2f(float x) { return __nvvm_lg2_approx_f(x); }
V4VGPU_DEVICE float __logf(float x) { return __nvvm_lg2_approx_f(x) * 0.693147181f; }
V4VGPU_DEVICE float __log10f(float x) { return __nvvm_lg2_approx_f(x) * 0.301029996f; }
V4VGPU_DEVICE float __powf(float x, float y) { return __nvvm_ex2_approx_f(y * __nvvm_lg2_approx_f(x)); }
V4VGPU_DEVICE float __sinf(float x) { return __nvvm_sin_approx_f(x); }
V4VGPU_DEVICE float __cosf(float x) { return __nvvm_cos_approx_f(x); }
V4VGPU_DEVICE float __tanf(float x) { return __nvvm_div_approx_f(__nvvm_sin_approx_f(x), __nvvm_cos_approx_f(x)); }
V4VGPU_DEVICE void __sincosf(float x, float *sine, float *cosine) { *sine = __sinf(x), *cosine = __cosf(x); }
