// Rows as numbers of one path in a thread of a GPU (NVRTC, nvcc), or in a loop of any C++ compiler.

#if defined(__CUDACC__)
#define FUNCTION static __device__ __forceinline__
#define LOOP _Pragma("unroll 1") for
#define TURN asm volatile("" ::: "memory");  // nothing is carried over the day's start but the state
FUNCTION float float_of(unsigned bits) { return __uint_as_float(bits); }
FUNCTION unsigned bits_of(float x) { return __float_as_uint(x); }
FUNCTION unsigned mulhi_(unsigned a, unsigned b) { return __umulhi(a, b); }
FUNCTION float sqrt_(float x) { return __fsqrt_rn(x); }
extern __shared__ float state[];
#else
#define FUNCTION static inline
#define LOOP for
#define TURN
#define FIXED(argument, place) argument[place]
FUNCTION float float_of(unsigned bits) { float x; __builtin_memcpy(&x, &bits, 4); return x; }
FUNCTION unsigned bits_of(float x) { unsigned bits; __builtin_memcpy(&bits, &x, 4); return bits; }
FUNCTION unsigned mulhi_(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
FUNCTION float sqrt_(float x) { return __builtin_sqrtf(x); }
#endif

#define SHARED(type, name, slot) type& name = *(type*)&state[(slot) * THREADS + threadIdx.x]; name
#define OWN(type, name, size) type name[size];
#define PUT(out, row, value) out[(long long)(row) * paths + path] = value
#define PUT_ONE(out, row, value) out[row] = value

typedef float F;
typedef int I;
typedef unsigned U;
typedef bool B;

template <class T> FUNCTION T each(T x) { return x; }
template <class T> FUNCTION T pick(B flag, T yes, T no) { return flag ? yes : no; }
template <class T> FUNCTION T gather(const T* from, I index) { return from[index]; }
template <class T> FUNCTION T gather_own(const T* from, I index) { return from[index]; }
template <class T> FUNCTION B less(T a, T b) { return a < b; }
template <class T> FUNCTION B at_most(T a, T b) { return a <= b; }
template <class T> FUNCTION B equal(T a, T b) { return a == b; }
template <class T> FUNCTION B differ(T a, T b) { return a != b; }
FUNCTION F as_F(I x) { return float_of((U)x); }
FUNCTION I as_I(U x) { return (I)x; }
FUNCTION I as_I(F x) { return (I)bits_of(x); }
FUNCTION U as_U(F x) { return bits_of(x); }
FUNCTION B flip(B x) { return !x; }
template <class T> FUNCTION F to_F(T x) { return (F)x; }
template <class T> FUNCTION I to_I(T x) { return (I)x; }
template <class T> FUNCTION U to_U(T x) { return (U)x; }
template <class T> FUNCTION F to_float(T x) { return (F)x; }
template <class T> FUNCTION I to_int(T x) { return (I)x; }
template <class T> FUNCTION U to_unsigned(T x) { return (U)x; }
FUNCTION F higher(F a, F b) { return a > b ? a : b; }
FUNCTION F lower(F a, F b) { return a < b ? a : b; }
FUNCTION I max_(I a, I b) { return a > b ? a : b; }
FUNCTION I min_(I a, I b) { return a < b ? a : b; }
FUNCTION U max_(U a, U b) { return a > b ? a : b; }
FUNCTION U min_(U a, U b) { return a < b ? a : b; }
FUNCTION I abs_(I a) { return a < 0 ? -a : a; }
