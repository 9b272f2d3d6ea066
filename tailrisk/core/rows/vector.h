// Rows as vectors of LANES paths (the compiler is told how many): the vector extensions of GCC and Clang.
// A compiler's built-in stands where those have no operation; it gives the bits of the plain text beside it.

#define FUNCTION static inline __attribute__((always_inline, unused))
#define LOOP for
#define TURN asm volatile("" : "+r"(common));  // read what is common where it is used: held it costs more
#define OWN(type, name, size) \
  type* __restrict const name = (type*)own; own += (size * sizeof(type) + 63) / 64 * 64;
#define FIXED(argument, place) argument[place]
#define PUT(out, row, value) write(out + (long)(row) * paths + path, value)
#define PUT_ONE(out, row, value) out[row] = value

typedef float F __attribute__((vector_size(4 * LANES)));
typedef int I __attribute__((vector_size(4 * LANES)));
typedef unsigned U __attribute__((vector_size(4 * LANES)));
typedef unsigned long long W __attribute__((vector_size(4 * LANES)));  // half as many, twice as wide
#if defined(__AVX512F__) && LANES == 16 && !defined(__clang__)
#define MASKS  // a flag is a bit of a word, and not a number of each path that is minus one where it is set
typedef unsigned short B;
#else
typedef I B;
#endif

FUNCTION float float_of(unsigned bits) { float x; __builtin_memcpy(&x, &bits, 4); return x; }
FUNCTION F each(float x) { return x - (F){}; }  // x - 0 is x, to the sign of zero
FUNCTION I each(int x) { return x - (I){}; }
FUNCTION U each(unsigned x) { return x - (U){}; }
#ifdef MASKS
FUNCTION B each(bool x) { return (B)-(int)x; }
FUNCTION B flip(B x) { return (B)~x; }
#else
FUNCTION B each(bool x) { return -(int)x - (I){}; }
FUNCTION B flip(B x) { return ~x; }
#endif
FUNCTION F as_F(I x) { return (F)x; }
FUNCTION I as_I(U x) { return (I)x; }
FUNCTION I as_I(F x) { return (I)x; }
FUNCTION U as_U(F x) { return (U)x; }
FUNCTION F pick(I flag, F yes, F no) { return flag ? yes : no; }
FUNCTION I pick(I flag, I yes, I no) { return flag ? yes : no; }
FUNCTION U pick(I flag, U yes, U no) { return flag ? yes : no; }
#ifdef MASKS
FUNCTION F pick(B flag, F yes, F no) { return __builtin_ia32_blendmps_512_mask(no, yes, flag); }
FUNCTION I pick(B flag, I yes, I no) { return __builtin_ia32_blendmd_512_mask(no, yes, flag); }
FUNCTION U pick(B flag, U yes, U no) { return (U)__builtin_ia32_blendmd_512_mask((I)no, (I)yes, flag); }
FUNCTION B pick(B flag, B yes, B no) { return (B)((flag & yes) | (~flag & no)); }
FUNCTION B less(F a, F b) { return __builtin_ia32_cmpps512_mask(a, b, 17, (B)-1, 4); }
FUNCTION B at_most(F a, F b) { return __builtin_ia32_cmpps512_mask(a, b, 18, (B)-1, 4); }
FUNCTION B equal(F a, F b) { return __builtin_ia32_cmpps512_mask(a, b, 0, (B)-1, 4); }
FUNCTION B differ(F a, F b) { return __builtin_ia32_cmpps512_mask(a, b, 4, (B)-1, 4); }
FUNCTION B less(I a, I b) { return __builtin_ia32_cmpd512_mask(a, b, 1, (B)-1); }
FUNCTION B at_most(I a, I b) { return __builtin_ia32_cmpd512_mask(a, b, 2, (B)-1); }
FUNCTION B equal(I a, I b) { return __builtin_ia32_cmpd512_mask(a, b, 0, (B)-1); }
FUNCTION B differ(I a, I b) { return __builtin_ia32_cmpd512_mask(a, b, 4, (B)-1); }
FUNCTION B less(U a, U b) { return __builtin_ia32_ucmpd512_mask((I)a, (I)b, 1, (B)-1); }
FUNCTION B at_most(U a, U b) { return __builtin_ia32_ucmpd512_mask((I)a, (I)b, 2, (B)-1); }
FUNCTION B equal(U a, U b) { return equal((I)a, (I)b); }
FUNCTION B differ(U a, U b) { return differ((I)a, (I)b); }
FUNCTION B equal(B a, B b) { return (B)~(a ^ b); }
FUNCTION B differ(B a, B b) { return a ^ b; }
#else
template <class T> FUNCTION B less(T a, T b) { return a < b; }
template <class T> FUNCTION B at_most(T a, T b) { return a <= b; }
template <class T> FUNCTION B equal(T a, T b) { return a == b; }
template <class T> FUNCTION B differ(T a, T b) { return a != b; }
#endif
FUNCTION bool flip(bool x) { return !x; }
FUNCTION F to_F(I x) { return __builtin_convertvector(x, F); }
FUNCTION F to_F(U x) { return __builtin_convertvector(x, F); }
FUNCTION I to_I(F x) { return __builtin_convertvector(x, I); }
FUNCTION I to_I(U x) { return (I)x; }
FUNCTION U to_U(F x) { return __builtin_convertvector(x, U); }
FUNCTION U to_U(I x) { return (U)x; }
FUNCTION I max_(I a, I b) { return pick(a > b, a, b); }
FUNCTION I min_(I a, I b) { return pick(a < b, a, b); }
FUNCTION I abs_(I a) { return pick(a < each(0), -a, a); }
// b where either is no number, or neither is the higher
#ifdef MASKS
FUNCTION F higher(F a, F b) { return __builtin_ia32_maxps512_mask(a, b, b, (B)-1, 4); }
FUNCTION F lower(F a, F b) { return __builtin_ia32_minps512_mask(a, b, b, (B)-1, 4); }
#else
FUNCTION F higher(F a, F b) { return pick(a > b, a, b); }
FUNCTION F lower(F a, F b) { return pick(a < b, a, b); }
#endif
FUNCTION U max_(U a, U b) { return pick(a > b, a, b); }
FUNCTION U min_(U a, U b) { return pick(a < b, a, b); }

// Numbers for all paths.
FUNCTION float to_float(int x) { return (float)x; }
FUNCTION float to_float(unsigned x) { return (float)x; }
FUNCTION int to_int(float x) { return (int)x; }
FUNCTION int to_int(unsigned x) { return (int)x; }
FUNCTION unsigned to_unsigned(float x) { return (unsigned)x; }
FUNCTION unsigned to_unsigned(int x) { return (unsigned)x; }
FUNCTION float higher(float a, float b) { return a > b ? a : b; }
FUNCTION float lower(float a, float b) { return a < b ? a : b; }
template <class T> FUNCTION T max_(T a, T b) { return a > b || a != a ? a : b; }
template <class T> FUNCTION T min_(T a, T b) { return a < b || a != a ? a : b; }
template <class T> FUNCTION T abs_(T a) { return a < 0 ? -a : a; }
template <class T> FUNCTION T sign_(T a) { return a > 0 ? (T)1 : a < 0 ? (T)-1 : a; }
FUNCTION unsigned mulhi_(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }

template <class T, class V> FUNCTION void write(T* to, V x) { __builtin_memcpy(to, &x, sizeof x); }

#ifdef MASKS
FUNCTION void write(int* to, B x) { write(to, pick(x, each(-1), each(0))); }
#endif

template <class T> struct Lanes;
template <> struct Lanes<float> { typedef F type; };
template <> struct Lanes<int> { typedef I type; };
template <> struct Lanes<unsigned> { typedef U type; };

template <class T> FUNCTION typename Lanes<T>::type gather(const T* from, I index) {
  T made[LANES];
  for (int k = 0; k < LANES; ++k) made[k] = from[index[k]];
  typename Lanes<T>::type x;
  __builtin_memcpy(&x, made, sizeof x);
  return x;
}

template <class V> FUNCTION V gather_own(const V* from, I index) {
  V x = from[0];
  for (int k = 0; k < LANES; ++k) x[k] = from[index[k]][k];
  return x;
}

#ifdef MASKS
FUNCTION B gather_own(const B* from, I index) {
  B x = 0;
  for (int k = 0; k < LANES; ++k) x |= from[index[k]] & (1 << k);
  return x;
}
#endif

// Products of the lower halves of 64-bit numbers.
FUNCTION W product(W a, W b) {
#if defined(__AVX512F__) && LANES == 16 && !defined(__clang__)
  typedef int V __attribute__((vector_size(64)));
  typedef long long L __attribute__((vector_size(64)));
  return (W)__builtin_ia32_pmuludq512_mask((V)a, (V)b, (L){}, (unsigned char)-1);
#elif defined(__AVX2__) && LANES % 8 == 0 && !defined(__clang__)
  typedef int V __attribute__((vector_size(32)));
  union { W all; V part[LANES / 8]; } x = {a}, y = {b};
  for (int k = 0; k < LANES / 8; ++k) x.part[k] = (V)__builtin_ia32_pmuludq256(x.part[k], y.part[k]);
  return x.all;
#else
  return (a & 0xffffffffull) * (b & 0xffffffffull);
#endif
}

FUNCTION U mulhi_(U a, U b) {
  const W even = product((W)a, (W)b), odd = product((W)a >> 32, (W)b >> 32);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "written for little-endian machines"
#endif
  return (U)((even >> 32) | (odd & 0xffffffff00000000ull));
}

FUNCTION F sqrt_(F x) {
#if defined(__AVX512F__) && LANES == 16 && !defined(__clang__)
  return __builtin_ia32_sqrtps512_mask(x, x, (unsigned short)-1, 4);
#elif defined(__AVX__) && LANES % 8 == 0 && !defined(__clang__)
  typedef float V __attribute__((vector_size(32)));
  union { F all; V part[LANES / 8]; } y = {x};
  for (int k = 0; k < LANES / 8; ++k) y.part[k] = __builtin_ia32_sqrtps256(y.part[k]);
  return y.all;
#else
  for (int k = 0; k < LANES; ++k) x[k] = __builtin_sqrtf(x[k]);
  return x;
#endif
}
