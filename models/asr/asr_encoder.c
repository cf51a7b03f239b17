#include <stdlib.h>
#include <string.h>

#include "asr_net_impl.h"

/* Rows computed at a time: all that a feed can complete. */
enum { ROWS = ASR_FEED_ROWS };

/* What a block remembers: the last left + right rows of its input and of its bottleneck, in front
 * of the new ones. */
struct block_state {
    float *x, *z;
    uint64_t seen; /* input rows so far */
};

struct asr_encoder {
    const struct asr_net *net;
    const struct nn_ops *ops;
    void *memory, *scratch;
    float *mel; /* normalised frames not yet used up */
    uint32_t mel_frames, mel_limit;
    uint64_t fed, given; /* mel frames in, rows out */
    float *pair, *wide;  /* rows of concatenated inputs, of results */
    struct block_state block[ASR_MAX_BLOCKS];
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_bytes(const struct asr_net *net)
{
    size_t bytes = larger(nn_matmul_scratch(&net->input.weight, ROWS),
                          nn_matmul_scratch(&net->final.weight, ROWS));
    bytes = larger(bytes, nn_matmul_scratch(&net->output, ROWS));
    for (uint32_t b = 0; b < net->blocks; b++) {
        bytes = larger(bytes, nn_matmul_scratch(&net->block[b].down, ROWS));
        bytes = larger(bytes, nn_matmul_scratch(&net->block[b].up, ROWS));
    }
    return (bytes + NN_ALIGN - 1) / NN_ALIGN * NN_ALIGN;
}

/* Hand out the float arrays from one block of memory; with `at` NULL only count them. */
static size_t lay_out(struct asr_encoder *e, float *at)
{
    const struct asr_net *net = e->net;
    size_t rows = ROWS + ASR_MAX_REACH, used = 0;
    size_t widest = larger(2 * larger(net->width, net->bottleneck), larger(net->hidden, 64));
    e->mel = at;
    used += (size_t)e->mel_limit * net->info.mel_bins;
    e->pair = at ? at + used : NULL;
    used += rows * widest;
    e->wide = at ? at + used : NULL;
    used += rows * widest;
    for (uint32_t b = 0; b < net->blocks; b++) {
        e->block[b].x = at ? at + used : NULL;
        used += rows * net->width;
        e->block[b].z = at ? at + used : NULL;
        used += rows * net->bottleneck;
    }
    return used;
}

enum status asr_encoder_create(const struct asr_net *net, struct asr_encoder **ret_encoder,
                               struct error *ret_error)
{
    struct asr_encoder *e = calloc(1, sizeof *e);
    if (!e)
        return error_set(ret_error, STATUS_NO_MEMORY, "acoustic encoder");
    e->net = net;
    e->ops = nn_ops_best();
    e->mel_limit = net->input_left + net->input_right + 1 + net->info.subsampling + ASR_FEED_FRAMES;
    size_t scratch = scratch_bytes(net), floats = lay_out(e, NULL);
    size_t bytes = scratch + (floats * sizeof(float) + NN_ALIGN - 1) / NN_ALIGN * NN_ALIGN;
    e->memory = aligned_alloc(NN_ALIGN, bytes);
    if (!e->memory) {
        free(e);
        return error_set(ret_error, STATUS_NO_MEMORY, "acoustic encoder: %zu bytes", bytes);
    }
    e->scratch = e->memory;
    lay_out(e, (float *)((char *)e->memory + scratch));
    asr_encoder_reset(e);
    *ret_encoder = e;
    return STATUS_OK;
}

void asr_encoder_destroy(struct asr_encoder *encoder)
{
    if (!encoder)
        return;
    free(encoder->memory);
    free(encoder);
}

void asr_encoder_reset(struct asr_encoder *encoder)
{
    struct asr_encoder *e = encoder;
    const struct asr_net *net = e->net;
    e->fed = 0;
    e->given = 0;
    e->mel_frames = net->input_left; /* zeros come before the first frame */
    memset(e->mel, 0, (size_t)e->mel_frames * net->info.mel_bins * sizeof(float));
    for (uint32_t b = 0; b < net->blocks; b++) {
        e->block[b].seen = 0;
        memset(e->block[b].x, 0, ASR_MAX_REACH * net->width * sizeof(float));
        memset(e->block[b].z, 0, ASR_MAX_REACH * net->bottleneck * sizeof(float));
    }
}

static void normalise(const struct asr_net *net, const float *mel, uint32_t frames, float *out)
{
    uint32_t bins = net->info.mel_bins;
    for (uint32_t f = 0; f < frames; f++)
        for (uint32_t k = 0; k < bins; k++) {
            float v = mel[f * bins + k];
            v = v > net->input_floor ? v : net->input_floor;
            out[f * bins + k] = (v - net->mean[k]) * net->scale[k];
        }
}

/* rows of relu(W x + bias) + shift */
static void run_layer(struct asr_encoder *e, const struct asr_layer *layer, struct nn_in in,
                      float *out)
{
    uint32_t width = layer->weight.rows;
    e->ops->matmul(&layer->weight, in, (struct nn_out){out, width, layer->bias, false}, e->scratch);
    e->ops->activate(NN_RELU, out, in.rows * width);
    for (size_t r = 0; r < in.rows; r++)
        e->ops->add(out + r * width, layer->shift, width);
}

/* [a(j), b(j)] side by side for `rows` rows; a and b are `width` wide. */
static struct nn_in pair_up(struct asr_encoder *e, const float *a, const float *b, uint32_t width,
                            uint32_t rows)
{
    for (uint32_t r = 0; r < rows; r++) {
        memcpy(e->pair + (size_t)r * 2 * width, a + (size_t)r * width, width * sizeof(float));
        memcpy(e->pair + (size_t)r * 2 * width + width, b + (size_t)r * width,
               width * sizeof(float));
    }
    return (struct nn_in){e->pair, rows, (size_t)2 * width};
}

/* One block over `rows` new input rows that lie in its state behind the history. The results go to
 * ret_x; returns their number. */
static uint32_t run_block(struct asr_encoder *e, uint32_t number, uint32_t rows, float *ret_x)
{
    const struct asr_block *b = &e->net->block[number];
    struct block_state *s = &e->block[number];
    uint32_t width = e->net->width, narrow = e->net->bottleneck, history = b->left + b->right;
    const float *x = s->x + (size_t)history * width;
    float *z = s->z + (size_t)history * narrow;
    struct nn_in in = pair_up(e, x - (size_t)b->left * width, x, width, rows);
    e->ops->matmul(&b->down, in, (struct nn_out){z, narrow, NULL, false}, e->scratch);

    /* The first `right` rows of a stream have nothing before them to complete. */
    uint64_t seen = s->seen + rows, before = s->seen < b->right ? 0 : s->seen - b->right;
    uint32_t out = seen < b->right ? 0 : (uint32_t)(seen - b->right - before);
    uint32_t first = rows - b->right - out; /* may wrap below 0: relative to the new rows */
    ptrdiff_t at = (ptrdiff_t)(int32_t)first;
    const float *u = z + at * (ptrdiff_t)narrow;
    in = b->right ? pair_up(e, u, u + (size_t)b->right * narrow, narrow, out)
                  : pair_up(e, u - (size_t)b->left * narrow, u, narrow, out);
    struct asr_layer up = {b->up, b->bias, b->shift};
    run_layer(e, &up, in, e->wide);
    const float *old = x + at * (ptrdiff_t)width;
    float scale = e->net->residual_scale;
    for (size_t i = 0; i < (size_t)out * width; i++)
        ret_x[i] = scale * old[i] + e->wide[i];

    memmove(s->x, s->x + (size_t)rows * width, (size_t)history * width * sizeof(float));
    memmove(s->z, s->z + (size_t)rows * narrow, (size_t)history * narrow * sizeof(float));
    s->seen = seen;
    return out;
}

/* Where block `number` wants its new rows; behind the last block, the results. */
static float *input_of(struct asr_encoder *e, uint32_t number)
{
    const struct asr_net *net = e->net;
    if (number == net->blocks)
        return e->pair;
    uint32_t history = net->block[number].left + net->block[number].right;
    return e->block[number].x + (size_t)history * net->width;
}

/* Everything that the buffered frames allow. */
static uint32_t run(struct asr_encoder *e, float *ret_logp)
{
    const struct asr_net *net = e->net;
    uint32_t bins = net->info.mel_bins, step = net->info.subsampling;
    uint32_t window = net->input_left + 1 + net->input_right;
    if (e->mel_frames < window)
        return 0;
    uint32_t rows = (e->mel_frames - window) / step + 1;
    struct nn_in in = {e->mel, rows, (size_t)step * bins};
    run_layer(e, &net->input, in, input_of(e, 0));
    e->mel_frames -= rows * step;
    memmove(e->mel, e->mel + (size_t)rows * step * bins,
            (size_t)e->mel_frames * bins * sizeof(float));
    for (uint32_t b = 0; b < net->blocks && rows > 0; b++)
        rows = run_block(e, b, rows, input_of(e, b + 1));
    if (rows == 0)
        return 0;
    run_layer(e, &net->final, (struct nn_in){e->pair, rows, net->width}, e->wide);
    uint32_t outputs = net->info.outputs;
    e->ops->matmul(&net->output, (struct nn_in){e->wide, rows, net->hidden},
                   (struct nn_out){ret_logp, outputs, net->output_bias, false}, e->scratch);
    for (uint32_t r = 0; r < rows; r++)
        e->ops->log_softmax(ret_logp + (size_t)r * outputs, outputs);
    e->given += rows;
    return rows;
}

uint32_t asr_encoder_feed(struct asr_encoder *encoder, const float *mel, uint32_t frames,
                          float *ret_logp)
{
    struct asr_encoder *e = encoder;
    normalise(e->net, mel, frames, e->mel + (size_t)e->mel_frames * e->net->info.mel_bins);
    e->mel_frames += frames;
    e->fed += frames;
    return run(e, ret_logp);
}

uint32_t asr_encoder_flush(struct asr_encoder *encoder, float *ret_logp)
{
    struct asr_encoder *e = encoder;
    const struct asr_net_info *info = &e->net->info;
    uint64_t owed = (e->fed + info->subsampling - 1) / info->subsampling - e->given;
    memset(e->mel + (size_t)e->mel_frames * info->mel_bins, 0,
           (size_t)info->lookahead * info->mel_bins * sizeof(float));
    e->mel_frames += info->lookahead;
    uint32_t rows = run(e, ret_logp);
    return rows < owed ? rows : (uint32_t)owed;
}
