/* A lock that every thread takes: *sum is not atomic. */
extern "C" __global__ void spin_lock(int* lock, int* sum, int times) {
    for (int i = 0; i < times; i++) {
        bool done = false;
        while (!done) {
            if (atomicCAS(lock, 0, 1) == 0) {
                *(volatile int*) sum += 1;
                __threadfence();
                atomicExch(lock, 0);
                done = true;
            }
        }
    }
}

/* The first thread of a block waits for the block before it. */
extern "C" __global__ void chain(volatile int* flags, int* out) {
    __shared__ int before;
    int block = gridDim.x - 1 - blockIdx.x;
    if (threadIdx.x == 0) {
        if (block > 0) {
            while (flags[block - 1] == 0) {}
        }
        __threadfence();
        before = block == 0 ? 0 : flags[block - 1];
        flags[block] = before + 1;
    }
    __syncthreads();
    out[block * blockDim.x + threadIdx.x] = before;
}

/* Written for warps whose lanes run in step: no barrier among the last 32. */
extern "C" __global__ void warp_reduce(const int* in, int* out) {
    __shared__ int s[256];
    int t = threadIdx.x;
    s[t] = in[blockIdx.x * 256 + t];
    __syncthreads();
    for (int d = 128; d > 32; d /= 2) {
        if (t < d) s[t] += s[t + d];
        __syncthreads();
    }
    if (t < 32) {
        volatile int* v = s;
        v[t] += v[t + 32];
        v[t] += v[t + 16];
        v[t] += v[t + 8];
        v[t] += v[t + 4];
        v[t] += v[t + 2];
        v[t] += v[t + 1];
    }
    if (t == 0) out[blockIdx.x] = s[0];
}
