#include "stage_line.h"

#include <string.h>

void stage_line_init(struct stage_line *line, const struct cloud_order *order)
{
    memset(line, 0, sizeof(*line));
    line->order = *order;
}

static bool may_try(const struct stage_line *line, int place, uint32_t turn, int64_t now_ns)
{
    return place == CLOUD_DEVICE || (line->failed_in[place] != turn &&
                                     breaker_state(&line->breakers[place], now_ns) != BREAKER_OPEN);
}

int stage_line_next(const struct stage_line *line, uint32_t turn, int64_t now_ns, int *at)
{
    while (*at < line->order.count) {
        int place = line->order.place[(*at)++];
        if (may_try(line, place, turn, now_ns))
            return place;
    }
    return STAGE_NOBODY;
}

bool stage_line_has_device(const struct stage_line *line)
{
    for (int i = 0; i < line->order.count; i++) {
        if (line->order.place[i] == CLOUD_DEVICE)
            return true;
    }
    return false;
}

void stage_line_begin(struct stage_line *line, int place, int64_t now_ns)
{
    breaker_begin(&line->breakers[place], now_ns);
}

void stage_line_succeed(struct stage_line *line, int place)
{
    breaker_succeed(&line->breakers[place]);
}

void stage_line_fail(struct stage_line *line, int place, uint32_t turn, int64_t now_ns,
                     bool refused)
{
    line->failed_in[place] = turn;
    breaker_fail(&line->breakers[place], now_ns, refused);
}

void stage_line_abandon(struct stage_line *line, int place)
{
    breaker_abandon(&line->breakers[place]);
}
