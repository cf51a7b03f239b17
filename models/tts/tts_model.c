#include "tts_model.h"

#include <inttypes.h>
#include <stdio.h>

/* What a loading step needs. */
struct loader {
    const struct gguf *file;
    struct error *error;
};

static enum status load_matrix(struct loader *l, const char *name, uint32_t rows, uint32_t cols,
                               struct nn_matrix *ret)
{
    const struct gguf_tensor *t;
    TRY(gguf_require_tensor(l->file, name, (uint64_t[2]){cols, rows}, &t, l->error));
    return nn_matrix_init(ret, &t, 1, l->error);
}

static enum status load_vector(struct loader *l, const char *name, uint32_t n, const float **ret)
{
    const struct gguf_tensor *t;
    TRY(gguf_require_tensor(l->file, name, (uint64_t[2]){n, 1}, &t, l->error));
    if (t->type != GGUF_TYPE_F32)
        return error_set(l->error, STATUS_FORMAT, "%s: %s: expected F32, got %s",
                         gguf_name(l->file), name, gguf_type_name(t->type));
    *ret = t->data;
    return STATUS_OK;
}

static enum status load_block(struct loader *l, const struct tts_weights *w, const char *prefix,
                              struct tts_block *ret)
{
    char name[GGUF_MAX_NAME];
#define NAMED(suffix) (snprintf(name, sizeof(name), "%s." suffix, prefix), name)
    uint32_t window = (2 * ret->reach + 1) * w->width;
    TRY(load_vector(l, NAMED("norm.weight"), w->width, &ret->norm_weight));
    TRY(load_vector(l, NAMED("norm.bias"), w->width, &ret->norm_bias));
    TRY(load_matrix(l, NAMED("up.weight"), w->hidden, window, &ret->up));
    TRY(load_vector(l, NAMED("up.bias"), w->hidden, &ret->up_bias));
    TRY(load_matrix(l, NAMED("down.weight"), w->width, w->hidden, &ret->down));
    return load_vector(l, NAMED("down.bias"), w->width, &ret->down_bias);
#undef NAMED
}

static enum status load_shape(struct loader *l, struct tts_weights *w)
{
    struct gguf_array dilations;
    TRY(gguf_get_u32(l->file, "linnet-tts.width", &w->width, l->error));
    TRY(gguf_get_u32(l->file, "linnet-tts.hidden", &w->hidden, l->error));
    TRY(gguf_get_u32(l->file, "linnet-tts.bands", &w->bands, l->error));
    TRY(gguf_get_u32(l->file, "linnet-tts.hop", &w->hop, l->error));
    TRY(gguf_get_u32(l->file, "linnet-tts.sample_rate", &w->rate, l->error));
    TRY(gguf_get_u32(l->file, "linnet-tts.encoder_blocks", &w->encoder_blocks, l->error));
    TRY(gguf_get_f32(l->file, "linnet-tts.duration_mean", &w->duration_mean, l->error));
    TRY(gguf_get_f32(l->file, "linnet-tts.duration_std", &w->duration_std, l->error));
    TRY(gguf_get_array(l->file, "linnet-tts.dilations", GGUF_VALUE_I32, &dilations, l->error));
    w->decoder_blocks = (uint32_t)dilations.count;
    if (w->width < 32 || w->width > 1024 || w->hidden < 32 || w->hidden > 4096 || w->bands < 16 ||
        w->bands > TTS_BANDS_MAX || w->encoder_blocks > TTS_BLOCKS_MAX ||
        dilations.count > TTS_BLOCKS_MAX || dilations.count == 0)
        return error_set(l->error, STATUS_UNSUPPORTED,
                         "%s: voice of width %" PRIu32 ", hidden %" PRIu32 ", %" PRIu32
                         " bands, %" PRIu32 " and %zu blocks is beyond this program's limits",
                         gguf_name(l->file), w->width, w->hidden, w->bands, w->encoder_blocks,
                         dilations.count);
    for (size_t i = 0; i < dilations.count; i++) {
        int32_t d = gguf_array_i32(&dilations, i);
        if (d < 1 || d > 8)
            return error_set(l->error, STATUS_UNSUPPORTED,
                             "%s: dilation %" PRId32 ": expected 1 to 8", gguf_name(l->file), d);
        w->decoder[i] = (struct tts_block){.reach = 1, .dilation = (uint32_t)d};
    }
    for (size_t i = 0; i < w->encoder_blocks; i++)
        w->encoder[i] = (struct tts_block){.reach = 2, .dilation = 1};
    return STATUS_OK;
}

static enum status load_blocks(struct loader *l, struct tts_weights *w)
{
    char prefix[32];
    for (uint32_t i = 0; i < w->encoder_blocks; i++) {
        snprintf(prefix, sizeof(prefix), "enc.%" PRIu32, i);
        TRY(load_block(l, w, prefix, &w->encoder[i]));
    }
    for (uint32_t i = 0; i < w->decoder_blocks; i++) {
        snprintf(prefix, sizeof(prefix), "dec.%" PRIu32, i);
        TRY(load_block(l, w, prefix, &w->decoder[i]));
    }
    return STATUS_OK;
}

static enum status load_embeddings(struct loader *l, struct tts_weights *w)
{
    static const struct {
        const char *name;
        uint32_t rows;
    } tables[TTS_COLUMNS] = {{"embed.phone", 40}, {"embed.stress", 3}, {"embed.place", 4},
                             {"embed.break", 4},  {"embed.left", 5},   {"embed.since", 5}};
    for (size_t i = 0; i < TTS_COLUMNS; i++)
        TRY(load_matrix(l, tables[i].name, tables[i].rows, w->width, &w->embed[i]));
    return STATUS_OK;
}

static enum status load_rest(struct loader *l, struct tts_weights *w)
{
    uint32_t features = tts_features(w);
    const float *bias;
    TRY(load_vector(l, "enc_norm.weight", w->width, &w->encoder_norm[0]));
    TRY(load_vector(l, "enc_norm.bias", w->width, &w->encoder_norm[1]));
    TRY(load_matrix(l, "duration.up.weight", w->width, 3 * w->width, &w->duration_up));
    TRY(load_vector(l, "duration.up.bias", w->width, &w->duration_up_bias));
    TRY(load_vector(l, "duration.out.weight", w->width, &w->duration_out));
    TRY(load_vector(l, "duration.out.bias", 1, &bias));
    w->duration_out_bias = *bias;
    TRY(load_matrix(l, "place.weight", w->width, TTS_PAIR * TTS_PLACE, &w->place));
    TRY(load_vector(l, "dec_norm.weight", w->width, &w->decoder_norm[0]));
    TRY(load_vector(l, "dec_norm.bias", w->width, &w->decoder_norm[1]));
    TRY(load_matrix(l, "out.weight", TTS_PAIR * features, w->width, &w->out));
    TRY(load_vector(l, "out.bias", TTS_PAIR * features, &w->out_bias));
    TRY(load_vector(l, "feature.mean", features, &w->mean));
    return load_vector(l, "feature.std", features, &w->std);
}

static enum status load_all(struct loader *l, struct tts_weights *w)
{
    struct gguf_string architecture;
    TRY(gguf_get_string(l->file, "general.architecture", &architecture, l->error));
    if (architecture.length != 10 || memcmp(architecture.data, "linnet-tts", 10) != 0)
        return error_set(l->error, STATUS_FORMAT,
                         "%s: expected a model of architecture linnet-tts, got %.*s",
                         gguf_name(l->file), (int)architecture.length, architecture.data);
    TRY(load_shape(l, w));
    TRY(load_embeddings(l, w));
    TRY(load_blocks(l, w));
    return load_rest(l, w);
}

enum status tts_weights_init(struct tts_weights *ret_weights, const struct gguf *file,
                             struct error *ret_error)
{
    struct loader l = {.file = file, .error = ret_error};
    *ret_weights = (struct tts_weights){0};
    enum status s = load_all(&l, ret_weights);
    if (s != STATUS_OK)
        tts_weights_finish(ret_weights);
    return s;
}

void tts_weights_finish(struct tts_weights *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < TTS_COLUMNS; i++)
        nn_matrix_finish(&w->embed[i]);
    for (size_t i = 0; i < TTS_BLOCKS_MAX; i++) {
        nn_matrix_finish(&w->encoder[i].up);
        nn_matrix_finish(&w->encoder[i].down);
        nn_matrix_finish(&w->decoder[i].up);
        nn_matrix_finish(&w->decoder[i].down);
    }
    nn_matrix_finish(&w->duration_up);
    nn_matrix_finish(&w->place);
    nn_matrix_finish(&w->out);
    *w = (struct tts_weights){0};
}
