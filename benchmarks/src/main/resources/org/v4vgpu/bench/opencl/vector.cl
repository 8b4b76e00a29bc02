// Vectors, their sums, histograms and maxima, as gpu-server's vecadd.cu, daxpy.cu, reduce.cu and histogram.cu have them, and barriers.ptx.
// Where CUDA has shuffles of a warp and atomic additions of floats, OpenCL 1.2 has neither: local memory and compare-and-swap do the same.

__kernel void vecadd(__global const float *a, __global const float *b, __global float *c, int n) {
  int i = get_global_id(0);
  if (i < n) c[i] = a[i] + b[i];
}

__kernel void vec4scale(__global const float4 *x, __global float4 *y, float s, int n) {
  int i = get_global_id(0);
  if (i < n) y[i] = x[i] * s;
}

#pragma OPENCL EXTENSION cl_khr_fp64 : enable

__kernel void daxpy(int n, double a, __global const double *x, __global double *y) {
  for (long i = get_global_id(0); i < n; i += get_global_size(0)) y[i] = fma(a, x[i], y[i]);
}

__kernel void dmath(__global const double *x, __global double *y, int n) {
  int i = get_global_id(0);
  if (i < n) y[i] = sqrt(x[i]) / (1.0 + fabs(x[i])) + exp(-x[i]);
}

__kernel void reduce_sync(__global const float *in, __global float *out, int n) {
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

__kernel void reduce_shfl(__global const float *in, __global float *out, int n) {
  __local float v[256];
  int t = get_local_id(0), lane = t & 31;
  float sum = 0;
  for (int i = get_global_id(0); i < n; i += get_global_size(0)) sum += in[i];
  v[t] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int o = 16; o > 0; o >>= 1) {
    if (lane < o) v[t] += v[t + o];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (t == 0) {
    float total = 0;
    for (int warp = 0; warp < get_local_size(0); warp += 32) total += v[warp];
    volatile __global int *place = (volatile __global int *)out;
    int old = *place, seen;
    do {
      seen = old;
      old = atomic_cmpxchg(place, seen, as_int(as_float(seen) + total));
    } while (old != seen);
  }
}

__kernel void hist_global(__global const uchar *d, volatile __global uint *h, int n) {
  for (int i = get_global_id(0); i < n; i += get_global_size(0)) atomic_inc(&h[d[i]]);
}

__kernel void hist_shared(__global const uchar *d, volatile __global uint *h, int n) {
  volatile __local uint s[256];
  for (int i = get_local_id(0); i < 256; i += get_local_size(0)) s[i] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = get_global_id(0); i < n; i += get_global_size(0)) atomic_inc(&s[d[i]]);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = get_local_id(0); i < 256; i += get_local_size(0))
    if (s[i]) atomic_add(&h[i], s[i]);
}

__kernel void cas_max(__global const float *d, volatile __global int *a, int n) {
  int i = get_global_id(0);
  if (i >= n) return;
  int old = *a, seen;
  do {
    seen = old;
    if (as_float(seen) >= d[i]) break;
    old = atomic_cmpxchg(a, seen, as_int(d[i]));
  } while (old != seen);
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
