/* What this processor can do, so that a table of kernels is chosen once, at start.
 *
 * The environment variable LINNET_CPU=c|avx2|avx512|neon caps the answer, for tests: the named
 * level or what the machine has, whichever is less. A level of another architecture, or an unknown
 * word, means plain C.
 *
 * Thread: any; reads the environment, so not while another thread changes it. Call at create time.
 */
#ifndef LINNET_BASE_CPU_H
#define LINNET_BASE_CPU_H

/* Levels of one op family; a table indexed by this has one row a level. */
enum cpu_isa {
    CPU_C,
    CPU_AVX2,   /* AVX2 + FMA + F16C */
    CPU_AVX512, /* CPU_AVX2 + AVX-512 F, BW, DQ, VL */
    CPU_NEON,   /* Advanced SIMD of AArch64 */
    CPU_ISA_COUNT,
};

/* Extras inside a level. */
enum cpu_feature {
    CPU_FEATURE_AVX512_VNNI = 1 << 0, /* int8 dot product, with CPU_AVX512 */
    CPU_FEATURE_NEON_DOTPROD = 1 << 1,
    CPU_FEATURE_NEON_I8MM = 1 << 2,
};

/* Best level of this machine, not above the cap. */
enum cpu_isa cpu_isa(void);

/* Set of enum cpu_feature that go with cpu_isa(). */
unsigned cpu_features(void);

/* "c", "avx2", "avx512", "neon". */
const char *cpu_isa_name(enum cpu_isa isa);

#endif
