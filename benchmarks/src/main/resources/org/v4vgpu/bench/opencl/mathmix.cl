// As gpu-server's mandelbrot.cu and mathmix.cu, without devfunc.cu, whose recursion OpenCL C does not have.

// Fused where the PTX is and nowhere else, so that iterations are the same.
__kernel void mandel(__global int *out, int w, int h, float x0, float y0, float dx, float dy, int maxit) {
#pragma OPENCL FP_CONTRACT OFF
  int px = get_global_id(0), py = get_global_id(1);
  if (px >= w || py >= h) return;
  float cx = fma((float)px, dx, x0), cy = fma((float)py, dy, y0), x = 0, y = 0;
  int it = 0;
  while (it < maxit && x * x + y * y < 4.0f) {
    float next = cx + (x * x - y * y);
    y = fma(x + x, y, cy);
    x = next;
    it++;
  }
  out[py * w + px] = it;
}

__kernel void nbody(__global const float4 *p, __global float4 *a, int n) {
  __local float4 sp[256];
  int t = get_local_id(0), threads = get_local_size(0), i = get_global_id(0);
  float4 me = i < n ? p[i] : (float4)(0.0f);
  float3 s = (float3)(0.0f);
  for (int tile = 0; tile < n; tile += threads) {
    sp[t] = tile + t < n ? p[tile + t] : (float4)(0.0f);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < threads; k++) {
      float dx = sp[k].x - me.x, dy = sp[k].y - me.y, dz = sp[k].z - me.z;
      float r = rsqrt(dx * dx + dy * dy + dz * dz + 1e-4f);
      float f = sp[k].w * r * r * r;
      s.x += f * dx;
      s.y += f * dy;
      s.z += f * dz;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (i < n) a[i] = (float4)(s.x, s.y, s.z, 0.0f);
}

__kernel void fastmath(__global const float *x, __global float *y, int n) {
  int i = get_global_id(0);
  if (i < n)
    y[i] = native_sin(x[i]) + native_exp(x[i]) + native_log(fabs(x[i]) + 1) + sin(x[i]) * pow(fabs(x[i]), 1.5f) + x[i] / 3.7f +
           sqrt(fabs(x[i])) + native_divide(1.0f, x[i] + 2.0f);
}

// OpenCL 1.2 has no warps: 32 threads look at each other's values in local memory, and count odd threads by an atomic.
__kernel void votes(__global const int *x, __global uint *y, int n) {
  __local int values[256];
  volatile __local int odd;
  int t = get_local_id(0), i = get_global_id(0), first = t & ~31;
  values[t] = i < n ? x[i] : 0;
  if (t == 0) odd = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  uint m = 0, any = 0, all = 1;
  for (int lane = 0; lane < 32; lane++) {
    int v = values[first + lane];
    m |= (uint)(v > 0) << lane;
    any |= v < 0;
    all &= v != 0;
  }
  if (i & 1) atomic_inc(&odd);
  barrier(CLK_LOCAL_MEM_FENCE);
  uint reversed = m, active = 0xFFFFFFFFu;
  reversed = reversed >> 1 & 0x55555555u | (reversed & 0x55555555u) << 1;
  reversed = reversed >> 2 & 0x33333333u | (reversed & 0x33333333u) << 2;
  reversed = reversed >> 4 & 0x0F0F0F0Fu | (reversed & 0x0F0F0F0Fu) << 4;
  reversed = reversed >> 8 & 0x00FF00FFu | (reversed & 0x00FF00FFu) << 8;
  reversed = reversed >> 16 | reversed << 16;
  uint lowest = m == 0 ? 0 : 32 - clz(m & -m);
  if (i < n) y[i] = m + any * 2 + all * 4 + active + (i ^ 1) + popcount(m) + lowest + clz(m) + reversed + odd + m;
}
