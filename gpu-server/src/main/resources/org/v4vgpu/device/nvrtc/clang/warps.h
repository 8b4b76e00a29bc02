// What the threads of a warp do together. Source: CUDA C++ programming guide, warp functions.
#pragma once

V4VGPU_DEVICE void __syncwarp(unsigned mask = 0xffffffff) { __nvvm_bar_warp_sync(mask); }
V4VGPU_DEVICE int __all_sync(unsigned mask, int x) { return __nvvm_vote_all_sync(mask, x); }
V4VGPU_DEVICE int __any_sync(unsigned mask, int x) { return __nvvm_vote_any_sync(mask, x); }
V4VGPU_DEVICE unsigned __ballot_sync(unsigned mask, int x) { return __nvvm_vote_ballot_sync(mask, x); }
V4VGPU_DEVICE unsigned __activemask() {
    unsigned mask;
    asm volatile("activemask.b32 %0;" : "=r"(mask));
    return mask;
}
V4VGPU_DEVICE unsigned __lanemask_lt() { return __nvvm_read_ptx_sreg_lanemask_lt(); }

// The clamp is the last lane of the width, or the first one for up; above it the lanes that are one group.
#define V4VGPU_SHUFFLE(name, kind, L, clamp)                                                                      \
    V4VGPU_DEVICE int name(unsigned mask, int x, L lane, int width = 32) {                                        \
        return __nvvm_shfl_sync_##kind##_i32(mask, x, lane, ((32 - width) << 8) | clamp);                         \
    }                                                                                                             \
    V4VGPU_DEVICE unsigned name(unsigned mask, unsigned x, L lane, int width = 32) {                              \
        return (unsigned)name(mask, (int)x, lane, width);                                                         \
    }                                                                                                             \
    V4VGPU_DEVICE float name(unsigned mask, float x, L lane, int width = 32) {                                    \
        return __nvvm_shfl_sync_##kind##_f32(mask, x, lane, ((32 - width) << 8) | clamp);                         \
    }                                                                                                             \
    V4VGPU_DEVICE unsigned long long name(unsigned mask, unsigned long long x, L lane, int width = 32) {          \
        unsigned low = name(mask, (unsigned)x, lane, width);                                                      \
        unsigned high = name(mask, (unsigned)(x >> 32), lane, width);                                             \
        return (unsigned long long)high << 32 | low;                                                              \
    }                                                                                                             \
    V4VGPU_DEVICE long long name(unsigned mask, long long x, L lane, int width = 32) {                            \
        return (long long)name(mask, (unsigned long long)x, lane, width);                                         \
    }                                                                                                             \
    V4VGPU_DEVICE long name(unsigned mask, long x, L lane, int width = 32) {                                      \
        return (long)name(mask, (unsigned long long)x, lane, width);                                              \
    }                                                                                                             \
    V4VGPU_DEVICE unsigned long name(unsigned mask, unsigned long x, L lane, int width = 32) {                    \
        return (unsigned long)name(mask, (unsigned long long)x, lane, width);                                     \
    }                                                                                                             \
    V4VGPU_DEVICE double name(unsigned mask, double x, L lane, int width = 32) {                                  \
        return __builtin_bit_cast(double, name(mask, __builtin_bit_cast(unsigned long long, x), lane, width));    \
    }
V4VGPU_SHUFFLE(__shfl_sync, idx, int, 31)
V4VGPU_SHUFFLE(__shfl_up_sync, up, unsigned, 0)
V4VGPU_SHUFFLE(__shfl_down_sync, down, unsigned, 31)
V4VGPU_SHUFFLE(__shfl_xor_sync, bfly, int, 31)
#undef V4VGPU_SHUFFLE

#if __CUDA_ARCH__ >= 700
V4VGPU_DEVICE unsigned __match_any_sync(unsigned mask, unsigned x) { return __nvvm_match_any_sync_i32(mask, x); }
V4VGPU_DEVICE unsigned __match_any_sync(unsigned mask, int x) { return __nvvm_match_any_sync_i32(mask, x); }
V4VGPU_DEVICE unsigned __match_any_sync(unsigned mask, float x) {
    return __nvvm_match_any_sync_i32(mask, __builtin_bit_cast(unsigned, x));
}
V4VGPU_DEVICE unsigned __match_any_sync(unsigned mask, unsigned long long x) {
    return __nvvm_match_any_sync_i64(mask, x);
}
V4VGPU_DEVICE unsigned __match_any_sync(unsigned mask, long long x) { return __nvvm_match_any_sync_i64(mask, x); }
V4VGPU_DEVICE unsigned __match_all_sync(unsigned mask, unsigned x, int *all) {
    return __nvvm_match_all_sync_i32p(mask, x, all);
}
V4VGPU_DEVICE unsigned __match_all_sync(unsigned mask, int x, int *all) {
    return __nvvm_match_all_sync_i32p(mask, x, all);
}
#endif

#if __CUDA_ARCH__ >= 800
V4VGPU_DEVICE unsigned __reduce_add_sync(unsigned mask, unsigned x) { return __nvvm_redux_sync_add(x, mask); }
V4VGPU_DEVICE int __reduce_add_sync(unsigned mask, int x) { return __nvvm_redux_sync_add(x, mask); }
V4VGPU_DEVICE unsigned __reduce_min_sync(unsigned mask, unsigned x) { return __nvvm_redux_sync_umin(x, mask); }
V4VGPU_DEVICE int __reduce_min_sync(unsigned mask, int x) { return __nvvm_redux_sync_min(x, mask); }
V4VGPU_DEVICE unsigned __reduce_max_sync(unsigned mask, unsigned x) { return __nvvm_redux_sync_umax(x, mask); }
V4VGPU_DEVICE int __reduce_max_sync(unsigned mask, int x) { return __nvvm_redux_sync_max(x, mask); }
V4VGPU_DEVICE unsigned __reduce_and_sync(unsigned mask, unsigned x) { return __nvvm_redux_sync_and(x, mask); }
V4VGPU_DEVICE unsigned __reduce_or_sync(unsigned mask, unsigned x) { return __nvvm_redux_sync_or(x, mask); }
V4VGPU_DEVICE unsigned __reduce_xor_sync(unsigned mask, unsigned x) { return __nvvm_redux_sync_xor(x, mask); }
#endif
