/* Charts of what a bench measured, as PNG files: curves with linear or logarithmic axes, histograms
 * and bars.
 *
 *     struct plot_line line = {.name = "jarvis", .x = alarms, .y = misses, .count = n};
 *     struct plot plot = {.title = "misses against false alarms",
 *                         .x = {.label = "false alarms an hour", .log = true},
 *                         .y = {.label = "missed", .log = true, .low = 0.01, .high = 1}};
 *     TRY(plot_lines("wake-det.png", &plot, &line, 1, ret_error));
 *
 * Drawn with cairo, 960 x 600. Errors: IO (file), NO_MEMORY, INVALID_ARGUMENT (nothing to draw,
 * values that are not finite, or not positive on a logarithmic axis).
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_PLOT_H
#define LINNET_TOOLS_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/* `low` and `high` are the ends; when they are equal the data decide. */
struct plot_axis {
    const char *label;
    double low, high;
    bool log;
};

struct plot {
    const char *title;
    struct plot_axis x, y;
};

/* A curve through points in the order given; `dots` marks the points as well, `only_dots` leaves
 * the curve out. Values outside the axes are drawn at their ends. */
struct plot_line {
    const char *name; /* NULL: not in the legend */
    const double *x, *y;
    size_t count;
    bool dots, only_dots;
};
enum status plot_lines(const char *path, const struct plot *plot, const struct plot_line *lines,
                       size_t count, struct error *ret_error);

/* A vertical line across a histogram, such as a median or a limit. */
struct plot_mark {
    const char *name;
    double x;
};

/* How often the values fall into each of `bins` equal parts of the x axis; what lies outside counts
 * in the first or last. The y axis always begins at 0. */
struct plot_values {
    const double *values;
    size_t count, bins;
    const struct plot_mark *marks;
    size_t mark_count;
};
enum status plot_histogram(const char *path, const struct plot *plot,
                           const struct plot_values *values, struct error *ret_error);

/* Groups of bars side by side: values[s * groups + g] is bar s of group g; NAN leaves it out. */
struct plot_bars {
    const char *const *group_names, *const *series_names;
    size_t groups, series;
    const double *values;
};
enum status plot_bars(const char *path, const struct plot *plot, const struct plot_bars *bars,
                      struct error *ret_error);

/* Where a value lies on an axis with ends: 0 at low, 1 at high, clipped to both. */
double plot_place(const struct plot_axis *axis, double value);

#endif
