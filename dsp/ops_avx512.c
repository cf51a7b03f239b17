#include "ops_tables.h"

#ifndef __AVX512F__
#error "compile this file with -mavx512f"
#endif

#define OPS_TABLE ops_table_avx512
#define OPS_ISA CPU_AVX512
#define OPS_LANES 16
#include "ops_impl.h"
