#include "cpu.h"

#include <stdlib.h>
#include <string.h>

#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

const char *cpu_isa_name(enum cpu_isa isa)
{
    static const char *const names[CPU_ISA_COUNT] = {
        [CPU_C] = "c", [CPU_AVX2] = "avx2", [CPU_AVX512] = "avx512", [CPU_NEON] = "neon"};
    return (unsigned)isa < CPU_ISA_COUNT ? names[isa] : "unknown";
}

static enum cpu_isa machine_isa(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return CPU_C;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return CPU_AVX512;
    return CPU_AVX2;
#elif defined(__aarch64__)
    return CPU_NEON;
#else
    return CPU_C;
#endif
}

static unsigned machine_features(void)
{
    unsigned features = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vnni"))
        features |= CPU_FEATURE_AVX512_VNNI;
#elif defined(__aarch64__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP)
        features |= CPU_FEATURE_NEON_DOTPROD;
    if (getauxval(AT_HWCAP2) & HWCAP2_I8MM)
        features |= CPU_FEATURE_NEON_I8MM;
#endif
    return features;
}

enum cpu_isa cpu_isa(void)
{
    enum cpu_isa machine = machine_isa();
    const char *cap = getenv("LINNET_CPU");
    if (!cap || !*cap || strcmp(cap, cpu_isa_name(machine)) == 0)
        return machine;
    if (machine == CPU_AVX512 && strcmp(cap, "avx2") == 0)
        return CPU_AVX2;
    if (machine == CPU_AVX2 && strcmp(cap, "avx512") == 0)
        return CPU_AVX2;
    return CPU_C;
}

unsigned cpu_features(void)
{
    enum cpu_isa isa = cpu_isa();
    return isa == CPU_AVX512 || isa == CPU_NEON ? machine_features() : 0;
}
