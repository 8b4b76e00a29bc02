// What the CUDA kernels of `software` do, word by word: stencil-demo/src/main/cuda, gpu-server's reduce.cu and vecadd.cu, barriers.ptx.

#define TILE 16

__kernel void matmul(__global const float *a, __global const float *b, __global float *c, int n) {
  __local float tile_a[TILE][TILE];
  __local float tile_b[TILE][TILE];
  int tx = get_local_id(0), ty = get_local_id(1);
  int row = get_group_id(1) * TILE + ty, column = get_group_id(0) * TILE + tx;
  float sum = 0;
  for (int t = 0; t < (n + TILE - 1) / TILE; t++) {
    tile_a[ty][tx] = row < n && t * TILE + tx < n ? a[row * n + t * TILE + tx] : 0.0f;
    tile_b[ty][tx] = t * TILE + ty < n && column < n ? b[(t * TILE + ty) * n + column] : 0.0f;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int k = 0; k < TILE; k++) sum += tile_a[ty][k] * tile_b[k][tx];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row < n && column < n) c[row * n + column] = sum;
}

__kernel void jacobi(__global const float *in, __global float *out, int width, int height) {
  int x = get_global_id(0), y = get_global_id(1);
  if (x >= width || y >= height) return;
  int i = y * width + x;
  bool border = x == 0 || y == 0 || x == width - 1 || y == height - 1;
  out[i] = border ? in[i] : 0.25f * (in[i - 1] + in[i + 1] + in[i - width] + in[i + width]);
}

__kernel void vecadd(__global const float *a, __global const float *b, __global float *c, int n) {
  int i = get_global_id(0);
  if (i < n) c[i] = a[i] + b[i];
}

__kernel void reduce(__global const float *in, __global float *out, int n) {
  __local float sums[256];
  int t = get_local_id(0), threads = get_local_size(0), i = get_group_id(0) * threads * 2 + t;
  float v = i < n ? in[i] : 0.0f;
  if (i + threads < n) v += in[i + threads];
  sums[t] = v;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int s = threads / 2; s > 0; s >>= 1) {
    if (t < s) sums[t] += sums[t + s];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (t == 0) out[get_group_id(0)] = sums[0];
}

__kernel void ring(__global int *out, int rounds) {
  __local int values[256];
  int t = get_local_id(0), value = t;
  for (int i = 0; i < rounds; i++) {
    values[t] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    value = values[(t + 1) & 255] + 1;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  out[get_global_id(0)] = value;
}
