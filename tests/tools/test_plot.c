/* Charts: values lie where they should, drawn pixels follow them, bad data are refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairo.h>

#include "harness.h"
#include "plot.h"

static char path[64];

static const char *png_path(void)
{
    snprintf(path, sizeof(path), "/tmp/linnet-plot-%d.png", (int)getpid());
    return path;
}

/* Pixels of the written file that are nearer to a colour than to white, grey or black, and the row
 * of the highest. */
static unsigned coloured(int from_x, int to_x, int *ret_top)
{
    cairo_surface_t *image = cairo_image_surface_create_from_png(path);
    CHECK_EQ(cairo_surface_status(image), CAIRO_STATUS_SUCCESS);
    CHECK_EQ(cairo_image_surface_get_width(image), 960);
    CHECK_EQ(cairo_image_surface_get_height(image), 600);
    const unsigned char *data = cairo_image_surface_get_data(image);
    int stride = cairo_image_surface_get_stride(image);
    unsigned count = 0;
    *ret_top = 600;
    for (int y = 80; y < 600; y++)
        for (int x = from_x; x < to_x; x++) {
            const unsigned char *p = data + (size_t)y * (size_t)stride + 4 * (size_t)x;
            bool is = abs(p[0] - p[1]) > 60 || abs(p[1] - p[2]) > 60;
            count += is;
            *ret_top = is && y < *ret_top ? y : *ret_top;
        }
    cairo_surface_destroy(image);
    unlink(path);
    return count;
}

TEST(places_on_axes)
{
    struct plot_axis line = {.low = -1, .high = 3},
                     decades = {.low = 0.01, .high = 100, .log = true};
    CHECK_NEAR(plot_place(&line, 0), 0.25, 1e-9);
    CHECK_NEAR(plot_place(&line, 9), 1, 1e-9);
    CHECK_NEAR(plot_place(&line, -9), 0, 1e-9);
    CHECK_NEAR(plot_place(&decades, 0.1), 0.25, 1e-9);
    CHECK_NEAR(plot_place(&decades, 1), 0.5, 1e-9);
}

TEST(a_rising_line_rises)
{
    const double x[] = {0.01, 0.1, 1, 10}, y[] = {1, 10, 100, 1000};
    struct plot plot = {.title = "t", .x = {.label = "x", .log = true}, .y = {.log = true}};
    struct plot_line line = {.x = x, .y = y, .count = 4, .dots = true};
    int left, right;
    CHECK_OK(plot_lines(png_path(), &plot, &line, 1, NULL));
    CHECK(coloured(90, 200, &left) > 100);
    CHECK_OK(plot_lines(png_path(), &plot, &line, 1, NULL));
    CHECK(coloured(800, 930, &right) > 100);
    CHECK(right < left - 300);
}

TEST(bins_are_as_high_as_they_are_full)
{
    double values[100];
    for (int i = 0; i < 100; i++)
        values[i] = i < 80 ? 0.1 : 0.9;
    const struct plot_mark mark = {"median", 0.5};
    struct plot plot = {.title = "t", .x = {.label = "s", .low = 0, .high = 1}};
    struct plot_values v = {values, 100, 2, &mark, 1};
    int left, right;
    CHECK_OK(plot_histogram(png_path(), &plot, &v, NULL));
    unsigned many = coloured(90, 500, &left);
    CHECK_OK(plot_histogram(png_path(), &plot, &v, NULL));
    unsigned few = coloured(520, 930, &right);
    CHECK_NEAR((double)many / few, 4, 0.3);
    CHECK(left < right);
}

TEST(bars_stand_in_groups)
{
    const double values[] = {10, 20, 5, NAN};
    const char *groups[] = {"a", "b"}, *series[] = {"ours", "theirs"};
    struct plot plot = {.title = "t", .y = {.label = "%"}};
    struct plot_bars bars = {groups, series, 2, 2, values};
    int first, second;
    CHECK_OK(plot_bars(png_path(), &plot, &bars, NULL));
    CHECK(coloured(90, 300, &first) > 1000);
    CHECK_OK(plot_bars(png_path(), &plot, &bars, NULL));
    CHECK(coloured(540, 700, &second) > 1000);
    CHECK(second < first);
}

TEST(what_cannot_be_drawn_is_refused)
{
    const double x[] = {1, 2}, y[] = {0, NAN};
    struct plot plot = {.title = "t", .y = {.log = true}};
    struct plot_line line = {.x = x, .y = y, .count = 2};
    CHECK_STATUS(plot_lines(png_path(), &plot, &line, 1, NULL), STATUS_INVALID_ARGUMENT);
    plot.y.log = false;
    CHECK_STATUS(plot_lines(png_path(), &plot, &line, 1, NULL), STATUS_INVALID_ARGUMENT);
    line.count = 0;
    CHECK_STATUS(plot_lines(png_path(), &plot, &line, 1, NULL), STATUS_INVALID_ARGUMENT);
    line.count = 1;
    struct error error;
    CHECK_STATUS(plot_lines("/nowhere/at/all.png", &plot, &line, 1, &error), STATUS_IO);
    CHECK(strstr(error.text, "/nowhere") != NULL);
}
