#include <cooperative_groups.h>

namespace cg = cooperative_groups;

/* Rounds of a rotation of n = gridDim.x * blockDim.x values, with a barrier of the grid between reading and writing. */
extern "C" __global__ void grid_rotate(int* a, int* b, int rounds) {
    cg::grid_group grid = cg::this_grid();
    int n = gridDim.x * blockDim.x;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    for (int r = 0; r < rounds; r++) {
        b[i] = a[(i + blockDim.x + 1) % n];
        grid.sync();
        a[i] = b[i] + 1;
        grid.sync();
    }
}

/* Sums of tiles of a warp, and of a block made of warps. */
extern "C" __global__ void tile_sums(const int* in, int* out) {
    cg::thread_block block = cg::this_thread_block();
    cg::thread_block_tile<8> tile = cg::tiled_partition<8>(block);
    int value = in[block.thread_rank()];
    for (int d = tile.size() / 2; d > 0; d /= 2) value += tile.shfl_down(value, d);
    cg::coalesced_group active = cg::coalesced_threads();
    if (tile.thread_rank() == 0) out[block.thread_rank() / 8] = value + active.size();
}
