// C = A * B for square matrices, row by row. One block computes one tile of C: it walks along a row of tiles of A and down a
// column of tiles of B, and keeps the two tiles at hand in shared memory. Launch with blocks of TILE x TILE threads.
#define TILE 16

extern "C" __global__ void matmul(const float *a, const float *b, float *c, int n) {
  __shared__ float tileA[TILE][TILE];
  __shared__ float tileB[TILE][TILE];
  int x = threadIdx.x, y = threadIdx.y;
  int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
  float sum = 0;
  for (int t = 0; t < (n + TILE - 1) / TILE; t++) {
    int k = t * TILE;
    tileA[y][x] = row < n && k + x < n ? a[row * n + k + x] : 0.f;
    tileB[y][x] = column < n && k + y < n ? b[(k + y) * n + column] : 0.f;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < TILE; i++) sum += tileA[y][i] * tileB[i][x];
    __syncthreads();
  }
  if (row < n && column < n) c[row * n + column] = sum;
}
