#include "ops.h"

#include "ops_tables.h"

const struct ops *ops_of(enum cpu_isa isa)
{
    static const struct ops *const tables[CPU_ISA_COUNT] = {
        [CPU_C] = &ops_table_c,
#ifdef OPS_HAVE_AVX2
        [CPU_AVX2] = &ops_table_avx2,
#endif
#ifdef OPS_HAVE_AVX512
        [CPU_AVX512] = &ops_table_avx512,
#endif
#ifdef OPS_HAVE_NEON
        [CPU_NEON] = &ops_table_neon,
#endif
    };
    enum cpu_isa machine = cpu_isa();
    if (isa == CPU_C || isa == machine || (isa == CPU_AVX2 && machine == CPU_AVX512))
        return tables[isa];
    return NULL;
}

const struct ops *ops_best(void)
{
    const struct ops *best = ops_of(cpu_isa());
    return best ? best : ops_of(CPU_C);
}
