// One Jacobi iteration of the heat equation: every inner cell becomes the mean of its four neighbours, the border keeps its
// temperature. Launch with any two-dimensional block; cells beyond the field are left alone.
extern "C" __global__ void jacobi(const float *in, float *out, int width, int height) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int i = y * width + x;
  bool border = x == 0 || y == 0 || x == width - 1 || y == height - 1;
  out[i] = border ? in[i] : 0.25f * (in[i - 1] + in[i + 1] + in[i - width] + in[i + width]);
}
