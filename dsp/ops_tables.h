/* The tables of the vector operations, one a source file; which of them exist is meson's choice
 * (OPS_HAVE_*). Thread: any (read-only data). */
#ifndef LINNET_DSP_OPS_TABLES_H
#define LINNET_DSP_OPS_TABLES_H

#include "ops.h"

extern const struct ops ops_table_c;
extern const struct ops ops_table_avx2;
extern const struct ops ops_table_avx512;
extern const struct ops ops_table_neon;

#endif
