#include <cuda_bf16.h>
#include <cuda_fp16.h>

/* y = a x + y in half precision, two at a time; then what __half and bfloat16 functions are made of. */
extern "C" __global__ void haxpy(int n, __half2 a, const __half2* x, __half2* y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = __hfma2(a, x[i], y[i]);
}

extern "C" __global__ void halfmix(int n, const float* in, float* out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    __half h = __float2half(in[i]);
    __half2 p = __halves2half2(h, __hneg(h));
    __nv_bfloat16 b = __float2bfloat16(in[i]);
    float sum = __half2float(__hadd(h, __hmul(h, h)));
    sum += __low2float(__hmax2(p, __float2half2_rn(0.5f))) * 2.0f;
    sum += __bfloat162float(__hfma(b, b, b));
    sum += __hlt(h, __float2half(1.0f)) ? 100.0f : 0.0f;
    sum += (float) __half2int_rz(h);
    out[i] = sum;
}

extern "C" __global__ void halfatomic(int n, __half2* sum, const __half2* x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(sum, x[i]);
}
