// What <cmath>, <cstdint> and others put into std.
#pragma once

#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

namespace std {
using ::size_t, ::ptrdiff_t;
using ::int8_t, ::int16_t, ::int32_t, ::int64_t, ::intptr_t, ::uint8_t, ::uint16_t, ::uint32_t, ::uint64_t, ::uintptr_t;
using ::abs, ::fabs, ::floor, ::ceil, ::trunc, ::rint, ::nearbyint, ::round, ::lround, ::lrint, ::copysign, ::fma, ::fmod;
using ::fmin, ::fmax, ::fdim, ::sqrt, ::cbrt, ::hypot, ::isnan, ::isinf, ::isfinite, ::signbit;
using ::exp, ::exp2, ::expm1, ::log, ::log2, ::log10, ::log1p, ::pow, ::erf, ::erfc, ::ldexp, ::scalbn, ::frexp, ::modf;
using ::sin, ::cos, ::tan, ::asin, ::acos, ::atan, ::atan2, ::sinh, ::cosh, ::tanh, ::asinh, ::acosh, ::atanh;
using ::printf, ::malloc, ::free, ::memcpy, ::memset;
} // namespace std
