#include "tts_net.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS_MAX = TTS_FRAMES_MAX / TTS_PAIR, BATCH = 16, REACH_MAX = 2 };

struct tts_net {
    const struct tts_weights *weights;
    const struct nn_ops *ops;
    size_t phones, rows; /* of the sentence; a row is a pair of frames */
    uint16_t phone_of[TTS_FRAMES_MAX];
    uint16_t start_of[TTS_PHONES_MAX], length_of[TTS_PHONES_MAX];
    float log_duration[TTS_PHONES_MAX];
    float *states; /* encoder's result, phones x width */
    float *spare;  /* encoder's input of a block, phones x width */
    /* layers[l] holds the input of decoder block l, the last one its result: ROWS_MAX x width each;
     * ready[l] rows of it are computed. */
    float *layers[TTS_BLOCKS_MAX + 1];
    size_t ready[TTS_BLOCKS_MAX + 1];
    size_t given; /* rows handed out */
    float *window, *hidden, *place;
    void *scratch;
    float *memory;
};

/* ---- memory ---- */

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_bytes(const struct tts_weights *w)
{
    size_t bytes = 64;
    for (size_t i = 0; i < w->encoder_blocks; i++) {
        bytes = max_size(bytes, nn_matmul_scratch(&w->encoder[i].up, BATCH));
        bytes = max_size(bytes, nn_matmul_scratch(&w->encoder[i].down, BATCH));
    }
    for (size_t i = 0; i < w->decoder_blocks; i++) {
        bytes = max_size(bytes, nn_matmul_scratch(&w->decoder[i].up, BATCH));
        bytes = max_size(bytes, nn_matmul_scratch(&w->decoder[i].down, BATCH));
    }
    bytes = max_size(bytes, nn_matmul_scratch(&w->duration_up, BATCH));
    bytes = max_size(bytes, nn_matmul_scratch(&w->place, BATCH));
    return max_size(bytes, nn_matmul_scratch(&w->out, BATCH));
}

static float *carve(float **at, size_t floats)
{
    float *piece = *at;
    *at += (floats + 15) / 16 * 16;
    return piece;
}

/* One block for all activations; with memory == NULL only the size is counted. */
static size_t lay_out(struct tts_net *n, float *memory)
{
    const struct tts_weights *w = n->weights;
    size_t width = w->width;
    float *at = memory;
    float *start = at;
    n->states = carve(&at, TTS_PHONES_MAX * width);
    n->spare = carve(&at, TTS_PHONES_MAX * width);
    for (size_t l = 0; l <= w->decoder_blocks; l++)
        n->layers[l] = carve(&at, ROWS_MAX * width);
    n->window = carve(&at, BATCH * (2 * REACH_MAX + 1) * width);
    n->hidden = carve(&at, BATCH * max_size(w->hidden, width));
    n->place = carve(&at, BATCH * TTS_PAIR * TTS_PLACE);
    n->scratch = carve(&at, scratch_bytes(w) / sizeof(float));
    return (size_t)(at - start);
}

enum status tts_net_create(const struct tts_weights *weights, struct tts_net **ret_net,
                           struct error *ret_error)
{
    struct tts_net *n = calloc(1, sizeof(*n));
    if (n == NULL)
        return error_set(ret_error, STATUS_NO_MEMORY, "voice: out of memory");
    n->weights = weights;
    n->ops = nn_ops_best();
    size_t width = weights->width;
    size_t floats = 2 * TTS_PHONES_MAX * width + (weights->decoder_blocks + 1) * ROWS_MAX * width +
                    BATCH * (2 * REACH_MAX + 1) * width + BATCH * max_size(weights->hidden, width) +
                    BATCH * TTS_PAIR * TTS_PLACE + scratch_bytes(weights) / sizeof(float) +
                    16 * (TTS_BLOCKS_MAX + 8);
    size_t bytes = (floats * sizeof(float) + NN_ALIGN - 1) / NN_ALIGN * NN_ALIGN;
    n->memory = aligned_alloc(NN_ALIGN, bytes);
    if (n->memory == NULL) {
        tts_net_destroy(n);
        return error_set(ret_error, STATUS_NO_MEMORY, "voice: no %zu bytes for activations", bytes);
    }
    lay_out(n, n->memory);
    *ret_net = n;
    return STATUS_OK;
}

void tts_net_destroy(struct tts_net *net)
{
    if (net == NULL)
        return;
    free(net->memory);
    free(net);
}

/* ---- one block over rows [from, to) ---- */

/* Windows of normalised rows around from..to; what lies beyond [0, rows) is zero. */
static void gather(struct tts_net *n, const struct tts_block *b, const float *x, size_t rows,
                   size_t from, size_t to)
{
    size_t width = n->weights->width, taps = 2 * b->reach + 1;
    for (size_t r = from; r < to; r++)
        for (size_t k = 0; k < taps; k++) {
            float *to_row = n->window + ((r - from) * taps + k) * width;
            ptrdiff_t source = (ptrdiff_t)r + ((ptrdiff_t)k - b->reach) * (ptrdiff_t)b->dilation;
            if (source < 0 || (size_t)source >= rows) {
                memset(to_row, 0, width * sizeof(float));
                continue;
            }
            memcpy(to_row, x + (size_t)source * width, width * sizeof(float));
            n->ops->layer_norm(to_row, b->norm_weight, b->norm_bias, 1e-5f, width);
        }
}

/* y[from..to) = x + block(x); at most BATCH rows. */
static void run_block(struct tts_net *n, const struct tts_block *b, const float *x, float *y,
                      size_t rows, size_t from, size_t to)
{
    const struct tts_weights *w = n->weights;
    size_t count = to - from, window = (2 * b->reach + 1) * w->width;
    gather(n, b, x, rows, from, to);
    n->ops->matmul(&b->up, (struct nn_in){n->window, count, window},
                   (struct nn_out){n->hidden, w->hidden, b->up_bias, false}, n->scratch);
    n->ops->activate(NN_RELU, n->hidden, count * w->hidden);
    memcpy(y + from * w->width, x + from * w->width, count * w->width * sizeof(float));
    n->ops->matmul(&b->down, (struct nn_in){n->hidden, count, w->hidden},
                   (struct nn_out){y + from * w->width, w->width, b->down_bias, true}, n->scratch);
}

/* ---- encoder ---- */

static void embed(struct tts_net *n, const struct tts_phone *phones, size_t count, float *ret)
{
    const struct tts_weights *w = n->weights;
    for (size_t i = 0; i < count; i++) {
        float *row = ret + i * w->width;
        nn_matrix_row(&w->embed[0], phones[i].column[0], row);
        for (size_t c = 1; c < TTS_COLUMNS; c++) {
            nn_matrix_row(&w->embed[c], phones[i].column[c], n->window);
            n->ops->add(row, n->window, w->width);
        }
    }
}

static void predict_durations(struct tts_net *n)
{
    const struct tts_weights *w = n->weights;
    size_t width = w->width;
    for (size_t i = 0; i < n->phones; i++) {
        for (size_t k = 0; k < 3; k++) {
            float *to = n->window + k * width;
            if (i + k < 1 || i + k > n->phones)
                memset(to, 0, width * sizeof(float));
            else
                memcpy(to, n->states + (i + k - 1) * width, width * sizeof(float));
        }
        n->ops->matmul(&w->duration_up, (struct nn_in){n->window, 1, 3 * width},
                       (struct nn_out){n->hidden, width, w->duration_up_bias, false}, n->scratch);
        n->ops->activate(NN_RELU, n->hidden, width);
        float value = n->ops->dot(n->hidden, w->duration_out, width) + w->duration_out_bias;
        n->log_duration[i] = value * w->duration_std + w->duration_mean;
    }
}

void tts_net_encode(struct tts_net *n, const struct tts_phone *phones, size_t count)
{
    const struct tts_weights *w = n->weights;
    float *x = n->states, *y = n->spare;
    n->phones = count;
    n->rows = n->given = 0;
    embed(n, phones, count, x);
    for (size_t l = 0; l < w->encoder_blocks; l++) {
        for (size_t from = 0; from < count; from += BATCH)
            run_block(n, &w->encoder[l], x, y, count, from,
                      from + BATCH < count ? from + BATCH : count);
        float *other = x;
        x = y;
        y = other;
    }
    n->states = x;
    n->spare = y;
    for (size_t i = 0; i < count; i++)
        n->ops->layer_norm(x + i * w->width, w->encoder_norm[0], w->encoder_norm[1], 1e-5f,
                           w->width);
    predict_durations(n);
}

const float *tts_net_durations(const struct tts_net *net)
{
    return net->log_duration;
}

const float *tts_net_states(const struct tts_net *net)
{
    return net->states;
}

/* ---- decoder ---- */

enum status tts_net_begin(struct tts_net *n, const uint16_t *durations)
{
    size_t frames = 0;
    for (size_t i = 0; i < n->phones; i++) {
        if (durations[i] == 0 || frames + durations[i] > TTS_FRAMES_MAX)
            return STATUS_INVALID_ARGUMENT;
        n->start_of[i] = (uint16_t)frames;
        n->length_of[i] = durations[i];
        for (size_t k = 0; k < durations[i]; k++)
            n->phone_of[frames++] = (uint16_t)i;
    }
    if (frames % TTS_PAIR != 0)
        return STATUS_INVALID_ARGUMENT;
    n->rows = frames / TTS_PAIR;
    n->given = 0;
    memset(n->ready, 0, sizeof(n->ready));
    return STATUS_OK;
}

/* Where frame `index` lies in a phone of `length` frames: 14 bumps over its course, the first and
 * last 8 frames one by one, the length, a constant. Twin: place_features in model.py. */
static void place_features(size_t index, size_t length, float *ret)
{
    float course = ((float)index + 0.5f) / (float)length * 13.0f;
    size_t head = index < 7 ? index : 7;
    size_t tail = length - 1 - index < 7 ? length - 1 - index : 7;
    memset(ret, 0, TTS_PLACE * sizeof(float));
    for (size_t i = 0; i < 14; i++) {
        float bump = 1.0f - fabsf(course - (float)i);
        ret[i] = bump > 0.0f ? bump : 0.0f;
    }
    ret[14 + head] = 1.0f;
    ret[22 + tail] = 1.0f;
    ret[30] = logf((float)length) / 3.0f;
    ret[31] = 1.0f;
}

/* Input of the first block: mean state of the pair's phones + their places. */
static void fill_inputs(struct tts_net *n, size_t from, size_t to)
{
    const struct tts_weights *w = n->weights;
    size_t width = w->width;
    for (size_t r = from; r < to; r++) {
        float *row = n->layers[0] + r * width;
        const float *a = n->states + n->phone_of[r * TTS_PAIR] * width;
        const float *b = n->states + n->phone_of[r * TTS_PAIR + 1] * width;
        for (size_t i = 0; i < width; i++)
            row[i] = 0.5f * (a[i] + b[i]);
        for (size_t k = 0; k < TTS_PAIR; k++) {
            size_t frame = r * TTS_PAIR + k, phone = n->phone_of[frame];
            place_features(frame - n->start_of[phone], n->length_of[phone],
                           n->place + ((r - from) * TTS_PAIR + k) * TTS_PLACE);
        }
    }
    n->ops->matmul(&w->place, (struct nn_in){n->place, to - from, TTS_PAIR * TTS_PLACE},
                   (struct nn_out){n->layers[0] + from * width, width, NULL, true}, n->scratch);
}

/* Make rows [0, until) of layer `l` ready, and of those below what that needs. */
static void advance(struct tts_net *n, size_t layer, size_t until)
{
    const struct tts_weights *w = n->weights;
    size_t want[TTS_BLOCKS_MAX + 1];
    for (size_t l = layer + 1; l-- > 0;) {
        want[l] = until < n->rows ? until : n->rows;
        until = want[l] + (l > 0 ? w->decoder[l - 1].dilation * w->decoder[l - 1].reach : 0);
    }
    for (size_t l = 0; l <= layer; l++)
        while (n->ready[l] < want[l]) {
            size_t from = n->ready[l];
            size_t to = from + BATCH < want[l] ? from + BATCH : want[l];
            if (l == 0)
                fill_inputs(n, from, to);
            else
                run_block(n, &w->decoder[l - 1], n->layers[l - 1], n->layers[l], n->rows, from, to);
            n->ready[l] = to;
        }
}

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

static void finish_frame(const struct tts_weights *w, float *frame)
{
    for (size_t i = 0; i <= w->bands; i++)
        frame[i] = frame[i] * w->std[i] + w->mean[i];
    for (size_t i = w->bands + 1; i < tts_features(w); i++)
        frame[i] = sigmoid(frame[i]);
}

size_t tts_net_decode(struct tts_net *n, float *ret_features, size_t max)
{
    const struct tts_weights *w = n->weights;
    size_t top = w->decoder_blocks, features = tts_features(w), width = w->width;
    size_t count = max / TTS_PAIR < BATCH ? max / TTS_PAIR : BATCH;
    if (count > n->rows - n->given)
        count = n->rows - n->given;
    if (count == 0)
        return 0;
    advance(n, top, n->given + count);
    memcpy(n->window, n->layers[top] + n->given * width, count * width * sizeof(float));
    for (size_t r = 0; r < count; r++)
        n->ops->layer_norm(n->window + r * width, w->decoder_norm[0], w->decoder_norm[1], 1e-5f,
                           width);
    n->ops->matmul(&w->out, (struct nn_in){n->window, count, width},
                   (struct nn_out){ret_features, TTS_PAIR * features, w->out_bias, false},
                   n->scratch);
    for (size_t f = 0; f < count * TTS_PAIR; f++)
        finish_frame(w, ret_features + f * features);
    n->given += count;
    return count * TTS_PAIR;
}
