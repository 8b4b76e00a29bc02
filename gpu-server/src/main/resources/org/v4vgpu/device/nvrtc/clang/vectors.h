// CUDA's vector types and what makes them, dim3.
#pragma once

#define V4VGPU_VECTORS(T, name, align2, align4)                                                                   \
    struct name##1 { T x; };                                                                                      \
    struct __align__(align2) name##2 { T x, y; };                                                                 \
    struct name##3 { T x, y, z; };                                                                                \
    struct __align__(align4) name##4 { T x, y, z, w; };                                                           \
    static __inline__ __host__ __device__ name##1 make_##name##1(T x) { return {x}; }                             \
    static __inline__ __host__ __device__ name##2 make_##name##2(T x, T y) { return {x, y}; }                     \
    static __inline__ __host__ __device__ name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }             \
    static __inline__ __host__ __device__ name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

V4VGPU_VECTORS(signed char, char, 2, 4)
V4VGPU_VECTORS(unsigned char, uchar, 2, 4)
V4VGPU_VECTORS(short, short, 4, 8)
V4VGPU_VECTORS(unsigned short, ushort, 4, 8)
V4VGPU_VECTORS(int, int, 8, 16)
V4VGPU_VECTORS(unsigned int, uint, 8, 16)
V4VGPU_VECTORS(long, long, 16, 16)
V4VGPU_VECTORS(unsigned long, ulong, 16, 16)
V4VGPU_VECTORS(long long, longlong, 16, 16)
V4VGPU_VECTORS(unsigned long long, ulonglong, 16, 16)
V4VGPU_VECTORS(float, float, 8, 16)
V4VGPU_VECTORS(double, double, 16, 16)
#undef V4VGPU_VECTORS

struct dim3 {
    unsigned x, y, z;
    __host__ __device__ dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    __host__ __device__ dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    __host__ __device__ operator uint3() const { return uint3{x, y, z}; }
};
