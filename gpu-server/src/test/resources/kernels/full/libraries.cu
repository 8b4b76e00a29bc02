// What comes with the toolkit: SIMD intrinsics, vector atomics, cub, cuda::atomic, cuda::barrier, cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cub/cub.cuh>
#include <cuda/annotated_ptr>
#include <cuda/atomic>
#include <cuda/barrier>

namespace cg = cooperative_groups;

extern "C" __global__ void simd(const unsigned *a, const unsigned *b, unsigned *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    unsigned x = a[i], y = b[i];
    unsigned *o = out + i;
    o[0 * n] = __vabsdiffu4(x, y);
    o[1 * n] = __vsadu4(x, y);
    o[2 * n] = __vabsdiffs2(x, y);
    o[3 * n] = __vsads2(x, y);
    o[4 * n] = __vaddss4(x, y);
    o[5 * n] = __vaddus2(x, y);
    o[6 * n] = __vavgs4(x, y);
    o[7 * n] = __vavgu2(x, y);
    o[8 * n] = __vmaxs4(x, y);
    o[9 * n] = __vcmpgtu4(x, y);
    o[10 * n] = __vsetles2(x, y);
    o[11 * n] = __vnegss4(x);
}

extern "C" __global__ void blocks(const int *in, int *sorted, int *sums, int *prefix) {
    using Sort = cub::BlockRadixSort<int, 128, 2>;
    using Reduce = cub::BlockReduce<int, 128>;
    using Scan = cub::BlockScan<int, 128>;
    __shared__ union {
        Sort::TempStorage sort;
        Reduce::TempStorage reduce;
        Scan::TempStorage scan;
    } room;
    int base = blockIdx.x * 256, t = threadIdx.x;
    int items[2] = {in[base + 2 * t], in[base + 2 * t + 1]};
    int first;
    Scan(room.scan).ExclusiveSum(items[0] + items[1], first);
    prefix[base + 2 * t] = first;
    prefix[base + 2 * t + 1] = first + items[0];
    __syncthreads();
    int sum = Reduce(room.reduce).Sum(items[0] + items[1]);
    if (t == 0) sums[blockIdx.x] = sum;
    __syncthreads();
    Sort(room.sort).Sort(items);
    sorted[base + 2 * t] = items[0];
    sorted[base + 2 * t + 1] = items[1];
}

extern "C" __global__ void atomics(cuda::atomic<int> *a, cuda::atomic<double, cuda::thread_scope_device> *d,
                                   cuda::atomic<unsigned long long> *u, cuda::atomic<char> *c,
                                   cuda::atomic<short> *s, float *f) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    a->fetch_add(i, cuda::memory_order_relaxed);
    d->fetch_add(0.5);
    u->fetch_max((unsigned long long) i * i, cuda::memory_order_acq_rel);
    c->fetch_add(1);
    s->fetch_or((short) (1 << (i & 15)));
    cuda::atomic_ref<float, cuda::thread_scope_device> r(f[0]);
    r.fetch_add(1.0f);
    cuda::atomic_ref<float, cuda::thread_scope_device> m(f[1]);
    m.fetch_min((float) -i);
#if __CUDA_ARCH__ >= 900
    float4 old = atomicAdd((float4 *) (f + 4), make_float4(1, 2, 3, i));
    if (old.x < 0) f[2] = old.y;
    atomicAdd((float2 *) (f + 8), make_float2(-1, 0.25f));
#endif
}

extern "C" __global__ void groups(const int *in, int *out) {
    auto block = cg::this_thread_block();
    auto warp = cg::tiled_partition<32>(block);
    auto eight = cg::tiled_partition<8>(block);
    int t = block.thread_rank(), n = block.size(), v = in[t];
    out[t] = cg::reduce(warp, v, cg::plus<int>());
    out[n + t] = cg::inclusive_scan(eight, v);
    auto parts = cg::labeled_partition(warp, v & 3);
    out[2 * n + t] = cg::reduce(parts, v, cg::greater<int>());
    if (v & 1) {
        auto some = cg::coalesced_threads();
        out[3 * n + t] = some.size() * 100 + some.thread_rank();
    }
}

extern "C" __global__ void barriers(const int *in, int *out) {
    __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
    __shared__ int copy[128];
    if (threadIdx.x == 0) init(&barrier, blockDim.x);
    __syncthreads();
    cuda::memcpy_async(copy + threadIdx.x, in + threadIdx.x, sizeof(int), barrier);
    barrier.arrive_and_wait();
    cuda::annotated_ptr<const int, cuda::access_property::persisting> kept(in);
    out[threadIdx.x] = copy[127 - threadIdx.x] + kept[threadIdx.x];
}
