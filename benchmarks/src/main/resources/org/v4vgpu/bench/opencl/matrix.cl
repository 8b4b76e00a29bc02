// Products, stencils and the transpose of square fields, as stencil-demo/src/main/cuda and gpu-server's matmul.cu, stencil.cu and
// transpose.cu have them, word by word. matmul and jacobi are the demo's.

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

__kernel void matmul_naive(__global const float *a, __global const float *b, __global float *c, int n) {
  int row = get_global_id(1), column = get_global_id(0);
  if (row >= n || column >= n) return;
  float sum = 0;
  for (int k = 0; k < n; k++) sum += a[row * n + k] * b[k * n + column];
  c[row * n + column] = sum;
}

// The demo's product has the same lines.
__kernel void matmul_tiled(__global const float *a, __global const float *b, __global float *c, int n) {
  __local float tile_a[TILE][TILE];
  __local float tile_b[TILE][TILE];
  int tx = get_local_id(0), ty = get_local_id(1);
  int row = get_group_id(1) * TILE + ty, column = get_group_id(0) * TILE + tx;
  float sum = 0;
  for (int t = 0; t < (n + TILE - 1) / TILE; t++) {
    tile_a[ty][tx] = row < n && t * TILE + tx < n ? a[row * n + t * TILE + tx] : 0.0f;
    tile_b[ty][tx] = column < n && t * TILE + ty < n ? b[(t * TILE + ty) * n + column] : 0.0f;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int k = 0; k < TILE; k++) sum += tile_a[ty][k] * tile_b[k][tx];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row < n && column < n) c[row * n + column] = sum;
}

__kernel void jacobi_naive(__global const float *in, __global float *out, int w, int h) {
  int x = get_global_id(0), y = get_global_id(1);
  if (x > 0 && y > 0 && x < w - 1 && y < h - 1)
    out[y * w + x] = 0.25f * (in[y * w + x - 1] + in[y * w + x + 1] + in[(y - 1) * w + x] + in[(y + 1) * w + x]);
}

__kernel void jacobi_shared(__global const float *in, __global float *out, int w, int h) {
  __local float s[TILE + 2][TILE + 2];
  int lx = get_local_id(0), ly = get_local_id(1), tx = lx + 1, ty = ly + 1, x = get_global_id(0), y = get_global_id(1);
  s[ty][tx] = x < w && y < h ? in[y * w + x] : 0.0f;
  if (lx == 0) s[ty][0] = x > 0 && y < h ? in[y * w + x - 1] : 0.0f;
  if (lx == TILE - 1) s[ty][TILE + 1] = x + 1 < w && y < h ? in[y * w + x + 1] : 0.0f;
  if (ly == 0) s[0][tx] = y > 0 && x < w ? in[(y - 1) * w + x] : 0.0f;
  if (ly == TILE - 1) s[TILE + 1][tx] = y + 1 < h && x < w ? in[(y + 1) * w + x] : 0.0f;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (x > 0 && y > 0 && x < w - 1 && y < h - 1)
    out[y * w + x] = 0.25f * (s[ty][tx - 1] + s[ty][tx + 1] + s[ty - 1][tx] + s[ty + 1][tx]);
}

#define SIDE 32

__kernel void transpose(__global const float *in, __global float *out, int w, int h) {
  __local float t[SIDE][SIDE + 1];
  int lx = get_local_id(0), ly = get_local_id(1);
  int x = get_group_id(0) * SIDE + lx, y = get_group_id(1) * SIDE + ly;
  for (int j = 0; j < SIDE; j += 8)
    if (x < w && y + j < h) t[ly + j][lx] = in[(y + j) * w + x];
  barrier(CLK_LOCAL_MEM_FENCE);
  x = get_group_id(1) * SIDE + lx;
  y = get_group_id(0) * SIDE + ly;
  for (int j = 0; j < SIDE; j += 8)
    if (x < h && y + j < w) out[(y + j) * h + x] = t[lx][ly + j];
}
