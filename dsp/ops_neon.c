#include "ops_tables.h"

#ifndef __ARM_NEON
#error "compile this file for AArch64"
#endif

#define OPS_TABLE ops_table_neon
#define OPS_ISA CPU_NEON
#define OPS_LANES 4
#include "ops_impl.h"
