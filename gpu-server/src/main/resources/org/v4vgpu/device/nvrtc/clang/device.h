// What CUDA C++ has without an #include, for clang where no CUDA toolkit is: the server includes this in front of each program.
// Not here: half and bfloat16 types, textures and surfaces, cooperative groups, tensor cores, device-side launches.
#pragma once

#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __NVCC__ 1
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 0

#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __forceinline__ __inline__ __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __align__(n)

#define CUDART_INF_F __builtin_huge_valf()
#define CUDART_NAN_F __builtin_nanf("")
#define CUDART_INF __builtin_huge_val()
#define CUDART_NAN __builtin_nan("")
#define CUDART_PI_F 3.141592654f
#define CUDART_PI 3.1415926535897931e+0

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef long long clock_t;

#include "vectors.h"
// Of clang itself: threadIdx, blockIdx, blockDim, gridDim, warpSize.
#include <__clang_cuda_builtin_vars.h>

__device__ inline __cuda_builtin_threadIdx_t::operator dim3() const { return dim3(x, y, z); }
__device__ inline __cuda_builtin_threadIdx_t::operator uint3() const { return {x, y, z}; }
__device__ inline __cuda_builtin_blockIdx_t::operator dim3() const { return dim3(x, y, z); }
__device__ inline __cuda_builtin_blockIdx_t::operator uint3() const { return {x, y, z}; }
__device__ inline __cuda_builtin_blockDim_t::operator dim3() const { return dim3(x, y, z); }
__device__ inline __cuda_builtin_blockDim_t::operator uint3() const { return {x, y, z}; }
__device__ inline __cuda_builtin_gridDim_t::operator dim3() const { return dim3(x, y, z); }
__device__ inline __cuda_builtin_gridDim_t::operator uint3() const { return {x, y, z}; }

// The device's own functions. Source: PTX writer's guide to interoperability, system calls.
extern "C" {
__device__ int printf(const char *, ...);
__device__ void *malloc(size_t);
__device__ void free(void *);
__device__ void __assertfail(const char *, const char *, unsigned, const char *, size_t);
}
#define assert(condition) ((condition) ? (void)0 : __assertfail(#condition, __FILE__, __LINE__, __func__, 1))

// A function here exists only where it is called, so that it is not in the PTX of others.
#define V4VGPU_DEVICE static __device__ __forceinline__

V4VGPU_DEVICE void *memcpy(void *to, const void *from, size_t bytes) { return __builtin_memcpy(to, from, bytes); }
V4VGPU_DEVICE void *memset(void *to, int value, size_t bytes) { return __builtin_memset(to, value, bytes); }

V4VGPU_DEVICE int __syncthreads_count(int x) { return __nvvm_bar0_popc(x); }
V4VGPU_DEVICE int __syncthreads_and(int x) { return __nvvm_bar0_and(x); }
V4VGPU_DEVICE int __syncthreads_or(int x) { return __nvvm_bar0_or(x); }
V4VGPU_DEVICE void __threadfence_block() { __nvvm_membar_cta(); }
V4VGPU_DEVICE void __threadfence() { __nvvm_membar_gl(); }
V4VGPU_DEVICE void __threadfence_system() { __nvvm_membar_sys(); }
V4VGPU_DEVICE void __trap() { asm volatile("trap;"); }
V4VGPU_DEVICE void __brkpt() { asm volatile("brkpt;"); }
V4VGPU_DEVICE void __nanosleep(unsigned nanos) { asm volatile("nanosleep.u32 %0;" ::"r"(nanos)); }
V4VGPU_DEVICE clock_t clock() { return (int)__nvvm_read_ptx_sreg_clock(); }
V4VGPU_DEVICE long long clock64() { return __nvvm_read_ptx_sreg_clock64(); }
V4VGPU_DEVICE unsigned long long globaltimer() {
    unsigned long long nanos;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(nanos));
    return nanos;
}

// Hints about caches; the value is the same.
template <typename T> V4VGPU_DEVICE T __ldg(const T *at) { return *at; }
template <typename T> V4VGPU_DEVICE T __ldcg(const T *at) { return *at; }
template <typename T> V4VGPU_DEVICE T __ldca(const T *at) { return *at; }
template <typename T> V4VGPU_DEVICE T __ldcs(const T *at) { return *at; }
template <typename T> V4VGPU_DEVICE void __stcg(T *at, T x) { *at = x; }
template <typename T> V4VGPU_DEVICE void __stcs(T *at, T x) { *at = x; }

V4VGPU_DEVICE unsigned __isGlobal(const void *at) { return __nvvm_isspacep_global(at); }
V4VGPU_DEVICE unsigned __isShared(const void *at) { return __nvvm_isspacep_shared(at); }
V4VGPU_DEVICE unsigned __isConstant(const void *at) { return __nvvm_isspacep_const(at); }
V4VGPU_DEVICE unsigned __isLocal(const void *at) { return __nvvm_isspacep_local(at); }

#include "arithmetic.h"
#include "elementary.h"
#include "functions.h"
#include "overloads.h"
#include "atomics.h"
#include "warps.h"

#ifdef V4VGPU_DEFAULT_DEVICE // --device-as-default-execution-space
#pragma clang force_cuda_host_device begin
#endif
