#include "wake.h"

#include "gguf.h"
#include "nn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BLOCKS = 32,
    MAX_CHANNELS = 512,
    MAX_STEM = 16,
    MAX_TAPS = 8,
    MAX_DILATION = 64,
    TAP_RING = (WAKE_TAPS - 1) * WAKE_TAP_STEPS + 1,
};

/* relu(W x + b); the head leaves out the relu. */
struct layer {
    struct nn_matrix matrix;
    float *bias;
};

/* A recurrent layer of gated units (GRU); width 0 when the file has none. Rows of the matrices:
 * reset, update, new. */
struct memory {
    uint32_t width;
    struct layer input, hidden;
    float *speech; /* width: the weights of its part of the speech logit */
};

struct wake_model {
    uint32_t stem_frames, stride, taps, channels, blocks;
    uint32_t dilations[MAX_BLOCKS];
    float floor;
    float mean[WAKE_BANDS], scale[WAKE_BANDS];
    struct wake_tuning tuning;
    char words[WAKE_MAX_WORDS][WAKE_MAX_WORD]; /* of the file, then the user's own */
    struct layer stem, head;
    struct layer block[MAX_BLOCKS];
    struct memory memory;
    uint32_t own_count, fingerprint;
    struct own {
        float *weights; /* [WAKE_TAPS][channels] */
        float bias;
    } own[WAKE_MAX_WORDS];
};

struct wake_session {
    const struct wake_model *model;
    const struct nn_ops *ops;
    uint64_t frame;  /* index of the next mel frame */
    uint64_t step;   /* steps since reset */
    float *stem;     /* the last stem_frames frames, normalised, oldest first */
    float *past;     /* per block (taps - 1) * dilation steps of its input, a ring each */
    float *gathered; /* taps * channels: one row for a block */
    float *now;      /* channels: the residual stream */
    float *out;      /* channels, or outputs of the head */
    float *gates;    /* 6 * memory width: from the input, then from the memory */
    float *memory;   /* memory width */
    float *taps;     /* TAP_RING steps of channels: the residual stream before the head */
    float *features; /* WAKE_TAPS * channels */
    void *scratch;
};

/* ---- the model ---- */

static enum status layer_init(struct layer *layer, const struct gguf *gguf, const char *name,
                              const uint32_t shape[2], struct error *ret_error)
{
    char full[GGUF_MAX_NAME];
    const struct gguf_tensor *weight, *bias;
    snprintf(full, sizeof(full), "%s.weight", name);
    TRY(gguf_require_tensor(gguf, full, (uint64_t[]){shape[1], shape[0]}, &weight, ret_error));
    snprintf(full, sizeof(full), "%s.bias", name);
    TRY(gguf_require_tensor(gguf, full, (uint64_t[]){shape[0], 1}, &bias, ret_error));
    if (bias->type != GGUF_TYPE_F32)
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: tensor %s: expected F32, got %s",
                         gguf_name(gguf), full, gguf_type_name(bias->type));
    layer->bias = malloc(bias->size);
    if (!layer->bias)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", gguf_name(gguf));
    memcpy(layer->bias, bias->data, bias->size);
    return nn_matrix_init(&layer->matrix, &weight, 1, ret_error);
}

static void layer_finish(struct layer *layer)
{
    nn_matrix_finish(&layer->matrix);
    free(layer->bias);
}

/* A metadata number that must lie in [1, most]. */
static enum status read_size(const struct gguf *gguf, const char *key, uint32_t most,
                             uint32_t *ret_value, struct error *ret_error)
{
    uint32_t value;
    TRY(gguf_get_u32(gguf, key, &value, ret_error));
    if (value < 1 || value > most)
        return error_set(ret_error, STATUS_FORMAT, "%s: %s: expected 1 to %u, got %u",
                         gguf_name(gguf), key, most, value);
    *ret_value = value;
    return STATUS_OK;
}

static enum status read_bands(const struct gguf *gguf, const char *name, float *ret_values,
                              struct error *ret_error)
{
    const struct gguf_tensor *tensor;
    TRY(gguf_require_tensor(gguf, name, (uint64_t[]){WAKE_BANDS, 1}, &tensor, ret_error));
    if (tensor->type != GGUF_TYPE_F32)
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: tensor %s: expected F32, got %s",
                         gguf_name(gguf), name, gguf_type_name(tensor->type));
    memcpy(ret_values, tensor->data, WAKE_BANDS * sizeof(float));
    return STATUS_OK;
}

static enum status read_dilations(struct wake_model *model, const struct gguf *gguf,
                                  struct error *ret_error)
{
    struct gguf_array array;
    TRY(gguf_get_array(gguf, "linnet-wake.dilations", GGUF_VALUE_U32, &array, ret_error));
    if (array.count < 1 || array.count > MAX_BLOCKS)
        return error_set(ret_error, STATUS_FORMAT, "%s: expected 1 to %d dilations, got %zu",
                         gguf_name(gguf), MAX_BLOCKS, array.count);
    model->blocks = (uint32_t)array.count;
    for (size_t i = 0; i < array.count; i++) {
        int32_t value = gguf_array_i32(&array, i);
        if (value < 1 || value > MAX_DILATION)
            return error_set(ret_error, STATUS_FORMAT, "%s: dilation %zu: expected 1 to %d, got %d",
                             gguf_name(gguf), i, MAX_DILATION, value);
        model->dilations[i] = (uint32_t)value;
    }
    return STATUS_OK;
}

static enum status read_words(struct wake_model *model, const struct gguf *gguf,
                              struct error *ret_error)
{
    struct gguf_array words, thresholds;
    TRY(gguf_get_array(gguf, "linnet-wake.words", GGUF_VALUE_STRING, &words, ret_error));
    TRY(gguf_get_array(gguf, "linnet-wake.thresholds", GGUF_VALUE_F32, &thresholds, ret_error));
    if (words.count > WAKE_MAX_WORDS)
        return error_set(ret_error, STATUS_LIMIT, "%s: at most %d words, got %zu", gguf_name(gguf),
                         WAKE_MAX_WORDS, words.count);
    if (thresholds.count != words.count)
        return error_set(ret_error, STATUS_FORMAT, "%s: %zu words but %zu thresholds",
                         gguf_name(gguf), words.count, thresholds.count);
    model->tuning.word_count = (uint32_t)words.count;
    size_t cursor = 0;
    for (size_t i = 0; i < words.count; i++) {
        struct gguf_string word = gguf_array_next_string(&words, &cursor);
        if (word.length >= WAKE_MAX_WORD)
            return error_set(ret_error, STATUS_LIMIT, "%s: word %zu is longer than %d bytes",
                             gguf_name(gguf), i, WAKE_MAX_WORD - 1);
        memcpy(model->words[i], word.data, word.length);
        model->tuning.thresholds[i] = gguf_array_f32(&thresholds, i);
    }
    return STATUS_OK;
}

static enum status read_shape(struct wake_model *model, const struct gguf *gguf,
                              struct error *ret_error)
{
    struct gguf_string architecture;
    TRY(gguf_get_string(gguf, "general.architecture", &architecture, ret_error));
    if (architecture.length != 11 || memcmp(architecture.data, "linnet-wake", 11) != 0)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: expected architecture linnet-wake, got %.*s", gguf_name(gguf),
                         (int)architecture.length, architecture.data);
    uint32_t bands;
    TRY(read_size(gguf, "linnet-wake.bands", WAKE_BANDS, &bands, ret_error));
    if (bands != WAKE_BANDS)
        return error_set(ret_error, STATUS_UNSUPPORTED, "%s: expected %d bands, got %u",
                         gguf_name(gguf), WAKE_BANDS, bands);
    TRY(read_size(gguf, "linnet-wake.stem_frames", MAX_STEM, &model->stem_frames, ret_error));
    TRY(read_size(gguf, "linnet-wake.stride", model->stem_frames, &model->stride, ret_error));
    TRY(read_size(gguf, "linnet-wake.taps", MAX_TAPS, &model->taps, ret_error));
    TRY(read_size(gguf, "linnet-wake.channels", MAX_CHANNELS, &model->channels, ret_error));
    TRY(gguf_get_f32(gguf, "linnet-wake.floor", &model->floor, ret_error));
    model->tuning.smooth_steps = gguf_u32_or(gguf, "linnet-wake.smooth_steps", 3);
    model->tuning.refractory_frames = gguf_u32_or(gguf, "linnet-wake.refractory_frames", 100);
    model->tuning.delay_frames = gguf_u32_or(gguf, "linnet-wake.delay_frames", 0);
    TRY(read_dilations(model, gguf, ret_error));
    return read_words(model, gguf, ret_error);
}

/* FNV-1a over a tensor's bytes. */
static uint32_t print_of(const struct gguf *gguf, const char *name)
{
    const struct gguf_tensor *tensor = gguf_find_tensor(gguf, name);
    const uint8_t *bytes = tensor->data;
    uint32_t print = 2166136261u;
    for (size_t i = 0; i < tensor->size; i++)
        print = (print ^ bytes[i]) * 16777619u;
    return print;
}

static enum status read_weights(struct wake_model *model, const struct gguf *gguf,
                                struct error *ret_error)
{
    TRY(read_bands(gguf, "norm.mean", model->mean, ret_error));
    TRY(read_bands(gguf, "norm.scale", model->scale, ret_error));
    uint32_t c = model->channels;
    TRY(layer_init(&model->stem, gguf, "stem", (uint32_t[]){c, model->stem_frames * WAKE_BANDS},
                   ret_error));
    for (uint32_t i = 0; i < model->blocks; i++) {
        char name[16];
        snprintf(name, sizeof(name), "blk.%u", i);
        TRY(layer_init(&model->block[i], gguf, name, (uint32_t[]){c, model->taps * c}, ret_error));
    }
    model->fingerprint = print_of(gguf, "stem.weight");
    return layer_init(&model->head, gguf, "head", (uint32_t[]){1 + model->tuning.word_count, c},
                      ret_error);
}

/* Files without a memory are older; they hear as they always did. */
static enum status read_memory(struct wake_model *model, const struct gguf *gguf,
                               struct error *ret_error)
{
    struct memory *memory = &model->memory;
    const struct gguf_tensor *speech;
    if (!gguf_find_tensor(gguf, "memory.speech.weight"))
        return STATUS_OK;
    uint32_t width;
    TRY(read_size(gguf, "linnet-wake.memory", MAX_CHANNELS, &width, ret_error));
    TRY(gguf_require_tensor(gguf, "memory.speech.weight", (uint64_t[]){width, 1}, &speech,
                            ret_error));
    if (speech->type != GGUF_TYPE_F32)
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: tensor memory.speech.weight: expected F32, got %s", gguf_name(gguf),
                         gguf_type_name(speech->type));
    TRY(layer_init(&memory->input, gguf, "memory.input", (uint32_t[]){3 * width, model->channels},
                   ret_error));
    TRY(layer_init(&memory->hidden, gguf, "memory.hidden", (uint32_t[]){3 * width, width},
                   ret_error));
    memory->speech = malloc(speech->size);
    if (!memory->speech)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", gguf_name(gguf));
    memcpy(memory->speech, speech->data, speech->size);
    memory->width = width;
    return STATUS_OK;
}

enum status wake_model_create(struct wake_model **ret_model, const char *path,
                              struct error *ret_error)
{
    struct gguf *gguf;
    TRY(gguf_create_from_file(path, &gguf, ret_error));
    struct wake_model *model = calloc(1, sizeof(*model));
    enum status status = STATUS_NO_MEMORY;
    if (!model)
        error_set(ret_error, status, "%s: out of memory", path);
    else
        status = read_shape(model, gguf, ret_error);
    if (status == STATUS_OK)
        status = read_weights(model, gguf, ret_error);
    if (status == STATUS_OK)
        status = read_memory(model, gguf, ret_error);
    gguf_destroy(gguf);
    if (status != STATUS_OK) {
        wake_model_destroy(model);
        return status;
    }
    *ret_model = model;
    return STATUS_OK;
}

void wake_model_destroy(struct wake_model *model)
{
    if (!model)
        return;
    layer_finish(&model->stem);
    layer_finish(&model->head);
    for (size_t i = 0; i < MAX_BLOCKS; i++)
        layer_finish(&model->block[i]);
    layer_finish(&model->memory.input);
    layer_finish(&model->memory.hidden);
    free(model->memory.speech);
    for (uint32_t i = 0; i < model->own_count; i++)
        free(model->own[i].weights);
    free(model);
}

size_t wake_model_word_count(const struct wake_model *model)
{
    return model->tuning.word_count;
}

const char *wake_model_word(const struct wake_model *model, size_t index)
{
    return model->words[index];
}

int wake_model_find_word(const struct wake_model *model, const char *name)
{
    if (strncmp(name, "hey ", 4) == 0)
        name += 4;
    for (uint32_t i = 0; i < model->tuning.word_count; i++)
        if (strcmp(model->words[i], name) == 0)
            return (int)i;
    return -1;
}

enum status wake_model_add_word(struct wake_model *model, const struct wake_own_word *word,
                                struct error *ret_error)
{
    uint32_t place = model->tuning.word_count, size = wake_model_features(model);
    if (place >= WAKE_MAX_WORDS)
        return error_set(ret_error, STATUS_LIMIT, "wake word \"%s\": no more than %d words",
                         word->name, WAKE_MAX_WORDS);
    if (word->size != size)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "wake word \"%s\": %u weights, expected %u", word->name, word->size, size);
    struct own *own = &model->own[model->own_count];
    own->weights = malloc(size * sizeof(float));
    if (!own->weights)
        return error_set(ret_error, STATUS_NO_MEMORY, "wake word: out of memory");
    memcpy(own->weights, word->weights, size * sizeof(float));
    own->bias = word->bias;
    memcpy(model->words[place], word->name, WAKE_MAX_WORD);
    model->tuning.thresholds[place] = word->threshold;
    model->tuning.word_count++;
    model->own_count++;
    return STATUS_OK;
}

uint32_t wake_model_features(const struct wake_model *model)
{
    return WAKE_TAPS * model->channels;
}

uint32_t wake_model_fingerprint(const struct wake_model *model)
{
    return model->fingerprint;
}

void wake_model_tuning(const struct wake_model *model, struct wake_tuning *ret_tuning)
{
    *ret_tuning = model->tuning;
}

/* Steps that block i keeps of its input. */
static size_t past_steps(const struct wake_model *model, uint32_t i)
{
    return (size_t)(model->taps - 1) * model->dilations[i];
}

static size_t past_steps_all(const struct wake_model *model)
{
    size_t steps = 0;
    for (uint32_t i = 0; i < model->blocks; i++)
        steps += past_steps(model, i);
    return steps;
}

size_t wake_model_field(const struct wake_model *model)
{
    return model->stem_frames + model->stride * past_steps_all(model);
}

/* ---- a stream ---- */

static size_t scratch_for(const struct layer *layer, size_t most)
{
    size_t need = nn_matmul_scratch(&layer->matrix, 1);
    return need > most ? need : most;
}

static size_t scratch_bytes(const struct wake_model *model)
{
    size_t most = scratch_for(&model->stem, 0);
    for (uint32_t i = 0; i < model->blocks; i++)
        most = scratch_for(&model->block[i], most);
    most = scratch_for(&model->head, most);
    if (model->memory.width > 0)
        most = scratch_for(&model->memory.hidden, scratch_for(&model->memory.input, most));
    return most > NN_ALIGN ? (most + NN_ALIGN - 1) / NN_ALIGN * NN_ALIGN : NN_ALIGN;
}

static size_t out_floats(const struct wake_model *model)
{
    size_t outputs = 1 + WAKE_MAX_WORDS;
    return model->channels > outputs ? model->channels : outputs;
}

enum status wake_session_create(struct wake_session **ret_session, const struct wake_model *model,
                                struct error *ret_error)
{
    struct wake_session *session = calloc(1, sizeof(*session));
    if (!session)
        return error_set(ret_error, STATUS_NO_MEMORY, "wake session: out of memory");
    size_t c = model->channels;
    session->model = model;
    session->ops = nn_ops_best();
    session->stem = calloc((size_t)model->stem_frames * WAKE_BANDS, sizeof(float));
    session->past = calloc(past_steps_all(model) * c + 1, sizeof(float));
    session->gathered = calloc(model->taps * c, sizeof(float));
    session->now = calloc(c, sizeof(float));
    session->out = calloc(out_floats(model), sizeof(float));
    session->gates = calloc(6 * (size_t)model->memory.width + 1, sizeof(float));
    session->memory = calloc((size_t)model->memory.width + 1, sizeof(float));
    session->taps = calloc(TAP_RING * c, sizeof(float));
    session->features = calloc(WAKE_TAPS * c, sizeof(float));
    session->scratch = aligned_alloc(NN_ALIGN, scratch_bytes(model));
    if (!session->stem || !session->past || !session->gathered || !session->now || !session->out ||
        !session->gates || !session->memory || !session->taps || !session->features ||
        !session->scratch) {
        wake_session_destroy(session);
        return error_set(ret_error, STATUS_NO_MEMORY, "wake session: out of memory");
    }
    *ret_session = session;
    return STATUS_OK;
}

void wake_session_destroy(struct wake_session *session)
{
    if (!session)
        return;
    free(session->stem);
    free(session->past);
    free(session->gathered);
    free(session->now);
    free(session->out);
    free(session->gates);
    free(session->memory);
    free(session->taps);
    free(session->features);
    free(session->scratch);
    free(session);
}

void wake_session_reset(struct wake_session *session, uint64_t frame)
{
    const struct wake_model *model = session->model;
    memset(session->stem, 0, (size_t)model->stem_frames * WAKE_BANDS * sizeof(float));
    memset(session->past, 0, past_steps_all(model) * model->channels * sizeof(float));
    memset(session->memory, 0, model->memory.width * sizeof(float));
    memset(session->taps, 0, (size_t)TAP_RING * model->channels * sizeof(float));
    session->frame = frame;
    session->step = 0;
}

/* Slide the stem's window by one frame. */
static void push_frame(struct wake_session *session, const float *mel)
{
    const struct wake_model *model = session->model;
    size_t keep = (size_t)(model->stem_frames - 1) * WAKE_BANDS;
    memmove(session->stem, session->stem + WAKE_BANDS, keep * sizeof(float));
    float *newest = session->stem + keep;
    for (size_t b = 0; b < WAKE_BANDS; b++) {
        float x = mel[b] > model->floor ? mel[b] : model->floor;
        newest[b] = (x - model->mean[b]) * model->scale[b];
    }
}

/* Gather the block's input of this step and of those before it, oldest first, and keep this one. */
static void gather(struct wake_session *session, uint32_t block, float *ring)
{
    const struct wake_model *model = session->model;
    size_t c = model->channels, span = past_steps(model, block);
    for (uint32_t k = 0; k + 1 < model->taps; k++) {
        size_t slot = (size_t)((session->step + (uint64_t)k * model->dilations[block]) % span);
        memcpy(session->gathered + k * c, ring + slot * c, c * sizeof(float));
    }
    memcpy(session->gathered + (model->taps - 1) * c, session->now, c * sizeof(float));
    if (span > 0)
        memcpy(ring + (size_t)(session->step % span) * c, session->now, c * sizeof(float));
}

static void apply(struct wake_session *session, const struct layer *layer, const float *x, float *y)
{
    struct nn_in in = {.data = x, .rows = 1, .stride = layer->matrix.cols};
    struct nn_out out = {.data = y, .stride = layer->matrix.rows, .bias = layer->bias};
    session->ops->matmul(&layer->matrix, in, out, session->scratch);
}

/* r, z = sigmoid(Wx + b + Uh + c); n = tanh(Wx + b + r (Uh + c)); h = (1 - z) n + z h. */
static void remember(struct wake_session *session)
{
    const struct memory *memory = &session->model->memory;
    const struct nn_ops *ops = session->ops;
    size_t n = memory->width;
    float *gate = session->gates, *past = gate + 3 * n, *h = session->memory;
    apply(session, &memory->input, session->now, gate);
    apply(session, &memory->hidden, h, past);
    ops->add(gate, past, 2 * n);
    ops->activate(NN_SIGMOID, gate, 2 * n);
    ops->multiply(past + 2 * n, gate, n);
    ops->add(gate + 2 * n, past + 2 * n, n);
    ops->activate(NN_TANH, gate + 2 * n, n);
    for (size_t i = 0; i < n; i++)
        h[i] = gate[2 * n + i] + gate[n + i] * (h[i] - gate[2 * n + i]);
}

/* Row `count` of the last layer and those behind it: the user's own words. */
static void hear_own(struct wake_session *session, uint32_t count)
{
    const struct wake_model *model = session->model;
    if (model->own_count == 0)
        return;
    wake_session_features(session, session->features);
    for (uint32_t i = 0; i < model->own_count; i++)
        session->out[count + i] =
            model->own[i].bias +
            session->ops->dot(model->own[i].weights, session->features, wake_model_features(model));
}

static void run_step(struct wake_session *session)
{
    const struct wake_model *model = session->model;
    const struct nn_ops *ops = session->ops;
    size_t c = model->channels;
    apply(session, &model->stem, session->stem, session->now);
    ops->activate(NN_RELU, session->now, c);
    float *ring = session->past;
    for (uint32_t i = 0; i < model->blocks; i++) {
        gather(session, i, ring);
        apply(session, &model->block[i], session->gathered, session->out);
        ops->activate(NN_RELU, session->out, c);
        ops->add(session->now, session->out, c);
        ring += past_steps(model, i) * c;
    }
    memcpy(session->taps + (size_t)(session->step % TAP_RING) * c, session->now, c * sizeof(float));
    session->step++;
    apply(session, &model->head, session->now, session->out);
    hear_own(session, model->head.matrix.rows);
    if (model->memory.width > 0) {
        remember(session);
        session->out[0] += ops->dot(model->memory.speech, session->memory, model->memory.width);
    }
    ops->activate(NN_SIGMOID, session->out, 1 + model->tuning.word_count);
}

bool wake_session_process(struct wake_session *session, const float mel[WAKE_BANDS],
                          struct wake_scores *ret_scores)
{
    const struct wake_model *model = session->model;
    push_frame(session, mel);
    uint64_t frame = session->frame++;
    if ((frame + 1) % model->stride != 0)
        return false;
    run_step(session);
    memset(ret_scores, 0, sizeof(*ret_scores));
    ret_scores->frame = frame;
    ret_scores->speech = session->out[0];
    memcpy(ret_scores->words, session->out + 1, model->tuning.word_count * sizeof(float));
    return true;
}

void wake_session_features(const struct wake_session *session, float *ret_features)
{
    size_t c = session->model->channels;
    for (uint64_t k = 0; k < WAKE_TAPS; k++) {
        uint64_t back = 1 + k * WAKE_TAP_STEPS;
        float *to = ret_features + k * c;
        if (back > session->step)
            memset(to, 0, c * sizeof(float));
        else
            memcpy(to, session->taps + (size_t)((session->step - back) % TAP_RING) * c,
                   c * sizeof(float));
    }
}
