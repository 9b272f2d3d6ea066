// Numbers below the smallest normal one are zero while a kernel runs, as in XLA's: arithmetic on them is slow.
#if defined(__SSE__)
static inline unsigned flushed(void) {
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040);
  return before;
}
static inline void restored(unsigned before) { __builtin_ia32_ldmxcsr(before); }
#else
static inline unsigned flushed(void) { return 0; }
static inline void restored(unsigned) {}
#endif
