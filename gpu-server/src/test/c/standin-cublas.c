// A stand-in for libcublas, on the stand-in driver: every routine as its definition says, in plain loops. What it checks is how it is
// called: the handle and its context, the stream, whether scalars are where the pointer mode says, and every operand's extent, beyond
// which a GPU would fault. Not fast, and not careful about overflow.
//
//   STANDIN_FAIL=NAME=CODE@N    as in standin-cuda.c, with a cublasStatus_t
//   STANDIN_BLAS_VERSION=N      as cublasGetVersion; default 120605
//
//   gcc -shared -fPIC -O2 -o libcublas.so standin-cublas.c libcuda.so.1 -lm
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, NOT_INITIALIZED = 1, ALLOC_FAILED = 3, INVALID_VALUE = 7, MAPPING_ERROR = 11, EXECUTION_FAILED = 13 };
enum { ILLEGAL_ADDRESS = 700, MISALIGNED_ADDRESS = 716 };

int standin_injected(const char *name, int call);
void *standin_context(void), *standin_make_blas(void);
int standin_is_blas(void *handle), standin_is_stream(void *stream), standin_is_own(uint64_t address, uint64_t bytes);
void standin_drop_blas(void *handle), standin_fault(int error);
int cuMemAlloc_v2(uint64_t *address, size_t bytes), cuMemFree_v2(uint64_t address);

#define HANDLES 256
static struct handle {
  void *thing, *context, *stream;
  uint64_t workspace;
  int on_device, math, atomics;
} handles[HANDLES];

// What the latest operation ran with, for tests.
static void *last_stream;
static int last_math, last_atomics;
void *standin_blas_stream(void) { return last_stream; }
int standin_blas_modes(void) { return last_math * 2 + last_atomics; }

#define BEGIN(name) \
  static int calls; \
  int failure = standin_injected(#name, __sync_add_and_fetch(&calls, 1)); \
  if (failure) return failure

static struct handle *of(void *thing) {
  for (int i = 0; thing && i < HANDLES; i++) if (handles[i].thing == thing) return standin_is_blas(thing) ? &handles[i] : NULL;
  return NULL;
}

int cublasCreate_v2(void **handle) {
  BEGIN(cublasCreate_v2);
  void *context = standin_context();
  if (!context) return NOT_INITIALIZED;
  for (int i = 0; i < HANDLES; i++)
    if (!handles[i].thing) {
      uint64_t workspace;
      if (cuMemAlloc_v2(&workspace, 1 << 20)) return ALLOC_FAILED;
      handles[i] = (struct handle) {standin_make_blas(), context, NULL, workspace, 0, 0, 0};
      *handle = handles[i].thing;
      return OK;
    }
  return ALLOC_FAILED;
}
int cublasDestroy_v2(void *thing) {
  BEGIN(cublasDestroy_v2);
  struct handle *handle = of(thing);
  if (!handle) return NOT_INITIALIZED;
  if (standin_context() != handle->context) return MAPPING_ERROR;
  cuMemFree_v2(handle->workspace);
  standin_drop_blas(thing);
  *handle = (struct handle) {0};
  return OK;
}
int cublasGetVersion_v2(void *thing, int *version) {
  BEGIN(cublasGetVersion_v2);
  const char *text = getenv("STANDIN_BLAS_VERSION");
  *version = text ? atoi(text) : 120605;
  return of(thing) ? OK : NOT_INITIALIZED;
}
#define HANDLE(thing) struct handle *handle = of(thing); if (!handle) return NOT_INITIALIZED
int cublasSetStream_v2(void *thing, void *stream) {
  BEGIN(cublasSetStream_v2);
  HANDLE(thing);
  handle->stream = stream;
  return OK;
}
int cublasSetPointerMode_v2(void *thing, int mode) {
  BEGIN(cublasSetPointerMode_v2);
  HANDLE(thing);
  if (mode != 0 && mode != 1) return INVALID_VALUE;
  handle->on_device = mode;
  return OK;
}
int cublasSetMathMode(void *thing, int mode) {
  BEGIN(cublasSetMathMode);
  HANDLE(thing);
  if ((mode & ~16) < 0 || (mode & ~16) > 3) return INVALID_VALUE;
  handle->math = mode;
  return OK;
}
int cublasSetAtomicsMode(void *thing, int mode) {
  BEGIN(cublasSetAtomicsMode);
  HANDLE(thing);
  if (mode != 0 && mode != 1) return INVALID_VALUE;
  handle->atomics = mode;
  return OK;
}

// Before every operation.
static int enter(struct handle *handle) {
  if (standin_context() != handle->context) return EXECUTION_FAILED;
  if (!standin_is_stream(handle->stream)) return EXECUTION_FAILED;
  last_stream = handle->stream;
  last_math = handle->math;
  last_atomics = handle->atomics;
  return OK;
}
#define ENTER(thing) HANDLE(thing); int entered = enter(handle); if (entered) return entered

// What the GPU would find out: the call has returned well, and the context is broken.
#define FAULT { standin_fault(ILLEGAL_ADDRESS); return OK; }
#define OPERAND(pointer, elements) \
  if ((elements) > 0 && !standin_is_own((uint64_t) (pointer), (uint64_t) (elements) * sizeof *(pointer))) FAULT \
  if ((elements) > 0 && (uint64_t) (pointer) % sizeof *(pointer)) { standin_fault(MISALIGNED_ADDRESS); return OK; }
// A scalar on the wrong side: on the host nothing else is looked at, on the device the kernel faults.
#define SCALAR(pointer) \
  if (handle->on_device != standin_is_own((uint64_t) (pointer), sizeof *(pointer))) { if (handle->on_device) FAULT return EXECUTION_FAILED; }

static long extent(int n, int step) { return n <= 0 ? 0 : (n - 1L) * labs((long) step) + 1; }
static long spread(int rows, int columns, int leading) { return rows <= 0 || columns <= 0 ? 0 : (columns - 1L) * leading + rows; }
static long at(int i, int n, int step) { return step < 0 ? (n - 1L - i) * -step : (long) i * step; }
static int max1(int n) { return n > 1 ? n : 1; }

#define ROUTINES(T, P, p) \
int cublas##P##copy_v2(void *thing, int n, const T *x, int incx, T *y, int incy) { \
  BEGIN(cublas##P##copy_v2); ENTER(thing); \
  OPERAND(x, extent(n, incx)) OPERAND(y, extent(n, incy)) \
  for (int i = 0; i < n; i++) y[at(i, n, incy)] = x[at(i, n, incx)]; \
  return OK; \
} \
int cublas##P##swap_v2(void *thing, int n, T *x, int incx, T *y, int incy) { \
  BEGIN(cublas##P##swap_v2); ENTER(thing); \
  OPERAND(x, extent(n, incx)) OPERAND(y, extent(n, incy)) \
  for (int i = 0; i < n; i++) { T kept = x[at(i, n, incx)]; x[at(i, n, incx)] = y[at(i, n, incy)]; y[at(i, n, incy)] = kept; } \
  return OK; \
} \
int cublas##P##scal_v2(void *thing, int n, const T *alpha, T *x, int incx) { \
  BEGIN(cublas##P##scal_v2); ENTER(thing); SCALAR(alpha) \
  if (incx <= 0) return OK; \
  OPERAND(x, extent(n, incx)) \
  for (int i = 0; i < n; i++) x[at(i, n, incx)] *= *alpha; \
  return OK; \
} \
int cublas##P##axpy_v2(void *thing, int n, const T *alpha, const T *x, int incx, T *y, int incy) { \
  BEGIN(cublas##P##axpy_v2); ENTER(thing); SCALAR(alpha) \
  OPERAND(x, extent(n, incx)) OPERAND(y, extent(n, incy)) \
  for (int i = 0; i < n; i++) y[at(i, n, incy)] += *alpha * x[at(i, n, incx)]; \
  return OK; \
} \
int cublas##P##dot_v2(void *thing, int n, const T *x, int incx, const T *y, int incy, T *result) { \
  BEGIN(cublas##P##dot_v2); ENTER(thing); SCALAR(result) \
  OPERAND(x, extent(n, incx)) OPERAND(y, extent(n, incy)) \
  double sum = 0; \
  for (int i = 0; i < n; i++) sum += (double) x[at(i, n, incx)] * y[at(i, n, incy)]; \
  *result = sum; \
  return OK; \
} \
int cublas##P##nrm2_v2(void *thing, int n, const T *x, int incx, T *result) { \
  BEGIN(cublas##P##nrm2_v2); ENTER(thing); SCALAR(result) \
  double sum = 0; \
  if (incx > 0) { OPERAND(x, extent(n, incx)) for (int i = 0; i < n; i++) sum += (double) x[at(i, n, incx)] * x[at(i, n, incx)]; } \
  *result = sqrt(sum); \
  return OK; \
} \
int cublas##P##asum_v2(void *thing, int n, const T *x, int incx, T *result) { \
  BEGIN(cublas##P##asum_v2); ENTER(thing); SCALAR(result) \
  double sum = 0; \
  if (incx > 0) { OPERAND(x, extent(n, incx)) for (int i = 0; i < n; i++) sum += fabs(x[at(i, n, incx)]); } \
  *result = sum; \
  return OK; \
} \
int cublasI##p##amax_v2(void *thing, int n, const T *x, int incx, int *result) { \
  BEGIN(cublasI##p##amax_v2); ENTER(thing); SCALAR(result) \
  int largest = 0; \
  if (incx > 0) { \
    OPERAND(x, extent(n, incx)) \
    for (int i = 0; i < n; i++) if (!largest || fabs(x[at(i, n, incx)]) > fabs(x[at(largest - 1, n, incx)])) largest = i + 1; \
  } \
  *result = largest; \
  return OK; \
} \
int cublas##P##gemv_v2(void *thing, int trans, int m, int n, const T *alpha, const T *a, int lda, const T *x, int incx, \
                       const T *beta, T *y, int incy) { \
  BEGIN(cublas##P##gemv_v2); ENTER(thing); SCALAR(alpha) SCALAR(beta) \
  if (trans < 0 || trans > 2 || m < 0 || n < 0 || lda < max1(m) || !incx || !incy) return INVALID_VALUE; \
  if (!m || !n) return OK; \
  int outer = trans ? n : m, inner = trans ? m : n; \
  OPERAND(a, spread(m, n, lda)) OPERAND(x, extent(inner, incx)) OPERAND(y, extent(outer, incy)) \
  for (int i = 0; i < outer; i++) { \
    double sum = 0; \
    for (int j = 0; j < inner; j++) sum += (double) a[trans ? i * (long) lda + j : j * (long) lda + i] * x[at(j, inner, incx)]; \
    T *to = &y[at(i, outer, incy)]; \
    *to = *alpha * sum + (*beta == 0 ? 0 : *beta * *to); \
  } \
  return OK; \
} \
int cublas##P##ger_v2(void *thing, int m, int n, const T *alpha, const T *x, int incx, const T *y, int incy, T *a, int lda) { \
  BEGIN(cublas##P##ger_v2); ENTER(thing); SCALAR(alpha) \
  if (m < 0 || n < 0 || lda < max1(m) || !incx || !incy) return INVALID_VALUE; \
  if (!m || !n) return OK; \
  OPERAND(a, spread(m, n, lda)) OPERAND(x, extent(m, incx)) OPERAND(y, extent(n, incy)) \
  for (int j = 0; j < n; j++) for (int i = 0; i < m; i++) a[j * (long) lda + i] += *alpha * x[at(i, m, incx)] * y[at(j, n, incy)]; \
  return OK; \
} \
static T P##triangle(const T *a, int lda, int upper, int trans, int unit, int row, int column) { \
  int i = trans ? column : row, j = trans ? row : column; \
  if (i == j) return unit ? 1 : a[j * (long) lda + i]; \
  return (upper ? i < j : i > j) ? a[j * (long) lda + i] : 0; \
} \
int cublas##P##trmv_v2(void *thing, int uplo, int trans, int diag, int n, const T *a, int lda, T *x, int incx) { \
  BEGIN(cublas##P##trmv_v2); ENTER(thing); \
  if (uplo < 0 || uplo > 1 || trans < 0 || trans > 2 || diag < 0 || diag > 1 || n < 0 || lda < max1(n) || !incx) return INVALID_VALUE; \
  OPERAND(a, spread(n, n, lda)) OPERAND(x, extent(n, incx)) \
  double *sums = calloc(max1(n), sizeof *sums); \
  for (int i = 0; i < n; i++) \
    for (int j = 0; j < n; j++) sums[i] += (double) P##triangle(a, lda, uplo == 1, trans, diag, i, j) * x[at(j, n, incx)]; \
  for (int i = 0; i < n; i++) x[at(i, n, incx)] = sums[i]; \
  free(sums); \
  return OK; \
} \
int cublas##P##trsm_v2(void *thing, int side, int uplo, int trans, int diag, int m, int n, const T *alpha, const T *a, int lda, T *b, int ldb) { \
  BEGIN(cublas##P##trsm_v2); ENTER(thing); SCALAR(alpha) \
  int order = side ? n : m; \
  if (side < 0 || side > 1 || uplo < 0 || uplo > 1 || trans < 0 || trans > 2 || diag < 0 || diag > 1 || m < 0 || n < 0 \
      || lda < max1(order) || ldb < max1(m)) return INVALID_VALUE; \
  if (!m || !n) return OK; \
  OPERAND(a, spread(order, order, lda)) OPERAND(b, spread(m, n, ldb)) \
  /* op(A) is upper where A is upper and not transposed, or lower and transposed; on the right it is solved as its transpose. */ \
  int backwards = ((uplo == 1) != (trans != 0)) != (side == 1); \
  for (int line = 0; line < (side ? m : n); line++) \
    for (int step = 0; step < order; step++) { \
      int i = backwards ? order - 1 - step : step; \
      T *to = side ? &b[i * (long) ldb + line] : &b[line * (long) ldb + i]; \
      double value = (double) *alpha * *to; \
      for (int done = 0; done < step; done++) { \
        int j = backwards ? order - 1 - done : done; \
        double factor = side ? P##triangle(a, lda, uplo == 1, trans, diag, j, i) : P##triangle(a, lda, uplo == 1, trans, diag, i, j); \
        value -= factor * (side ? b[j * (long) ldb + line] : b[line * (long) ldb + j]); \
      } \
      *to = value / P##triangle(a, lda, uplo == 1, trans, diag, i, i); \
    } \
  return OK; \
} \
int cublas##P##geam(void *thing, int transa, int transb, int m, int n, const T *alpha, const T *a, int lda, const T *beta, \
                    const T *b, int ldb, T *c, int ldc) { \
  BEGIN(cublas##P##geam); ENTER(thing); SCALAR(alpha) SCALAR(beta) \
  if (transa < 0 || transa > 2 || transb < 0 || transb > 2 || m < 0 || n < 0 || lda < max1(transa ? n : m) \
      || ldb < max1(transb ? n : m) || ldc < max1(m)) return INVALID_VALUE; \
  if (*alpha != 0) { OPERAND(a, spread(transa ? n : m, transa ? m : n, lda)) } \
  if (*beta != 0) { OPERAND(b, spread(transb ? n : m, transb ? m : n, ldb)) } \
  OPERAND(c, spread(m, n, ldc)) \
  for (int j = 0; j < n; j++) for (int i = 0; i < m; i++) { \
    double sum = 0; \
    if (*alpha != 0) sum += *alpha * (double) a[transa ? i * (long) lda + j : j * (long) lda + i]; \
    if (*beta != 0) sum += *beta * (double) b[transb ? i * (long) ldb + j : j * (long) ldb + i]; \
    c[j * (long) ldc + i] = sum; \
  } \
  return OK; \
} \
static int P##product(int ta, int tb, int m, int n, int k, T alpha, const T *a, int lda, const T *b, int ldb, T beta, T *c, int ldc) { \
  if (ta < 0 || ta > 2 || tb < 0 || tb > 2 || m < 0 || n < 0 || k < 0 || lda < max1(ta ? k : m) || ldb < max1(tb ? n : k) \
      || ldc < max1(m)) return INVALID_VALUE; \
  if (!m || !n) return OK; \
  if (k && alpha != 0) { OPERAND(a, spread(ta ? k : m, ta ? m : k, lda)) OPERAND(b, spread(tb ? n : k, tb ? k : n, ldb)) } \
  OPERAND(c, spread(m, n, ldc)) \
  for (int j = 0; j < n; j++) for (int i = 0; i < m; i++) { \
    double sum = 0; \
    for (int l = 0; alpha != 0 && l < k; l++) \
      sum += (double) a[ta ? i * (long) lda + l : l * (long) lda + i] * b[tb ? l * (long) ldb + j : j * (long) ldb + l]; \
    T *to = &c[j * (long) ldc + i]; \
    *to = alpha * sum + (beta == 0 ? 0 : beta * *to); \
  } \
  return OK; \
} \
int cublas##P##gemm_v2(void *thing, int ta, int tb, int m, int n, int k, const T *alpha, const T *a, int lda, const T *b, int ldb, \
                       const T *beta, T *c, int ldc) { \
  BEGIN(cublas##P##gemm_v2); ENTER(thing); SCALAR(alpha) SCALAR(beta) \
  return P##product(ta, tb, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc); \
} \
int cublas##P##gemmBatched(void *thing, int ta, int tb, int m, int n, int k, const T *alpha, const T *const a[], int lda, \
                           const T *const b[], int ldb, const T *beta, T *const c[], int ldc, int count) { \
  BEGIN(cublas##P##gemmBatched); ENTER(thing); SCALAR(alpha) SCALAR(beta) \
  if (count < 0) return INVALID_VALUE; \
  OPERAND(a, m && n ? count : 0) OPERAND(b, m && n ? count : 0) OPERAND(c, m && n ? count : 0) \
  for (int i = 0; m && n && i < count; i++) { \
    int result = P##product(ta, tb, m, n, k, *alpha, a[i], lda, b[i], ldb, *beta, c[i], ldc); \
    if (result) return result; \
  } \
  return OK; \
} \
int cublas##P##gemmStridedBatched(void *thing, int ta, int tb, int m, int n, int k, const T *alpha, const T *a, int lda, long long sa, \
                                  const T *b, int ldb, long long sb, const T *beta, T *c, int ldc, long long sc, int count) { \
  BEGIN(cublas##P##gemmStridedBatched); ENTER(thing); SCALAR(alpha) SCALAR(beta) \
  if (count < 0) return INVALID_VALUE; \
  for (int i = 0; i < count; i++) { \
    int result = P##product(ta, tb, m, n, k, *alpha, a + i * sa, lda, b + i * sb, ldb, *beta, c + i * sc, ldc); \
    if (result) return result; \
  } \
  return OK; \
}

ROUTINES(float, S, s)
ROUTINES(double, D, d)
