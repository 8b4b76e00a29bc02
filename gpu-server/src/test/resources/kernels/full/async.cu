#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cuda/barrier>
#include <cuda_pipeline.h>

namespace cg = cooperative_groups;

/* Tiled matrix product whose tiles come by cp.async, two stages. Block (16, 16), n a multiple of 16. */
extern "C" __global__ void async_matmul(int n, const float* a, const float* b, float* c) {
    __shared__ float ta[2][16][16];
    __shared__ float tb[2][16][16];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
    __pipeline_memcpy_async(&ta[0][y][x], &a[row * n + x], 4);
    __pipeline_memcpy_async(&tb[0][y][x], &b[y * n + column], 4);
    __pipeline_commit();
    float sum = 0;
    for (int t = 0; t < n / 16; t++) {
        int next = (t + 1) * 16;
        if (next < n) {
            __pipeline_memcpy_async(&ta[(t + 1) & 1][y][x], &a[row * n + next + x], 4);
            __pipeline_memcpy_async(&tb[(t + 1) & 1][y][x], &b[(next + y) * n + column], 4);
        }
        __pipeline_commit();
        __pipeline_wait_prior(1);
        __syncthreads();
        for (int k = 0; k < 16; k++) sum += ta[t & 1][y][k] * tb[t & 1][k][x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}

/* Blocks of 64 floats by memcpy_async of a group: 16 bytes at a time. */
extern "C" __global__ void async_reverse(const float* in, float* out) {
    __shared__ __align__(16) float tile[64];
    cg::thread_block block = cg::this_thread_block();
    cg::memcpy_async(block, tile, in + blockIdx.x * 64, cuda::aligned_size_t<16>(256));
    cg::wait(block);
    out[blockIdx.x * 64 + threadIdx.x] = tile[63 - threadIdx.x];
}
