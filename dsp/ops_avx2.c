#include "ops_tables.h"

#ifndef __AVX2__
#error "compile this file with -mavx2"
#endif

#define OPS_TABLE ops_table_avx2
#define OPS_ISA CPU_AVX2
#define OPS_LANES 8
#include "ops_impl.h"
