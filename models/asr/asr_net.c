#include <stdio.h>
#include <stdlib.h>

#include "asr_net_impl.h"

#define KEY "linnet-asr."

/* A metadata number that must lie in [low, high]. */
static enum status number(const struct gguf *gguf, const char *key, const uint32_t range[2],
                          uint32_t *ret_value, struct error *ret_error)
{
    TRY(gguf_get_u32(gguf, key, ret_value, ret_error));
    if (*ret_value < range[0] || *ret_value > range[1])
        return error_set(ret_error, STATUS_FORMAT, "%s: %s: expected %u to %u, found %u",
                         gguf_name(gguf), key, range[0], range[1], *ret_value);
    return STATUS_OK;
}

static enum status vector(const struct gguf *gguf, const char *name, uint32_t size,
                          const float **ret_values, struct error *ret_error)
{
    const struct gguf_tensor *tensor;
    TRY(gguf_require_tensor(gguf, name, (const uint64_t[2]){size, 1}, &tensor, ret_error));
    if (tensor->type != GGUF_TYPE_F32)
        return error_set(ret_error, STATUS_FORMAT, "%s: tensor %s: expected type F32, found %s",
                         gguf_name(gguf), name, gguf_type_name(tensor->type));
    *ret_values = tensor->data;
    return STATUS_OK;
}

static enum status matrix(const struct gguf *gguf, const char *name, const uint64_t shape[2],
                          struct nn_matrix *ret_matrix, struct error *ret_error)
{
    const struct gguf_tensor *tensor;
    TRY(gguf_require_tensor(gguf, name, shape, &tensor, ret_error));
    return nn_matrix_init(ret_matrix, &tensor, 1, ret_error);
}

static enum status layer(const struct gguf *gguf, const char *name, const uint64_t shape[2],
                         struct asr_layer *layer, struct error *ret_error)
{
    char full[GGUF_MAX_NAME];
    snprintf(full, sizeof full, "%s.weight", name);
    TRY(matrix(gguf, full, shape, &layer->weight, ret_error));
    snprintf(full, sizeof full, "%s.bias", name);
    TRY(vector(gguf, full, (uint32_t)shape[1], &layer->bias, ret_error));
    snprintf(full, sizeof full, "%s.shift", name);
    return vector(gguf, full, (uint32_t)shape[1], &layer->shift, ret_error);
}

static enum status read_sizes(struct asr_net *net, const struct gguf *gguf, struct error *ret_error)
{
    const uint32_t some[2] = {1, 4096}, few[2] = {1, 8}, blocks[2] = {1, ASR_MAX_BLOCKS};
    const uint32_t reach[2] = {0, 16}, ahead[2] = {0, 60};
    TRY(number(gguf, KEY "mel_bins", some, &net->info.mel_bins, ret_error));
    TRY(number(gguf, KEY "subsampling", few, &net->info.subsampling, ret_error));
    TRY(number(gguf, KEY "input_left", reach, &net->input_left, ret_error));
    TRY(number(gguf, KEY "input_right", reach, &net->input_right, ret_error));
    TRY(number(gguf, KEY "width", some, &net->width, ret_error));
    TRY(number(gguf, KEY "bottleneck", some, &net->bottleneck, ret_error));
    TRY(number(gguf, KEY "final", some, &net->hidden, ret_error));
    TRY(number(gguf, KEY "block_count", blocks, &net->blocks, ret_error));
    TRY(number(gguf, KEY "lookahead", ahead, &net->info.lookahead, ret_error));
    TRY(gguf_get_f32(gguf, KEY "residual_scale", &net->residual_scale, ret_error));
    TRY(gguf_get_f32(gguf, KEY "input_floor", &net->input_floor, ret_error));
    return gguf_get_f32(gguf, KEY "acoustic_scale", &net->info.acoustic_scale, ret_error);
}

static enum status read_phones(struct asr_net *net, const struct gguf *gguf,
                               struct error *ret_error)
{
    struct gguf_array names;
    TRY(gguf_get_array(gguf, KEY "phones", GGUF_VALUE_STRING, &names, ret_error));
    if (names.count < 2 || names.count > ASR_MAX_PHONES)
        return error_set(ret_error, STATUS_FORMAT, "%s: " KEY "phones: expected 2 to %d names",
                         gguf_name(gguf), ASR_MAX_PHONES);
    net->info.phones = (uint32_t)names.count;
    return STATUS_OK;
}

/* Classes of the phone before; a file that does not name them has one. */
static enum status read_classes(struct asr_net *net, const struct gguf *gguf,
                                struct error *ret_error)
{
    struct gguf_array of;
    uint32_t classes = 1, phones = net->info.phones;
    if (gguf_find_entry(gguf, KEY "left_classes")) {
        TRY(number(gguf, KEY "left_classes", (const uint32_t[2]){1, phones}, &classes, ret_error));
        TRY(gguf_get_array(gguf, KEY "left_class", GGUF_VALUE_I32, &of, ret_error));
        if (of.count != phones)
            return error_set(ret_error, STATUS_FORMAT, "%s: " KEY "left_class: expected %u values",
                             gguf_name(gguf), phones);
        for (uint32_t p = 0; p < phones; p++) {
            int32_t class = gguf_array_i32(&of, p);
            if (class < 0 || (uint32_t) class >= classes || (p == 0 && class != 0))
                return error_set(ret_error, STATUS_FORMAT,
                                 "%s: " KEY "left_class: phone %u: class %d of %u", gguf_name(gguf),
                                 p, class, classes);
            net->left_class[p] = (uint32_t) class;
        }
    }
    net->info.left_class = net->left_class;
    net->info.outputs = classes * phones;
    return vector(gguf, "output.prior", net->info.outputs, &net->info.prior, ret_error);
}

static enum status read_reach(struct asr_net *net, const struct gguf *gguf, struct error *ret_error)
{
    struct gguf_array left, right;
    TRY(gguf_get_array(gguf, KEY "block_left", GGUF_VALUE_I32, &left, ret_error));
    TRY(gguf_get_array(gguf, KEY "block_right", GGUF_VALUE_I32, &right, ret_error));
    if (left.count != net->blocks || right.count != net->blocks)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: expected %u values of block_left and _right", gguf_name(gguf),
                         net->blocks);
    uint32_t ahead = net->input_right;
    for (uint32_t b = 0; b < net->blocks; b++) {
        int32_t l = gguf_array_i32(&left, b), r = gguf_array_i32(&right, b);
        if (l < 0 || l > 3 || r < 0 || r > 1)
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: block %u: expected left 0 to 3 and right 0 or 1, found %d and %d",
                             gguf_name(gguf), b, l, r);
        net->block[b].left = (uint32_t)l;
        net->block[b].right = (uint32_t)r;
        ahead += net->info.subsampling * (uint32_t)r;
    }
    if (ahead != net->info.lookahead)
        return error_set(ret_error, STATUS_FORMAT, "%s: lookahead: expected %u, found %u",
                         gguf_name(gguf), ahead, net->info.lookahead);
    return STATUS_OK;
}

static enum status read_block(struct asr_net *net, uint32_t number, const struct gguf *gguf,
                              struct error *ret_error)
{
    struct asr_block *b = &net->block[number];
    char name[GGUF_MAX_NAME];
    snprintf(name, sizeof name, "blk.%u.down.weight", number);
    TRY(matrix(gguf, name, (const uint64_t[2]){2 * net->width, net->bottleneck}, &b->down,
               ret_error));
    snprintf(name, sizeof name, "blk.%u.up.weight", number);
    TRY(matrix(gguf, name, (const uint64_t[2]){2 * net->bottleneck, net->width}, &b->up,
               ret_error));
    snprintf(name, sizeof name, "blk.%u.up.bias", number);
    TRY(vector(gguf, name, net->width, &b->bias, ret_error));
    snprintf(name, sizeof name, "blk.%u.shift", number);
    return vector(gguf, name, net->width, &b->shift, ret_error);
}

static enum status read_net(struct asr_net *net, const struct gguf *gguf, struct error *ret_error)
{
    struct gguf_string architecture;
    TRY(gguf_get_string(gguf, "general.architecture", &architecture, ret_error));
    if (architecture.length != 10 || memcmp(architecture.data, "linnet-asr", 10) != 0)
        return error_set(ret_error, STATUS_FORMAT, "%s: expected architecture linnet-asr",
                         gguf_name(gguf));
    TRY(read_sizes(net, gguf, ret_error));
    TRY(read_phones(net, gguf, ret_error));
    TRY(read_classes(net, gguf, ret_error));
    TRY(read_reach(net, gguf, ret_error));
    TRY(vector(gguf, "input.mean", net->info.mel_bins, &net->mean, ret_error));
    TRY(vector(gguf, "input.scale", net->info.mel_bins, &net->scale, ret_error));
    uint64_t spliced = (net->input_left + 1 + net->input_right) * net->info.mel_bins;
    TRY(layer(gguf, "input", (const uint64_t[2]){spliced, net->width}, &net->input, ret_error));
    for (uint32_t b = 0; b < net->blocks; b++)
        TRY(read_block(net, b, gguf, ret_error));
    TRY(layer(gguf, "final", (const uint64_t[2]){net->width, net->hidden}, &net->final, ret_error));
    TRY(matrix(gguf, "output.weight", (const uint64_t[2]){net->hidden, net->info.outputs},
               &net->output, ret_error));
    return vector(gguf, "output.bias", net->info.outputs, &net->output_bias, ret_error);
}

enum status asr_net_create(const struct gguf *gguf, struct asr_net **ret_net,
                           struct error *ret_error)
{
    struct asr_net *net = calloc(1, sizeof *net);
    if (!net)
        return error_set(ret_error, STATUS_NO_MEMORY, "acoustic net");
    enum status status = read_net(net, gguf, ret_error);
    if (status != STATUS_OK) {
        asr_net_destroy(net);
        return status;
    }
    *ret_net = net;
    return STATUS_OK;
}

void asr_net_destroy(struct asr_net *net)
{
    if (!net)
        return;
    for (uint32_t b = 0; b < ASR_MAX_BLOCKS; b++) {
        nn_matrix_finish(&net->block[b].down);
        nn_matrix_finish(&net->block[b].up);
    }
    nn_matrix_finish(&net->input.weight);
    nn_matrix_finish(&net->final.weight);
    nn_matrix_finish(&net->output);
    free(net);
}

const struct asr_net_info *asr_net_info(const struct asr_net *net)
{
    return &net->info;
}

float asr_output_best(const struct asr_net_info *info, const float *row, uint32_t phone)
{
    uint32_t end = phone ? info->outputs : 1; /* silence has no other outputs */
    float best = row[phone] - info->prior[phone];
    for (uint32_t o = phone + info->phones; o < end; o += info->phones) {
        float score = row[o] - info->prior[o];
        best = score > best ? score : best;
    }
    return info->acoustic_scale * best;
}
