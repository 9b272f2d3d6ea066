// Rows as numbers of one path in a thread of a GPU (NVRTC, nvcc), or in a loop of any C++ compiler.

#if defined(__CUDACC__)
#define FUNCTION static __device__ __forceinline__
#define FUNCTION_ __device__ __forceinline__
#define LOOP _Pragma("unroll 1") for
#define TURN asm volatile("" ::: "memory"); __syncwarp();  // nothing is carried over a turn's start but the state
FUNCTION float float_of(unsigned bits) { return __uint_as_float(bits); }
FUNCTION unsigned bits_of(float x) { return __float_as_uint(x); }
FUNCTION unsigned mulhi_(unsigned a, unsigned b) { return __umulhi(a, b); }
FUNCTION float sqrt_(float x) { return __fsqrt_rn(x); }
extern __shared__ float state[];
template <class T> FUNCTION unsigned word_of(T x) { return (unsigned)x; }
FUNCTION unsigned word_of(float x) { return __float_as_uint(x); }
template <class T> struct As { static __device__ __forceinline__ T of(unsigned x) { return (T)x; } };
template <> struct As<bool> { static __device__ __forceinline__ bool of(unsigned x) { return x != 0; } };
template <> struct As<float> { static __device__ __forceinline__ float of(unsigned x) { return __uint_as_float(x); } };
// Where a thread's words, its bytes and its warp's words begin; and its own memory, which the card interleaves.
#define PLACES \
  const unsigned words_ = (unsigned)__cvta_generic_to_shared(state) + 4 * threadIdx.x, \
    bytes_ = words_ - 3 * threadIdx.x + 4 * WORDS * THREADS, \
    warp_ = words_ - 4 * threadIdx.x + (4 * WORDS + BYTES) * THREADS + 4 * WARP_WORDS * (threadIdx.x / 32); \
  PLACES_OWN
#if ASIDE  // of the paths' number nothing is added: but ptxas would hold in registers what is at a place it knows
#define PLACES_OWN \
  unsigned own_; \
  asm volatile(".local .align 4 .b8 aside[%1];\n\tmov.u32 %0, aside;" : "=r"(own_) : "n"(4 * ASIDE)); \
  own_ += 4 * (unsigned)(paths >> 62);
#else
#define PLACES_OWN
#endif
#define SAVE(region, slot, x) SAVE_##region(slot, word_of(x))
#define SAVE_WORDS(slot, x) save<4 * (slot) * THREADS>(words_, x)
#define SAVE_WARP(slot, x) save<4 * (slot)>(warp_, x)
#define SAVE_BYTES(slot, x) asm volatile("st.shared.u8 [%0+%1], %2;" :: "r"(bytes_), "n"((slot) * THREADS), "r"(x))
#define SAVE_OWN(slot, x) asm volatile("st.local.b32 [%0+%1], %2;" :: "r"(own_), "n"(4 * (slot)), "r"(x))
#define READ(region, slot, type) As<type>::of(READ_##region(slot))
#define READ_WORDS(slot) read<4 * (slot) * THREADS>(words_)
#define READ_WARP(slot) read<4 * (slot)>(warp_)
#define READ_BYTES(slot) read_byte<(slot) * THREADS>(bytes_)
#define READ_OWN(slot) read_own<4 * (slot)>(own_)
template <int at> FUNCTION void save(unsigned from, unsigned x) {
  asm volatile("st.shared.b32 [%0+%1], %2;" :: "r"(from), "n"(at), "r"(x));
}
template <int at> FUNCTION unsigned read(unsigned from) {
  unsigned x;
  asm volatile("ld.shared.b32 %0, [%1+%2];" : "=r"(x) : "r"(from), "n"(at));
  return x;
}
template <int at> FUNCTION unsigned read_byte(unsigned from) {
  unsigned x;
  asm volatile("ld.shared.u8 %0, [%1+%2];" : "=r"(x) : "r"(from), "n"(at));
  return x;
}
template <int at> FUNCTION unsigned read_own(unsigned from) {
  unsigned x;
  asm volatile("ld.local.b32 %0, [%1+%2];" : "=r"(x) : "r"(from), "n"(at));
  return x;
}
#else
#define FUNCTION static inline
#define FUNCTION_ inline
#define LOOP for
#define TURN
#define FIXED(argument, place) argument[place]
FUNCTION float float_of(unsigned bits) { float x; __builtin_memcpy(&x, &bits, 4); return x; }
FUNCTION unsigned bits_of(float x) { unsigned bits; __builtin_memcpy(&bits, &x, 4); return bits; }
FUNCTION unsigned mulhi_(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
FUNCTION float sqrt_(float x) { return __builtin_sqrtf(x); }
#define PLACES \
  char* const words_ = (char*)state + 4 * threadIdx.x, *const bytes_ = (char*)state + 4 * WORDS * THREADS + threadIdx.x, \
    *const warp_ = (char*)state + (4 * WORDS + BYTES) * THREADS + 4 * WARP_WORDS * (threadIdx.x / 32); \
  char own_[4 * ASIDE + 4];
#define AT_WORDS(slot) (words_ + 4 * (slot) * THREADS)
#define AT_BYTES(slot) (bytes_ + (slot) * THREADS)
#define AT_WARP(slot) (warp_ + 4 * (slot))
#define AT_OWN(slot) (own_ + 4 * (slot))
#define SAVE(region, slot, x) save(AT_##region(slot), x)
#define READ(region, slot, type) read<type>(AT_##region(slot))
template <class T> FUNCTION void save(char* place, T x) { __builtin_memcpy(place, &x, sizeof x); }
template <class T> FUNCTION T read(const char* place) { T x; __builtin_memcpy(&x, place, sizeof x); return x; }
#endif

template <class T> struct Near { T* first; FUNCTION_ T& operator[](int k) const { return first[k * THREADS]; } };
template <class T> FUNCTION Near<T> operator+(Near<T> from, int k) { return Near<T>{from.first + k * THREADS}; }
#define NEAR(type, name, place) const Near<type> name = {(type*)&state[(place) * THREADS + threadIdx.x]};
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
template <class T> FUNCTION T gather_own(Near<T> from, I index) { return from[index]; }
template <class T> FUNCTION T copy_(T x) { return x; }
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
#if defined(__CUDACC__) && __CUDA_ARCH__ >= 800  // one instruction; of two zeros the plus is the higher
#define EXTREMA
FUNCTION F higher(F a, F b) { F x; asm("max.NaN.f32 %0, %1, %2;" : "=f"(x) : "f"(a), "f"(b)); return x; }
FUNCTION F lower(F a, F b) { F x; asm("min.NaN.f32 %0, %1, %2;" : "=f"(x) : "f"(a), "f"(b)); return x; }
#else
FUNCTION F higher(F a, F b) { return a > b ? a : b; }
FUNCTION F lower(F a, F b) { return a < b ? a : b; }
#endif
FUNCTION I max_(I a, I b) { return a > b ? a : b; }
FUNCTION I min_(I a, I b) { return a < b ? a : b; }
FUNCTION U max_(U a, U b) { return a > b ? a : b; }
FUNCTION U min_(U a, U b) { return a < b ? a : b; }
FUNCTION I abs_(I a) { return a < 0 ? -a : a; }
