// Atomic functions. Source: CUDA C++ programming guide, atomic functions.
#pragma once

#define V4VGPU_ATOMIC(name, T, builtin, U)                                                                        \
    V4VGPU_DEVICE T name(T *at, T x) { return (T)__nvvm_atom_##builtin((U *)at, (U)x); }

// double from sm_60 on.
#if __CUDA_ARCH__ >= 600
V4VGPU_ATOMIC(atomicAdd, double, add_gen_d, double)
#endif
V4VGPU_ATOMIC(atomicAdd, float, add_gen_f, float)
V4VGPU_ATOMIC(atomicAdd, int, add_gen_i, int)
V4VGPU_ATOMIC(atomicAdd, unsigned, add_gen_i, int)
V4VGPU_ATOMIC(atomicAdd, unsigned long long, add_gen_ll, long long)
V4VGPU_ATOMIC(atomicExch, int, xchg_gen_i, int)
V4VGPU_ATOMIC(atomicExch, unsigned, xchg_gen_i, int)
V4VGPU_ATOMIC(atomicExch, unsigned long long, xchg_gen_ll, long long)
V4VGPU_ATOMIC(atomicMin, int, min_gen_i, int)
V4VGPU_ATOMIC(atomicMin, unsigned, min_gen_ui, unsigned)
V4VGPU_ATOMIC(atomicMin, long long, min_gen_ll, long long)
V4VGPU_ATOMIC(atomicMin, unsigned long long, min_gen_ull, unsigned long long)
V4VGPU_ATOMIC(atomicMax, int, max_gen_i, int)
V4VGPU_ATOMIC(atomicMax, unsigned, max_gen_ui, unsigned)
V4VGPU_ATOMIC(atomicMax, long long, max_gen_ll, long long)
V4VGPU_ATOMIC(atomicMax, unsigned long long, max_gen_ull, unsigned long long)
V4VGPU_ATOMIC(atomicAnd, int, and_gen_i, int)
V4VGPU_ATOMIC(atomicAnd, unsigned, and_gen_i, int)
V4VGPU_ATOMIC(atomicAnd, unsigned long long, and_gen_ll, long long)
V4VGPU_ATOMIC(atomicOr, int, or_gen_i, int)
V4VGPU_ATOMIC(atomicOr, unsigned, or_gen_i, int)
V4VGPU_ATOMIC(atomicOr, unsigned long long, or_gen_ll, long long)
V4VGPU_ATOMIC(atomicXor, int, xor_gen_i, int)
V4VGPU_ATOMIC(atomicXor, unsigned, xor_gen_i, int)
V4VGPU_ATOMIC(atomicXor, unsigned long long, xor_gen_ll, long long)
V4VGPU_ATOMIC(atomicInc, unsigned, inc_gen_ui, unsigned)
V4VGPU_ATOMIC(atomicDec, unsigned, dec_gen_ui, unsigned)
#undef V4VGPU_ATOMIC

V4VGPU_DEVICE int atomicSub(int *at, int x) { return atomicAdd(at, -x); }
V4VGPU_DEVICE unsigned atomicSub(unsigned *at, unsigned x) { return atomicAdd(at, 0u - x); }
V4VGPU_DEVICE float atomicExch(float *at, float x) {
    return __builtin_bit_cast(float, atomicExch((int *)at, __builtin_bit_cast(int, x)));
}

V4VGPU_DEVICE int atomicCAS(int *at, int old, int x) { return __nvvm_atom_cas_gen_i(at, old, x); }
V4VGPU_DEVICE unsigned atomicCAS(unsigned *at, unsigned old, unsigned x) {
    return (unsigned)__nvvm_atom_cas_gen_i((int *)at, (int)old, (int)x);
}
V4VGPU_DEVICE unsigned long long atomicCAS(unsigned long long *at, unsigned long long old, unsigned long long x) {
    return (unsigned long long)__nvvm_atom_cas_gen_ll((long long *)at, (long long)old, (long long)x);
}

// The scope of the device does for the block, too.
template <typename T> V4VGPU_DEVICE T atomicAdd_block(T *at, T x) { return atomicAdd(at, x); }
template <typename T> V4VGPU_DEVICE T atomicCAS_block(T *at, T old, T x) { return atomicCAS(at, old, x); }
template <typename T> V4VGPU_DEVICE T atomicExch_block(T *at, T x) { return atomicExch(at, x); }
template <typename T> V4VGPU_DEVICE T atomicMin_block(T *at, T x) { return atomicMin(at, x); }
template <typename T> V4VGPU_DEVICE T atomicMax_block(T *at, T x) { return atomicMax(at, x); }
