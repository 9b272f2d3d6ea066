// Functions of a float of each path. Additions, products and quotients in a fixed order and nothing else: the
// same bits on every machine and by every compiler that contracts nothing. Errors are of a unit in the last
// place or two; polynomials are those of Cephes (Moshier, 1989), erf is Eigen's.

#define ROUNDER 12582912.0f  // 1.5 2^23: a number added to it is rounded to a whole one, in its last bits

FUNCTION F power_of_two(I n) { return as_F((n + each(127)) << each(23)); }

// x 2^n of a whole n, given n + ROUNDER; in two steps, since 2^n alone may be out of range.
FUNCTION F scaled(F x, F shifted) {
#if defined(__AVX512F__) && LANES == 16 && !defined(__clang__)
  return __builtin_ia32_scalefps512_mask(x, shifted - each(ROUNDER), x, (unsigned short)-1, 4);
#else
  const I n = as_I(shifted) - each(0x4b400000), half = n >> each(1);
  return x * power_of_two(half) * power_of_two(n - half);
#endif
}

FUNCTION F abs_(F x) { return as_F(as_I(x) & each(0x7fffffff)); }

FUNCTION F floor_(F x) {
  const F cut = to_F(to_I(x)), down = pick(cut > x, cut - each(1.0f), cut);
  return pick(abs_(x) < each(8388608.0f), down, x);
}

// exp x = 2^n exp r, |r| <= log(2) / 2
FUNCTION F polynomial_of_exp(F r) {
  F p = r * each(1.9875691500e-4f) + each(1.3981999507e-3f);
  p = p * r + each(8.3334519073e-3f);
  p = p * r + each(4.1665795894e-2f);
  p = p * r + each(1.6666665459e-1f);
  p = p * r + each(5.0000001201e-1f);
  return p * (r * r) + r;  // exp r - 1
}

FUNCTION F exp_(F x) {
  const F y = lower(each(89.0f), higher(each(-104.0f), x));
  const F shifted = y * each(1.44269504088896341f) + each(ROUNDER), whole = shifted - each(ROUNDER);
  const F r = (y - whole * each(0.693359375f)) - whole * each(-2.12194440e-4f);
  return scaled(polynomial_of_exp(r) + each(1.0f), shifted);
}

FUNCTION F expm1_(F x) {
  const F y = lower(each(89.0f), higher(each(-30.0f), x));
  const F shifted = y * each(1.44269504088896341f) + each(ROUNDER), whole = shifted - each(ROUNDER);
  const F r = (y - whole * each(0.693359375f)) - whole * each(-2.12194440e-4f);
  return scaled(polynomial_of_exp(r), shifted) + (scaled(each(1.0f), shifted) - each(1.0f));
}

// log x = n log 2 + log m, sqrt(1/2) <= m < sqrt 2
FUNCTION F log_(F x) {
  const U bits = as_U(x);
  const U shifted = bits - each(0x3f3504f3u);
  const F n = to_F(as_I(shifted) >> each(23));
  const F m = as_F(as_I((shifted & each(0x007fffffu)) + each(0x3f3504f3u))) - each(1.0f);
  const F z = m * m;
  F p = m * each(7.0376836292e-2f) + each(-1.1514610310e-1f);
  p = p * m + each(1.1676998740e-1f);
  p = p * m + each(-1.2420140846e-1f);
  p = p * m + each(1.4249322787e-1f);
  p = p * m + each(-1.6668057665e-1f);
  p = p * m + each(2.0000714765e-1f);
  p = p * m + each(-2.4999993993e-1f);
  p = p * m + each(3.3333331174e-1f);
  F y = (m * z) * p + n * each(-2.12194440e-4f);
  y = y - z * each(0.5f);
  const F made = (m + y) + n * each(0.693359375f);
  const F edge = pick(x < each(1.17549435e-38f), pick(x < each(0.0f), each(float_of(0x7fc00000u)), each(float_of(0xff800000u))), made);
  return pick((x != x) | (x == each(float_of(0x7f800000u))), x, edge);
}

// log(1 + x) = log u + (x - (u - 1)) / u,  u = 1 + x rounded
FUNCTION F log1p_(F x) {
  const F u = each(1.0f) + x, off = x - (u - each(1.0f));
  const F made = log_(u) + off / u;
  return pick((u > each(0.0f)) & (u < each(float_of(0x7f800000u))), made, log_(u));
}

FUNCTION F erf_(F x) {
  const F y = lower(each(4.0f), higher(each(-4.0f), x));
  const F z = y * y;
  F p = z * each(-2.72614225801306e-10f) + each(2.77068142495902e-08f);
  p = p * z + each(-2.10102402082508e-06f);
  p = p * z + each(-5.69250639462346e-05f);
  p = p * z + each(-7.34990630326855e-04f);
  p = p * z + each(-2.95459980854025e-03f);
  p = p * z + each(-1.60960333262415e-02f);
  F q = z * each(-1.45660718464996e-05f) + each(-2.13374055278905e-04f);
  q = q * z + each(-1.68282697438203e-03f);
  q = q * z + each(-7.37332916720468e-03f);
  q = q * z + each(-1.42647390514189e-02f);
  return (y * p) / q;
}

// Extrema that pass on what is no number. Of two of which the first surely is one, `higher` and `lower` do.
#if defined(EXTREMA)
FUNCTION F max_(F a, F b) { return higher(a, b); }
FUNCTION F min_(F a, F b) { return lower(a, b); }
#else
FUNCTION F max_(F a, F b) { return pick(differ(a, a), a, higher(a, b)); }
FUNCTION F min_(F a, F b) { return pick(differ(a, a), a, lower(a, b)); }
#endif
FUNCTION F sign_(F a) { return pick(a > each(0.0f), each(1.0f), pick(a < each(0.0f), each(-1.0f), a)); }
