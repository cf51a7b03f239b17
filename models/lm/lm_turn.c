#include "lm_turn.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fault.h"

enum { UNITS_MAX = 256 };

static enum status require(const struct gguf *file, const char *key, size_t count,
                           struct gguf_array *ret_array, struct error *ret_error)
{
    TRY(gguf_get_array(file, key, GGUF_VALUE_F32, ret_array, ret_error));
    if (ret_array->count != count)
        return error_set(ret_error, STATUS_FORMAT, "%s: \"%s\": expected %zu values, got %" PRIu64,
                         gguf_name(file), key, count, (uint64_t)ret_array->count);
    return STATUS_OK;
}

static void copy(float *to, const struct gguf_array *from)
{
    for (size_t i = 0; i < from->count; i++)
        to[i] = gguf_array_f32(from, i);
}

static enum status read_head(struct lm_turn *turn, const struct gguf *file, struct error *ret_error)
{
    const size_t units = turn->units, width = turn->width;
    struct gguf_array weight, bias, output, last;
    TRY(require(file, "linnet.turn.weight", units * width, &weight, ret_error));
    TRY(require(file, "linnet.turn.bias", units, &bias, ret_error));
    TRY(require(file, "linnet.turn.output", units, &output, ret_error));
    TRY(require(file, "linnet.turn.output_bias", 1, &last, ret_error));
    turn->weight = mem_calloc(units * (width + 2), sizeof(float));
    if (!turn->weight)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: turn head", gguf_name(file));
    turn->bias = turn->weight + units * width;
    turn->output = turn->bias + units;
    copy(turn->weight, &weight);
    copy(turn->bias, &bias);
    copy(turn->output, &output);
    turn->output_bias = gguf_array_f32(&last, 0);
    return STATUS_OK;
}

enum status lm_turn_init(struct lm_turn *turn, const struct gguf *file, uint32_t width,
                         struct error *ret_error)
{
    struct gguf_array bias;
    *turn = (struct lm_turn){.width = width};
    if (!gguf_find_entry(file, "linnet.turn.bias"))
        return STATUS_OK;
    TRY(gguf_get_array(file, "linnet.turn.bias", GGUF_VALUE_F32, &bias, ret_error));
    if (bias.count < 1 || bias.count > UNITS_MAX)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: \"linnet.turn.bias\": expected 1 to %d values", gguf_name(file),
                         UNITS_MAX);
    turn->units = (uint32_t)bias.count;
    return read_head(turn, file, ret_error);
}

void lm_turn_finish(struct lm_turn *turn)
{
    free(turn->weight);
    *turn = (struct lm_turn){0};
}

float lm_turn_score(const struct lm_turn *turn, const float *hidden)
{
    float score = turn->output_bias;
    for (uint32_t u = 0; u < turn->units; u++) {
        const float *weight = turn->weight + (size_t)u * turn->width;
        float sum = turn->bias[u];
        for (uint32_t i = 0; i < turn->width; i++)
            sum += weight[i] * hidden[i];
        score += sum > 0 ? turn->output[u] * sum : 0;
    }
    return score;
}
