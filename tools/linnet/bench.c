#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

void bench_add(struct bench_report *report, const char *unit, double value, const char *format, ...)
{
    if (report->count == BENCH_ROWS_MAX)
        return;
    struct bench_row *row = &report->rows[report->count++];
    va_list args;
    va_start(args, format);
    vsnprintf(row->name, sizeof(row->name), format, args);
    va_end(args);
    row->value = value;
    row->unit = unit;
}

double bench_now(void)
{
    struct clock clock;
    clock_init_real(&clock);
    return (double)clock_now_ns(&clock) / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_percentile(double *values, int count, double part)
{
    qsort(values, (size_t)count, sizeof(values[0]), compare);
    int rank = (int)(part * count);
    return values[rank < count ? rank : count - 1];
}

double bench_median(double *values, int count)
{
    return bench_percentile(values, count, 0.5);
}
