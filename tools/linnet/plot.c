#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cairo.h>

enum { WIDTH = 960, HEIGHT = 600, LEFT = 84, RIGHT = 24, TOP = 48, BOTTOM = 64, COLOURS = 6 };

/* A palette that colour-blind eyes tell apart (Okabe and Ito). */
static const double palette[COLOURS][3] = {
    {0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45},
    {0.80, 0.47, 0.65}, {0.34, 0.71, 0.91}, {0.90, 0.62, 0.00},
};

struct canvas {
    cairo_surface_t *surface;
    cairo_t *cr;
    const struct plot *plot;
    struct plot_axis x, y; /* with their ends decided */
    size_t legend;         /* lines of the legend so far */
};

double plot_place(const struct plot_axis *axis, double value)
{
    double part = axis->log ? log(value / axis->low) / log(axis->high / axis->low)
                            : (value - axis->low) / (axis->high - axis->low);
    return fmin(fmax(part, 0), 1);
}

static double at_x(const struct canvas *c, double value)
{
    return LEFT + plot_place(&c->x, value) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct canvas *c, double value)
{
    return HEIGHT - BOTTOM - plot_place(&c->y, value) * (HEIGHT - TOP - BOTTOM);
}

static void colour(const struct canvas *c, size_t number)
{
    const double *rgb = palette[number % COLOURS];
    cairo_set_source_rgb(c->cr, rgb[0], rgb[1], rgb[2]);
}

static void grey(const struct canvas *c, double level)
{
    cairo_set_source_rgb(c->cr, level, level, level);
}

/* Text whose point (part of its width, part of its height) lies at x, y. */
static void write_at(const struct canvas *c, const char *text, const double place[2],
                     const double part[2])
{
    cairo_text_extents_t e;
    cairo_text_extents(c->cr, text, &e);
    cairo_move_to(c->cr, place[0] - e.x_bearing - part[0] * e.width,
                  place[1] - e.y_bearing - part[1] * e.height);
    cairo_show_text(c->cr, text);
}

static void line_between(const struct canvas *c, const double from[2], const double to[2])
{
    cairo_move_to(c->cr, from[0], from[1]);
    cairo_line_to(c->cr, to[0], to[1]);
    cairo_stroke(c->cr);
}

/* One tick: a grid line and its number. */
static void draw_tick(const struct canvas *c, bool vertical, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.4g", value == 0 ? 0.0 : value); /* no "-0" */
    double x = at_x(c, value), y = at_y(c, value), bottom = HEIGHT - BOTTOM;
    grey(c, 0.87);
    if (vertical)
        line_between(c, (double[2]){LEFT, y}, (double[2]){WIDTH - RIGHT, y});
    else
        line_between(c, (double[2]){x, TOP}, (double[2]){x, bottom});
    grey(c, 0.25);
    if (vertical)
        write_at(c, text, (double[2]){LEFT - 8, y}, (double[2]){1, 0.5});
    else
        write_at(c, text, (double[2]){x, bottom + 8}, (double[2]){0.5, 0});
}

/* 1, 2 or 5 times a power of ten, so that some six of them span the axis. */
static double tick_step(const struct plot_axis *axis)
{
    double rough = (axis->high - axis->low) / 6, power = pow(10, floor(log10(rough)));
    double lead = rough / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void draw_log_ticks(const struct canvas *c, const struct plot_axis *axis, bool vertical)
{
    static const double within[] = {1, 2, 5};
    bool many = axis->high / axis->low > 2000;
    for (int power = (int)floor(log10(axis->low)); power <= log10(axis->high) + 1e-9; power++)
        for (size_t i = 0; i < (many ? 1 : 3); i++) {
            double value = within[i] * pow(10, power);
            if (value >= axis->low * 0.999 && value <= axis->high * 1.001)
                draw_tick(c, vertical, value);
        }
}

static void draw_ticks(const struct canvas *c, bool vertical)
{
    const struct plot_axis *axis = vertical ? &c->y : &c->x;
    if (axis->log) {
        draw_log_ticks(c, axis, vertical);
        return;
    }
    double step = tick_step(axis), end = axis->high + 1e-6 * step;
    for (double i = ceil(axis->low / step - 1e-6); i * step <= end; i++)
        draw_tick(c, vertical, i * step);
}

static void draw_labels(const struct canvas *c)
{
    double middle = (LEFT + WIDTH - RIGHT) / 2.0;
    grey(c, 0);
    cairo_set_font_size(c->cr, 17);
    write_at(c, c->plot->title, (double[2]){middle, 16}, (double[2]){0.5, 0});
    cairo_set_font_size(c->cr, 14);
    if (c->plot->x.label)
        write_at(c, c->plot->x.label, (double[2]){middle, HEIGHT - 12}, (double[2]){0.5, 1});
    if (!c->plot->y.label)
        return;
    cairo_save(c->cr);
    cairo_translate(c->cr, 14, (TOP + HEIGHT - BOTTOM) / 2.0);
    cairo_rotate(c->cr, -acos(-1) / 2);
    write_at(c, c->plot->y.label, (double[2]){0, 0}, (double[2]){0.5, 0});
    cairo_restore(c->cr);
}

static void draw_frame(const struct canvas *c)
{
    grey(c, 0.25);
    cairo_rectangle(c->cr, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    cairo_stroke(c->cr);
}

/* A name in the upper right corner, in the colour of its data. */
static void add_legend(struct canvas *c, const char *name, size_t number)
{
    if (!name)
        return;
    double y = TOP + 18 + 20 * (double)c->legend++;
    cairo_set_font_size(c->cr, 14);
    colour(c, number);
    write_at(c, name, (double[2]){WIDTH - RIGHT - 12, y}, (double[2]){1, 0.5});
}

/* Stretch an axis without ends over a value. */
static void include(struct plot_axis *axis, bool fixed, double value)
{
    if (fixed || !isfinite(value))
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

/* Nothing, or only one value, seen: make room around it. */
static void widen(struct plot_axis *axis)
{
    if (axis->low > axis->high)
        axis->low = axis->log, axis->high = 10;
    if (axis->low == axis->high)
        axis->low = axis->log ? axis->low / 2 : axis->low - 1, axis->high += axis->high + 1;
}

static void open_ends(const struct plot_axis *given, struct plot_axis *axis)
{
    *axis = *given;
    if (given->low == given->high)
        axis->low = INFINITY, axis->high = -INFINITY;
}

static enum status open_canvas(struct canvas *c, struct error *ret_error)
{
    c->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    c->cr = cairo_create(c->surface);
    if (cairo_status(c->cr) != CAIRO_STATUS_SUCCESS) {
        cairo_destroy(c->cr);
        cairo_surface_destroy(c->surface);
        return error_set(ret_error, STATUS_NO_MEMORY, "chart");
    }
    cairo_select_font_face(c->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c->cr, 13);
    grey(c, 1);
    cairo_paint(c->cr);
    cairo_set_line_width(c->cr, 1);
    return STATUS_OK;
}

static enum status save(struct canvas *c, const char *path, struct error *ret_error)
{
    draw_frame(c);
    draw_labels(c);
    cairo_status_t status = cairo_surface_write_to_png(c->surface, path);
    cairo_destroy(c->cr);
    cairo_surface_destroy(c->surface);
    if (status != CAIRO_STATUS_SUCCESS)
        return error_set(ret_error, STATUS_IO, "%s: %s", path, cairo_status_to_string(status));
    return STATUS_OK;
}

static bool drawable(const struct plot_axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0);
}

static enum status check_ends(const struct canvas *c, const char *path, struct error *ret_error)
{
    const struct plot_axis *axes[2] = {&c->x, &c->y};
    for (int i = 0; i < 2; i++)
        if (!drawable(axes[i], axes[i]->low) || !drawable(axes[i], axes[i]->high) ||
            axes[i]->low >= axes[i]->high)
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: axis from %g to %g", path,
                             axes[i]->low, axes[i]->high);
    return STATUS_OK;
}

/* Check all points and let the axes hold them. */
static enum status measure(struct canvas *c, const char *path, const struct plot_line *line,
                           struct error *ret_error)
{
    const struct plot *p = c->plot;
    for (size_t i = 0; i < line->count; i++) {
        if (!drawable(&p->x, line->x[i]) || !drawable(&p->y, line->y[i]))
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: point %zu: %g, %g", path, i,
                             line->x[i], line->y[i]);
        include(&c->x, p->x.low != p->x.high, line->x[i]);
        include(&c->y, p->y.low != p->y.high, line->y[i]);
    }
    return STATUS_OK;
}

static void draw_line(struct canvas *c, const struct plot_line *line, size_t number)
{
    colour(c, number);
    cairo_set_line_width(c->cr, 2);
    for (size_t i = 0; i < line->count && !line->only_dots; i++)
        cairo_line_to(c->cr, at_x(c, line->x[i]), at_y(c, line->y[i]));
    cairo_stroke(c->cr);
    for (size_t i = 0; i < line->count && (line->dots || line->only_dots); i++) {
        cairo_arc(c->cr, at_x(c, line->x[i]), at_y(c, line->y[i]), 3.5, 0, 2 * acos(-1));
        cairo_fill(c->cr);
    }
    cairo_set_line_width(c->cr, 1);
    add_legend(c, line->name, number);
}

enum status plot_lines(const char *path, const struct plot *plot, const struct plot_line *lines,
                       size_t count, struct error *ret_error)
{
    struct canvas c = {.plot = plot};
    size_t points = 0;
    open_ends(&plot->x, &c.x);
    open_ends(&plot->y, &c.y);
    for (size_t i = 0; i < count; i++) {
        TRY(measure(&c, path, &lines[i], ret_error));
        points += lines[i].count;
    }
    if (points == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: nothing to draw", path);
    widen(&c.x);
    widen(&c.y);
    TRY(check_ends(&c, path, ret_error));
    TRY(open_canvas(&c, ret_error));
    draw_ticks(&c, false);
    draw_ticks(&c, true);
    for (size_t i = 0; i < count; i++)
        draw_line(&c, &lines[i], i);
    return save(&c, path, ret_error);
}

static void draw_bar(const struct canvas *c, const double from_to[2], double value)
{
    double top = at_y(c, value), bottom = HEIGHT - BOTTOM;
    cairo_rectangle(c->cr, from_to[0], top, fmax(from_to[1] - from_to[0] - 1, 1), bottom - top);
    cairo_fill(c->cr);
}

static void draw_mark(struct canvas *c, const struct plot_mark *mark, size_t number)
{
    double x = at_x(c, mark->x);
    colour(c, number);
    cairo_set_line_width(c->cr, 2);
    line_between(c, (double[2]){x, TOP}, (double[2]){x, HEIGHT - BOTTOM});
    cairo_set_line_width(c->cr, 1);
    add_legend(c, mark->name, number);
}

static enum status count_values(struct canvas *c, const char *path, const struct plot_values *v,
                                double *bins, struct error *ret_error)
{
    for (size_t i = 0; i < v->count; i++) {
        if (!drawable(&c->x, v->values[i]))
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: value %zu: %g", path, i,
                             v->values[i]);
        include(&c->x, c->plot->x.low != c->plot->x.high, v->values[i]);
    }
    widen(&c->x);
    for (size_t i = 0; i < v->count; i++) {
        size_t bin = (size_t)(plot_place(&c->x, v->values[i]) * (double)v->bins);
        bins[bin < v->bins ? bin : v->bins - 1]++;
    }
    c->y.low = 0;
    for (size_t b = 0; b < v->bins; b++)
        include(&c->y, c->plot->y.low != c->plot->y.high, bins[b]);
    return check_ends(c, path, ret_error);
}

static enum status draw_histogram(struct canvas *c, const char *path, const struct plot_values *v,
                                  double *bins, struct error *ret_error)
{
    TRY(count_values(c, path, v, bins, ret_error));
    TRY(open_canvas(c, ret_error));
    draw_ticks(c, false);
    draw_ticks(c, true);
    colour(c, 0);
    double width = (double)(WIDTH - LEFT - RIGHT) / (double)v->bins;
    for (size_t b = 0; b < v->bins; b++)
        draw_bar(c, (double[2]){LEFT + width * (double)b, LEFT + width * (double)(b + 1)}, bins[b]);
    for (size_t i = 0; i < v->mark_count; i++)
        draw_mark(c, &v->marks[i], i + 1);
    return save(c, path, ret_error);
}

enum status plot_histogram(const char *path, const struct plot *plot,
                           const struct plot_values *values, struct error *ret_error)
{
    struct canvas c = {.plot = plot};
    if (values->count == 0 || values->bins == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: nothing to draw", path);
    double *bins = calloc(values->bins, sizeof(*bins));
    if (!bins)
        return error_set(ret_error, STATUS_NO_MEMORY, "chart");
    open_ends(&plot->x, &c.x);
    open_ends(&plot->y, &c.y);
    c.y.log = false;
    enum status status = draw_histogram(&c, path, values, bins, ret_error);
    free(bins);
    return status;
}

/* The bars of one group and its name under them. */
static void draw_group(const struct canvas *c, const struct plot_bars *bars, size_t group)
{
    double span = (double)(WIDTH - LEFT - RIGHT) / (double)bars->groups;
    double left = LEFT + span * ((double)group + 0.1), wide = 0.8 * span / (double)bars->series;
    char text[32];
    for (size_t s = 0; s < bars->series; s++) {
        double value = bars->values[s * bars->groups + group], x = left + wide * (double)s;
        if (!isfinite(value))
            continue;
        colour(c, s);
        draw_bar(c, (double[2]){x, x + wide}, value);
        grey(c, 0);
        snprintf(text, sizeof(text), "%.3g", value == 0 ? 0.0 : value);
        write_at(c, text, (double[2]){x + wide / 2, at_y(c, value) - 4}, (double[2]){0.5, 1});
    }
    write_at(c, bars->group_names[group],
             (double[2]){LEFT + span * ((double)group + 0.5), HEIGHT - BOTTOM + 8},
             (double[2]){0.5, 0});
}

enum status plot_bars(const char *path, const struct plot *plot, const struct plot_bars *bars,
                      struct error *ret_error)
{
    struct canvas c = {.plot = plot, .x = {.high = 1}};
    if (bars->groups == 0 || bars->series == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: nothing to draw", path);
    open_ends(&plot->y, &c.y);
    c.y.low = 0;
    c.y.log = false;
    for (size_t i = 0; i < bars->groups * bars->series; i++)
        include(&c.y, plot->y.low != plot->y.high, 1.15 * bars->values[i]);
    widen(&c.y);
    TRY(check_ends(&c, path, ret_error));
    TRY(open_canvas(&c, ret_error));
    draw_ticks(&c, true);
    for (size_t g = 0; g < bars->groups; g++)
        draw_group(&c, bars, g);
    for (size_t s = 0; s < bars->series; s++)
        add_legend(&c, bars->series_names ? bars->series_names[s] : NULL, s);
    return save(&c, path, ret_error);
}
