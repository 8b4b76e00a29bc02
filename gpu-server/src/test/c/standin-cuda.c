// A stand-in for libcuda.so.1, for tests of what calls it on machines without a GPU. It is no device: memory is the host's, streams
// run at once, and the few kernels below are C functions. What it does check is how it is called: handles, the current context,
// registered memory, and what is still there at the end.
//
//   STANDIN_MEMORY=BYTES       what the device has; default 64 MiB
//   STANDIN_DEVICES=N          default 1
//   STANDIN_VERSION=N          as cuDriverGetVersion; default 13000
//   STANDIN_PAGEABLE=1         asynchronous copies may be from and to any memory; default is registered memory only
//   STANDIN_DMA_MICROS=N       copies from and to registered memory are done later, one after the other, each after so long
//   STANDIN_FAIL=NAME=CODE@N   the Nth call of that function (from 1) and all later ones answer CODE; several with commas
//
//   gcc -shared -fPIC -O2 -pthread -o libcuda.so.1 standin-cuda.c
#define _GNU_SOURCE
#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
       INVALID_CONTEXT = 201, INVALID_PTX = 218, UNSUPPORTED_PTX_VERSION = 222, INVALID_HANDLE = 400, NOT_FOUND = 500,
       NOT_READY = 600, ILLEGAL_ADDRESS = 700, ALREADY_REGISTERED = 712, NOT_REGISTERED = 713, NOT_SUPPORTED = 801 };

enum kind { CONTEXT, STREAM, EVENT, MODULE, FUNCTION, MEMORY, REGISTRATION, CUBLAS, POOL, RESERVE, KINDS };
static const char *kind_names[] = {"context", "stream", "event", "module", "function", "memory", "registration", "cublas", "pool", "reserve"};

// Everything that has a handle is in one list, with the context that owns it.
struct thing {
  enum kind kind;
  struct thing *next, *owner;
  uint64_t address, bytes;      // memory and registrations
  unsigned flags;               // streams: 1 is non-blocking
  volatile int *until;          // streams and events: busy while this is 0
  int64_t nanos;                // events: when they were recorded, 0 if never
  struct thing *pool, *freed_in; // memory of a pool; reserve: what was freed, in which stream
  int error;                    // contexts: what broke them
  struct thing *null_stream;    // contexts
  char *text;                   // modules
  char name[128];               // functions and variables
  int parameters, offsets[64], sizes[64], dynamic;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct thing *things;
static int counts[KINDS];
static uint64_t used;
static int initialized;
static __thread struct thing *stack[16];
static __thread int depth;

#define BEGIN(name) \
  static int calls; \
  int failure = injected(#name, __sync_add_and_fetch(&calls, 1)); \
  if (failure) return failure

static int injected(const char *name, int call) {
  const char *text = getenv("STANDIN_FAIL");
  size_t length = strlen(name);
  for (; text && *text; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL) {
    if (!strncmp(text, name, length) && text[length] == '=') {
      int code = atoi(text + length + 1), from = 1;
      const char *at = strchr(text + length, '@'), *end = strchr(text, ',');
      if (at && (!end || at < end)) from = atoi(at + 1);
      if (call >= from) return code;
    }
  }
  return OK;
}

static long setting(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}

static struct thing *make(enum kind kind, struct thing *owner) {
  struct thing *made = calloc(1, sizeof *made);
  made->kind = kind;
  made->owner = owner;
  made->next = things;
  things = made;
  counts[kind]++;
  return made;
}

static struct thing *find(enum kind kind, const void *handle) {
  for (struct thing *each = things; each; each = each->next)
    if (each == handle && each->kind == kind) return each;
  return NULL;
}

// The range of device memory or of registered memory that a range lies in.
static struct thing *range(enum kind kind, uint64_t address, uint64_t bytes) {
  for (struct thing *each = things; each; each = each->next)
    if (each->kind == kind && address >= each->address && address - each->address <= each->bytes
        && bytes <= each->bytes - (address - each->address)) return each;
  return NULL;
}

static void drop(struct thing *gone) {
  struct thing **at = &things;
  while (*at != gone) at = &(*at)->next;
  *at = gone->next;
  counts[gone->kind]--;
  if (gone->kind == MEMORY || gone->kind == RESERVE) { used -= gone->bytes; free((void *) gone->address); }
  free(gone->text);
  free(gone);
}

static struct thing *current(void) { return depth ? stack[depth - 1] : NULL; }

static int usable(void) {
  struct thing *context = current();
  if (!initialized) return NOT_INITIALIZED;
  if (!context || !find(CONTEXT, context)) return INVALID_CONTEXT;
  return context->error;
}

// A stream of the current context; 0 is its default stream. NULL for what is none.
static struct thing *stream_of(void *handle) {
  struct thing *stream = handle ? find(STREAM, handle) : current()->null_stream;
  return stream && stream->owner == current() ? stream : NULL;
}

static int is_busy(struct thing *thing) { return thing->until && *thing->until == 0; }

// What a new operation in a stream waits for: the stream's own work, and what the default stream orders it behind.
static volatile int *busy_before(struct thing *stream) {
  if (is_busy(stream)) return stream->until;
  struct thing *null_stream = stream->owner->null_stream;
  if (stream != null_stream) return !(stream->flags & 1) && is_busy(null_stream) ? null_stream->until : NULL;
  for (struct thing *each = things; each; each = each->next)
    if (each->kind == STREAM && each->owner == stream->owner && !(each->flags & 1) && is_busy(each)) return each->until;
  return NULL;
}

// Copies that are not done yet: what the engine for DMA has. Whatever else is called waits for them, as a stream would.
struct dma { uint64_t to, from; size_t bytes; volatile int *done, *after; struct dma *next; };
static struct dma *dma_first;
static volatile int dma_count, dma_held;
static long dma_micros = -1;
static void *dma_engine(void *unused) {
  for (;;) {
    pthread_mutex_lock(&lock);
    struct dma *first = dma_first;
    int ready = first && !dma_held && !(first->after && *first->after == 0);
    if (ready && dma_micros > 0) { pthread_mutex_unlock(&lock); usleep(dma_micros); pthread_mutex_lock(&lock); }
    if (ready) {
      memmove((void *) first->to, (void *) first->from, first->bytes);
      *first->done = 1;
      dma_first = first->next;
      dma_count--;
      free(first);
    }
    pthread_mutex_unlock(&lock);
    if (!ready) usleep(100);
  }
  return unused;
}
// With the lock held.
static void dma_begin(struct thing *stream, uint64_t to, uint64_t from, size_t bytes) {
  static int runs;
  struct dma *dma = malloc(sizeof *dma), **end = &dma_first;
  *dma = (struct dma) {to, from, bytes, calloc(1, sizeof(int)), stream->until, NULL};
  while (*end) end = &(*end)->next;
  *end = dma;
  dma_count++;
  stream->until = dma->done;
  pthread_t thread;
  if (!runs++) { pthread_create(&thread, NULL, dma_engine, NULL); pthread_detach(thread); }
}
static void dma_settle(void) { while (dma_count) usleep(50); }
// Copies wait from now on, and for nothing but the end of this.
void standin_hold_dma(int held) { pthread_mutex_lock(&lock); dma_held = held; pthread_mutex_unlock(&lock); }
int standin_waiting_dma(void) { return dma_count; }

#define LOCKED(...) do { pthread_mutex_lock(&lock); int result = OK; do { __VA_ARGS__ } while (0); pthread_mutex_unlock(&lock); return result; } while (0)
#define FAIL(code) { result = (code); break; }
#define USABLE { int broken = usable(); if (broken) FAIL(broken) }

// ---- what tests ask

int standin_count(int kind) { pthread_mutex_lock(&lock); int count = counts[kind]; pthread_mutex_unlock(&lock); return count; }
const char *standin_kind(int kind) { return kind < KINDS ? kind_names[kind] : NULL; }

// ---- what the stand-in for libcublas asks

int standin_injected(const char *name, int call) { return injected(name, call); }
void *standin_context(void) { dma_settle(); pthread_mutex_lock(&lock); void *context = usable() ? NULL : current(); pthread_mutex_unlock(&lock); return context; }
void *standin_make_blas(void) { pthread_mutex_lock(&lock); void *made = make(CUBLAS, current()); pthread_mutex_unlock(&lock); return made; }
int standin_is_blas(void *handle) { pthread_mutex_lock(&lock); int found = find(CUBLAS, handle) != NULL; pthread_mutex_unlock(&lock); return found; }
void standin_drop_blas(void *handle) { pthread_mutex_lock(&lock); drop(handle); pthread_mutex_unlock(&lock); }
int standin_is_stream(void *handle) { pthread_mutex_lock(&lock); int found = current() && stream_of(handle); pthread_mutex_unlock(&lock); return found; }
int standin_is_own(uint64_t address, uint64_t bytes) {
  pthread_mutex_lock(&lock);
  struct thing *memory = range(MEMORY, address, bytes);
  int own = memory && memory->owner == current();
  pthread_mutex_unlock(&lock);
  return own;
}
void standin_fault(int error) { pthread_mutex_lock(&lock); if (current()) current()->error = error; pthread_mutex_unlock(&lock); }

// ---- driver and devices

int cuInit(unsigned flags) {
  BEGIN(cuInit);
  if (setting("STANDIN_DEVICES", 1) == 0) return NO_DEVICE;
  initialized = 1;
  dma_micros = setting("STANDIN_DMA_MICROS", -1);
  return flags ? INVALID_VALUE : OK;
}
int cuDriverGetVersion(int *version) { BEGIN(cuDriverGetVersion); *version = setting("STANDIN_VERSION", 13000); return OK; }
int cuDeviceGetCount(int *count) { BEGIN(cuDeviceGetCount); *count = setting("STANDIN_DEVICES", 1); return initialized ? OK : NOT_INITIALIZED; }
int cuDeviceGet(int *device, int ordinal) {
  BEGIN(cuDeviceGet);
  if (ordinal < 0 || ordinal >= setting("STANDIN_DEVICES", 1)) return INVALID_DEVICE;
  *device = ordinal;
  return OK;
}
int cuDeviceGetName(char *name, int length, int device) {
  BEGIN(cuDeviceGetName);
  snprintf(name, length, "stand-in driver, no GPU (%d)", device);
  return OK;
}
int cuDeviceGetUuid_v2(char *uuid, int device) { BEGIN(cuDeviceGetUuid_v2); for (int i = 0; i < 16; i++) uuid[i] = i + device; return OK; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { BEGIN(cuDeviceTotalMem_v2); *bytes = setting("STANDIN_MEMORY", 64 << 20); return OK; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  BEGIN(cuDeviceGetAttribute);
  static const int table[][2] = {{1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 0x7fffffff}, {6, 65535}, {7, 65535},
    {8, 49152}, {10, 32}, {12, 65536}, {16, 1}, {19, 1}, {41, 1}, {75, 9}, {76, 0}, {83, 1}, {97, 232448}, {115, 1}};
  if (attribute < 1 || attribute > 140) return INVALID_VALUE;
  *value = 0;
  for (unsigned i = 0; i < sizeof table / sizeof *table; i++) if (table[i][0] == attribute) *value = table[i][1];
  return OK;
}
int cuDeviceComputeCapability(int *major, int *minor, int device) { *major = 9; *minor = 0; return OK; }

// ---- contexts

int cuCtxCreate_v2(struct thing **context, unsigned flags, int device) {
  BEGIN(cuCtxCreate_v2);
  if (!initialized) return NOT_INITIALIZED;
  LOCKED({
    *context = make(CONTEXT, NULL);
    (*context)->null_stream = make(STREAM, *context);
    stack[depth++] = *context;
  });
}
int cuCtxPopCurrent_v2(struct thing **context) {
  BEGIN(cuCtxPopCurrent_v2);
  if (!depth) return INVALID_CONTEXT;
  *context = stack[--depth];
  return OK;
}
int cuCtxPushCurrent_v2(struct thing *context) { stack[depth++] = context; return OK; }
int cuCtxGetCurrent(struct thing **context) { *context = current(); return OK; }
int cuCtxSetCurrent(struct thing *context) {
  BEGIN(cuCtxSetCurrent);
  LOCKED({
    if (context && !find(CONTEXT, context)) FAIL(INVALID_CONTEXT)
    if (!depth) depth = 1;
    stack[depth - 1] = context;
  });
}
// What a pool gave stays, unless the context is broken and could not have freed it.
int cuCtxDestroy_v2(struct thing *context) {
  dma_settle();
  BEGIN(cuCtxDestroy_v2);
  LOCKED({
    if (!find(CONTEXT, context)) FAIL(INVALID_CONTEXT)
    for (struct thing *each = things, *next; each; each = next) {
      next = each->next;
      if (each->owner == context && (!each->pool || context->error)) { drop(each); next = things; }
    }
    drop(context);
  });
}
static int synchronized;
int standin_synchronized(void) { return synchronized; }
int cuCtxSynchronize(void) { dma_settle(); BEGIN(cuCtxSynchronize); synchronized++; LOCKED({ USABLE }); }
int cuCtxGetLimit(size_t *value, int limit) {
  BEGIN(cuCtxGetLimit);
  LOCKED({ USABLE *value = limit == 0 ? 1024 : 1 << 20; });
}
int cuCtxSetLimit(int limit, size_t value) { BEGIN(cuCtxSetLimit); LOCKED({ USABLE }); }

// ---- memory

int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  BEGIN(cuMemAlloc_v2);
  LOCKED({
    USABLE
    if (!bytes) FAIL(INVALID_VALUE)
    uint64_t total = setting("STANDIN_MEMORY", 64 << 20);
    uint64_t rounded = (bytes + 511) / 512 * 512;
    if (rounded < bytes || rounded > total - used) FAIL(OUT_OF_MEMORY)
    struct thing *memory = make(MEMORY, current());
    memory->address = (uint64_t) aligned_alloc(512, rounded);
    memory->bytes = rounded;
    used += rounded;
    *address = memory->address;
  });
}
int cuMemFree_v2(uint64_t address) {
  dma_settle();
  BEGIN(cuMemFree_v2);
  LOCKED({
    USABLE
    struct thing *memory = range(MEMORY, address, 1);
    if (!memory || memory->address != address || memory->owner != current()) FAIL(INVALID_VALUE)
    drop(memory);
  });
}

// Pools: what is freed in a stream is there at once for that stream, for others when the stream has come there, and for all when it is trimmed.
static void set_kind(struct thing *thing, enum kind kind) { counts[thing->kind]--; counts[kind]++; thing->kind = kind; }
int cuMemPoolCreate(struct thing **pool, const int *properties) {
  BEGIN(cuMemPoolCreate);
  LOCKED({
    USABLE
    if (properties[0] != 1 || properties[1] || properties[2] != 1 || properties[3] >= setting("STANDIN_DEVICES", 1)) FAIL(INVALID_VALUE)
    for (int i = 4; i < 22; i++) if (properties[i]) FAIL(INVALID_VALUE)
    if (!result) *pool = make(POOL, NULL);
  });
}
int cuMemAllocFromPoolAsync(uint64_t *address, size_t bytes, struct thing *pool, void *handle) {
  BEGIN(cuMemAllocFromPoolAsync);
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    if (!stream || !find(POOL, pool)) FAIL(INVALID_HANDLE)
    if (!bytes) FAIL(INVALID_VALUE)
    uint64_t total = setting("STANDIN_MEMORY", 64 << 20);
    uint64_t rounded = (bytes + 511) / 512 * 512;
    if (rounded < bytes) FAIL(OUT_OF_MEMORY)
    struct thing *found = NULL;
    for (struct thing *each = things; each; each = each->next)
      if (each->kind == RESERVE && each->pool == pool && each->bytes == rounded && (each->freed_in == stream || !is_busy(each))) found = each;
    if (found) {
      set_kind(found, MEMORY);
      found->owner = current();
    } else {
      if (rounded > total - used) FAIL(OUT_OF_MEMORY)
      found = make(MEMORY, current());
      found->address = (uint64_t) aligned_alloc(512, rounded);
      found->bytes = rounded;
      found->pool = pool;
      used += rounded;
    }
    found->until = NULL;
    *address = found->address;
  });
}
int cuMemFreeAsync(uint64_t address, void *handle) {
  BEGIN(cuMemFreeAsync);
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    struct thing *memory = range(MEMORY, address, 1);
    if (!stream) FAIL(INVALID_HANDLE)
    if (!memory || memory->address != address || memory->owner != current() || !memory->pool) FAIL(INVALID_VALUE)
    set_kind(memory, RESERVE);
    memory->freed_in = stream;
    memory->until = busy_before(stream);
  });
}
static void trim(struct thing *pool) {
  for (struct thing *each = things, *next; each; each = next) {
    next = each->next;
    if (each->kind == RESERVE && each->pool == pool && !is_busy(each)) { drop(each); next = things; }
  }
}
int cuMemPoolTrimTo(struct thing *pool, size_t least) {
  BEGIN(cuMemPoolTrimTo);
  LOCKED({ USABLE if (!find(POOL, pool)) FAIL(INVALID_HANDLE) trim(pool); });
}
int cuMemPoolDestroy(struct thing *pool) {
  BEGIN(cuMemPoolDestroy);
  LOCKED({ if (!find(POOL, pool)) FAIL(INVALID_HANDLE) trim(pool); drop(pool); });
}
int cuMemGetInfo_v2(size_t *free, size_t *total) {
  BEGIN(cuMemGetInfo_v2);
  LOCKED({ USABLE *total = setting("STANDIN_MEMORY", 64 << 20); *free = *total - used; });
}
int cuMemHostRegister_v2(void *address, size_t bytes, unsigned flags) {
  BEGIN(cuMemHostRegister_v2);
  LOCKED({
    USABLE
    if ((uint64_t) address % 4096 || !bytes) FAIL(INVALID_VALUE)
    for (struct thing *each = things; each; each = each->next)
      if (each->kind == REGISTRATION && (uint64_t) address < each->address + each->bytes
          && each->address < (uint64_t) address + bytes) FAIL(ALREADY_REGISTERED)
    if (result) break;
    struct thing *made = make(REGISTRATION, current());
    made->address = (uint64_t) address;
    made->bytes = bytes;
  });
}
int cuMemHostUnregister(void *address) {
  dma_settle();
  BEGIN(cuMemHostUnregister);
  LOCKED({
    USABLE
    struct thing *found = range(REGISTRATION, (uint64_t) address, 1);
    if (!found || found->address != (uint64_t) address) FAIL(NOT_REGISTERED)
    drop(found);
  });
}
int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) { *address = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096); return OK; }
int cuMemAllocHost_v2(void **address, size_t bytes) { return cuMemHostAlloc(address, bytes, 0); }
int cuMemFreeHost(void *address) { free(address); return OK; }

static int move(uint64_t to, uint64_t from, size_t bytes, int device_to, int device_from, void *handle) {
  if (device_to == device_from) dma_settle();
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    if (!stream) FAIL(INVALID_HANDLE)
    struct thing *into = device_to ? range(MEMORY, to, bytes) : NULL;
    struct thing *out_of = device_from ? range(MEMORY, from, bytes) : NULL;
    if ((device_to && (!into || into->owner != current())) || (device_from && (!out_of || out_of->owner != current()))) FAIL(INVALID_VALUE)
    if (device_to != device_from && (dma_held || dma_micros >= 0)) dma_begin(stream, to, from, bytes);
    else memmove((void *) to, (void *) from, bytes);
  });
}
// Asynchronous copies are to be DMA: from and to registered memory only.
static int is_registered(uint64_t address, size_t bytes) {
  pthread_mutex_lock(&lock);
  int found = range(REGISTRATION, address, bytes) != NULL || setting("STANDIN_PAGEABLE", 0);
  pthread_mutex_unlock(&lock);
  return found;
}
int cuMemcpyHtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  BEGIN(cuMemcpyHtoDAsync_v2);
  return is_registered(from, bytes) ? move(to, from, bytes, 1, 0, stream) : NOT_REGISTERED;
}
int cuMemcpyDtoHAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  BEGIN(cuMemcpyDtoHAsync_v2);
  return is_registered(to, bytes) ? move(to, from, bytes, 0, 1, stream) : NOT_REGISTERED;
}
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  BEGIN(cuMemcpyDtoDAsync_v2);
  return move(to, from, bytes, 1, 1, stream);
}
int cuMemcpyPeerAsync(uint64_t to, struct thing *to_context, uint64_t from, struct thing *from_context, size_t bytes, void *handle) {
  BEGIN(cuMemcpyPeerAsync);
  dma_settle();
  LOCKED({
    USABLE
    if (!find(CONTEXT, to_context) || !find(CONTEXT, from_context)) FAIL(INVALID_CONTEXT)
    struct thing *into = range(MEMORY, to, bytes);
    struct thing *out_of = range(MEMORY, from, bytes);
    if (!stream_of(handle)) FAIL(INVALID_HANDLE)
    if (!into || into->owner != to_context || !out_of || out_of->owner != from_context) FAIL(INVALID_VALUE)
    memmove((void *) to, (void *) from, bytes);
  });
}
int cuMemcpyHtoD_v2(uint64_t to, uint64_t from, size_t bytes) { return move(to, from, bytes, 1, 0, NULL); }
int cuMemcpyDtoH_v2(uint64_t to, uint64_t from, size_t bytes) { return move(to, from, bytes, 0, 1, NULL); }

struct rows { size_t x, y; int type; uint64_t host, device; void *array; size_t pitch; };
struct rows_copy { struct rows from, to; size_t width, height; };
int cuMemcpy2DAsync_v2(const struct rows_copy *copy, void *stream) {
  BEGIN(cuMemcpy2DAsync_v2);
  uint64_t to = copy->to.type == 1 ? copy->to.host : copy->to.device;
  uint64_t from = copy->from.type == 1 ? copy->from.host : copy->from.device;
  const struct rows *host = copy->to.type == 1 ? &copy->to : &copy->from;
  if (!is_registered(host->host, host->pitch * (copy->height - 1) + copy->width)) return NOT_REGISTERED;
  for (size_t row = 0; row < copy->height; row++) {
    int result = move(to + row * copy->to.pitch, from + row * copy->from.pitch, copy->width, copy->to.type == 2, copy->from.type == 2, stream);
    if (result) return result;
  }
  return OK;
}

static int fill(uint64_t to, unsigned value, size_t count, int width, void *stream) {
  dma_settle();
  LOCKED({
    USABLE
    struct thing *memory = range(MEMORY, to, count * width);
    if (!stream_of(stream)) FAIL(INVALID_HANDLE)
    if (!memory || memory->owner != current() || to % width) FAIL(INVALID_VALUE)
    for (size_t i = 0; i < count; i++) memcpy((char *) to + i * width, &value, width);
  });
}
int cuMemsetD8Async(uint64_t to, unsigned char value, size_t count, void *stream) { BEGIN(cuMemsetD8Async); return fill(to, value, count, 1, stream); }
int cuMemsetD16Async(uint64_t to, unsigned short value, size_t count, void *stream) { BEGIN(cuMemsetD16Async); return fill(to, value, count, 2, stream); }
int cuMemsetD32Async(uint64_t to, unsigned value, size_t count, void *stream) { BEGIN(cuMemsetD32Async); return fill(to, value, count, 4, stream); }
int cuMemsetD32_v2(uint64_t to, unsigned value, size_t count) { return fill(to, value, count, 4, NULL); }

// ---- streams and events

int cuStreamCreateWithPriority(struct thing **stream, unsigned flags, int priority) {
  BEGIN(cuStreamCreateWithPriority);
  LOCKED({ USABLE if (flags > 1) FAIL(INVALID_VALUE) *stream = make(STREAM, current()); (*stream)->flags = flags; });
}
int cuStreamDestroy_v2(struct thing *stream) {
  BEGIN(cuStreamDestroy_v2);
  LOCKED({ USABLE if (!stream || !stream_of(stream)) FAIL(INVALID_HANDLE) drop(stream); });
}
int cuStreamWaitEvent(void *handle, struct thing *event, unsigned flags) {
  BEGIN(cuStreamWaitEvent);
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    if (!stream || !find(EVENT, event)) FAIL(INVALID_HANDLE)
    if (is_busy(event)) stream->until = event->until;
  });
}

// The stream goes on when the function has returned; the flag that says so is never freed, as events may look at it.
struct call { void (*function)(void *); void *data; volatile int *returned, *after; };
static void *call_back(void *argument) {
  struct call call = *(struct call *) argument;
  free(argument);
  while (call.after && *call.after == 0) usleep(50);
  call.function(call.data);
  *call.returned = 1;
  return NULL;
}
int cuLaunchHostFunc(void *handle, void (*function)(void *), void *data) {
  BEGIN(cuLaunchHostFunc);
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    if (!stream) FAIL(INVALID_HANDLE)
    struct call *call = malloc(sizeof *call);
    *call = (struct call) {function, data, calloc(1, sizeof(int)), dma_count ? stream->until : NULL};
    if (!is_busy(stream) || dma_count) stream->until = call->returned;
    pthread_t thread;
    pthread_create(&thread, NULL, call_back, call);
    pthread_detach(thread);
  });
}
int cuEventCreate(struct thing **event, unsigned flags) {
  BEGIN(cuEventCreate);
  LOCKED({ USABLE *event = make(EVENT, current()); });
}
int cuEventDestroy_v2(struct thing *event) {
  BEGIN(cuEventDestroy_v2);
  LOCKED({ USABLE if (!find(EVENT, event)) FAIL(INVALID_HANDLE) drop(event); });
}
int cuEventRecord(struct thing *event, void *handle) {
  BEGIN(cuEventRecord);
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    if (!stream || !find(EVENT, event) || event->owner != current()) FAIL(INVALID_HANDLE)
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    event->nanos = now.tv_sec * 1000000000LL + now.tv_nsec;
    event->until = busy_before(stream);
  });
}
int cuEventQuery(struct thing *event) {
  BEGIN(cuEventQuery);
  LOCKED({ USABLE if (!find(EVENT, event)) FAIL(INVALID_HANDLE) if (is_busy(event)) FAIL(NOT_READY) });
}
int cuEventElapsedTime(float *milliseconds, struct thing *start, struct thing *end) {
  BEGIN(cuEventElapsedTime);
  LOCKED({
    USABLE
    if (!find(EVENT, start) || !find(EVENT, end) || !start->nanos || !end->nanos) FAIL(INVALID_HANDLE)
    *milliseconds = (end->nanos - start->nanos) / 1e6f;
  });
}

// ---- modules and kernels

static int size_of_type(const char *type) { // .u32, .b8 ...
  while (*type && !isdigit(*type)) type++;
  return atoi(type) / 8;
}

static void read_parameters(struct thing *function, const char *at) {
  const char *end = strchr(at, ')'), *open = strchr(at, '(');
  int offset = 0;
  if (!end || !open || open > end) return;
  while ((at = strstr(at, ".param")) && at < end) {
    at += 6;
    int align = 0, size, count = 1;
    const char *comma = at + strcspn(at, ",)");
    const char *given = strstr(at, ".align");
    if (given && given < comma) { align = atoi(given + 6); at = given + 6 + strspn(given + 6, " \t0123456789"); }
    size = size_of_type(strchr(at, '.'));
    const char *array = memchr(at, '[', comma - at);
    if (array) count = atoi(array + 1);
    if (!align) align = size;
    offset = (offset + align - 1) / align * align;
    function->offsets[function->parameters] = offset;
    function->sizes[function->parameters++] = size * count;
    offset += size * count;
  }
}

int cuModuleLoadDataEx(struct thing **module, const char *image, unsigned count, const int *options, void **values) {
  BEGIN(cuModuleLoadDataEx);
  LOCKED({
    USABLE
    const char *version = strstr(image, ".version");
    if (!version) {
      for (unsigned i = 0; i < count; i++)
        if (options[i] == 5) strcpy(values[i], "ptxas application ptx input, line 1; fatal   : Missing .version directive at start of file");
      FAIL(INVALID_PTX)
    }
    if (atoi(version + 8) > 9) FAIL(UNSUPPORTED_PTX_VERSION)
    *module = make(MODULE, current());
    (*module)->text = strdup(image);
  });
}
int cuModuleLoadData(struct thing **module, const char *image) { return cuModuleLoadDataEx(module, image, 0, NULL, NULL); }
int cuModuleUnload(struct thing *module) {
  dma_settle();
  BEGIN(cuModuleUnload);
  LOCKED({
    USABLE
    if (!find(MODULE, module)) FAIL(INVALID_HANDLE)
    for (struct thing *each = things, *next; each; each = next) {
      next = each->next;
      if (each->text == NULL && (each->kind == FUNCTION || each->kind == MEMORY) && each->until == (void *) module) { drop(each); next = things; }
    }
    drop(module);
  });
}
// A word behind a directive of the module's text.
static const char *declared(struct thing *module, const char *directive, const char *name) {
  size_t length = strlen(name);
  for (const char *at = module->text; (at = strstr(at, directive)); at++) {
    const char *end = at + strcspn(at, "(;=");
    for (const char *word = at; word + length <= end; word++)
      if (!strncmp(word, name, length) && isspace(word[-1]) && !isalnum(word[length]) && word[length] != '_') return at;
  }
  return NULL;
}
int cuModuleGetFunction(struct thing **function, struct thing *module, const char *name) {
  BEGIN(cuModuleGetFunction);
  LOCKED({
    USABLE
    if (!find(MODULE, module)) FAIL(INVALID_HANDLE)
    const char *at = declared(module, ".entry", name);
    if (!at) FAIL(NOT_FOUND)
    *function = make(FUNCTION, current());
    (*function)->until = (void *) module;
    snprintf((*function)->name, sizeof (*function)->name, "%s", name);
    read_parameters(*function, at);
  });
}
int cuModuleGetGlobal_v2(uint64_t *address, size_t *bytes, struct thing *module, const char *name) {
  BEGIN(cuModuleGetGlobal_v2);
  LOCKED({
    USABLE
    if (!find(MODULE, module)) FAIL(INVALID_HANDLE)
    const char *at = declared(module, ".global", name);
    if (!at) FAIL(NOT_FOUND)
    struct thing *memory = NULL;
    for (struct thing *each = things; each; each = each->next)
      if (each->kind == MEMORY && each->until == (void *) module && !strcmp(each->name, name)) memory = each;
    if (!memory) {
      memory = make(MEMORY, current());
      memory->address = (uint64_t) aligned_alloc(512, 512);
      memory->bytes = 4;
      memory->until = (void *) module;
      used += 4;
      snprintf(memory->name, sizeof memory->name, "%s", name);
    }
    *address = memory->address;
    *bytes = memory->bytes;
  });
}
int cuFuncGetAttribute(int *value, int attribute, struct thing *function) {
  BEGIN(cuFuncGetAttribute);
  LOCKED({
    USABLE
    static const int table[] = {1024, 0, 0, 0, 32, 70, 90, 0, 49152, -1};
    if (!find(FUNCTION, function)) FAIL(INVALID_HANDLE)
    if (attribute < 0 || attribute > 9) FAIL(INVALID_VALUE)
    *value = attribute == 8 && function->dynamic ? function->dynamic : table[attribute];
  });
}
int cuFuncSetAttribute(struct thing *function, int attribute, int value) {
  BEGIN(cuFuncSetAttribute);
  LOCKED({
    USABLE
    if (!find(FUNCTION, function)) FAIL(INVALID_HANDLE)
    if (attribute != 8 || value < 0 || value > 232448) FAIL(INVALID_VALUE)
    function->dynamic = value;
  });
}
int cuFuncGetParamInfo(struct thing *function, size_t index, size_t *offset, size_t *bytes) {
  BEGIN(cuFuncGetParamInfo);
  LOCKED({
    USABLE
    if (!find(FUNCTION, function)) FAIL(INVALID_HANDLE)
    if (index >= (size_t) function->parameters) FAIL(INVALID_VALUE)
    *offset = function->offsets[index];
    *bytes = function->sizes[index];
  });
}

struct arguments { struct thing *function; const char *block; void **each; };
static uint64_t argument(struct arguments *from, int index) {
  uint64_t value = 0;
  memcpy(&value, from->block ? from->block + from->function->offsets[index] : from->each[index], from->function->sizes[index]);
  return value;
}
static int is_own(uint64_t address, uint64_t bytes) {
  struct thing *memory = range(MEMORY, address, bytes);
  return memory && memory->owner == current();
}
static int run(struct thing *function, struct thing *stream, struct arguments *from) {
  const char *name = function->name;
  if (!strcmp(name, "store")) {
    uint64_t at = argument(from, 0);
    if (!is_own(at, 4)) return ILLEGAL_ADDRESS;
    *(int *) at = 1;
  } else if (!strcmp(name, "endless")) {
    if (!is_busy(stream)) stream->until = (volatile int *) argument(from, 0);
  } else if (!strcmp(name, "vecadd")) {
    float *a = (float *) argument(from, 0), *b = (float *) argument(from, 1), *c = (float *) argument(from, 2);
    int n = argument(from, 3);
    if (!is_own((uint64_t) a, n * 4) || !is_own((uint64_t) b, n * 4) || !is_own((uint64_t) c, n * 4)) return ILLEGAL_ADDRESS;
    for (int i = 0; i < n; i++) c[i] = a[i] + b[i];
  } else if (!strcmp(name, "matmul")) {
    float *a = (float *) argument(from, 0), *b = (float *) argument(from, 1), *c = (float *) argument(from, 2);
    int n = argument(from, 3);
    memset(c, 0, (size_t) n * n * 4);
    for (int y = 0; y < n; y++)
      for (int k = 0; k < n; k++)
        for (int x = 0; x < n; x++) c[(size_t) y * n + x] += a[(size_t) y * n + k] * b[(size_t) k * n + x];
  } else if (!strcmp(name, "jacobi")) {
    float *in = (float *) argument(from, 0), *out = (float *) argument(from, 1);
    int w = argument(from, 2), h = argument(from, 3);
    for (int y = 0; y < h; y++)
      for (int x = 0; x < w; x++) {
        int i = y * w + x, border = x == 0 || y == 0 || x == w - 1 || y == h - 1;
        out[i] = border ? in[i] : 0.25f * (in[i - 1] + in[i + 1] + in[i - w] + in[i + w]);
      }
  } else {
    return NOT_SUPPORTED;
  }
  return OK;
}
int cuLaunchKernel(struct thing *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *handle, void **parameters, void **extra) {
  dma_settle();
  BEGIN(cuLaunchKernel);
  LOCKED({
    USABLE
    struct thing *stream = stream_of(handle);
    if (!stream || !find(FUNCTION, function) || function->owner != current()) FAIL(INVALID_HANDLE)
    if (!gx || !gy || !gz || !bx || !by || !bz || (uint64_t) bx * by * bz > 1024) FAIL(INVALID_VALUE)
    struct arguments from = {function, NULL, parameters};
    for (; extra && *extra; extra += 2) if (*extra == (void *) 1) from.block = extra[1];
    if (function->parameters && !from.block && !parameters) FAIL(INVALID_VALUE)
    int outcome = run(function, stream, &from);
    if (outcome == ILLEGAL_ADDRESS) current()->error = outcome; // a later call tells
    else if (outcome) FAIL(outcome)
  });
}
int cuLaunchCooperativeKernel(struct thing *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                              unsigned bz, unsigned shared, void *handle, void **parameters) {
  BEGIN(cuLaunchCooperativeKernel);
  return cuLaunchKernel(function, gx, gy, gz, bx, by, bz, shared, handle, parameters, NULL);
}

// ---- the linker: texts behind each other

int cuLinkCreate_v2(unsigned count, int *options, void **values, char **state) { BEGIN(cuLinkCreate_v2); *state = calloc(1, 1 << 20); return OK; }
int cuLinkAddData_v2(char *state, int type, const char *data, size_t bytes, const char *name, unsigned count, int *options, void **values) {
  BEGIN(cuLinkAddData_v2);
  if (type != 1 || strlen(state) + bytes >= 1 << 20) return INVALID_PTX;
  strncat(state, data, bytes);
  return OK;
}
int cuLinkComplete(char *state, void **cubin, size_t *bytes) { BEGIN(cuLinkComplete); *cubin = state; *bytes = strlen(state); return OK; }
int cuLinkDestroy(char *state) { BEGIN(cuLinkDestroy); free(state); return OK; }
int cuGetErrorName(int error, const char **name) { *name = "CUDA_ERROR"; return OK; }
int cuGetErrorString(int error, const char **text) { *text = "an error"; return OK; }
