#include <cuda/barrier>

/* Each thread passes its value on by shared memory, ordered by a barrier object alone. */
extern "C" __global__ void barrier_ring(int rounds, int* out) {
    #pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ cuda::barrier<cuda::thread_scope_block> ready;
    __shared__ int values[256];
    int t = threadIdx.x;
    if (t == 0) init(&ready, blockDim.x);
    __syncthreads();
    int value = t;
    for (int i = 0; i < rounds; i++) {
        values[t] = value;
        ready.arrive_and_wait();
        value = values[(t + 1) % blockDim.x] + 1;
        ready.arrive_and_wait();
    }
    out[blockIdx.x * blockDim.x + t] = value;
}
