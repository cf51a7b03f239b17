#include "ops_tables.h"

#define OPS_TABLE ops_table_c
#define OPS_ISA CPU_C
#define OPS_LANES 1
#include "ops_impl.h"
