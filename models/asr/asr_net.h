/* The recogniser's acoustic net: log-mel frames in, log-posteriors of phones every 30 ms out.
 *
 * Layout of the file and the equations: tools/train/asr/README.md. The net is read-only weights, an
 * encoder is the cheap state of one stream.
 *
 *     struct asr_net *net;
 *     struct asr_encoder *encoder;
 *     TRY(asr_net_create(gguf, &net, ret_error));
 *     TRY(asr_encoder_create(net, &encoder, ret_error));
 *     rows = asr_encoder_feed(encoder, mel, frames, logp);
 *     rows = asr_encoder_flush(encoder, logp);
 *     asr_encoder_reset(encoder);
 *
 * The output does not depend on how the input is cut.
 *
 * An output tells a phone together with the class of the phone said before it; a model of single
 * phones has one class. The log score of phone b said after phone a, in a row of the encoder:
 *
 *     asr_output_score(info, row, a, b)       (the first phone of a stream comes after silence, 0)
 *
 * A phone keeps its output for as long as it lasts.
 *
 * Thread: control for create and destroy; worker for the others (audio-rt safe). */
#ifndef LINNET_MODELS_ASR_NET_H
#define LINNET_MODELS_ASR_NET_H

#include <stdint.h>

#include "gguf.h"
#include "status.h"

enum {
    ASR_FEED_FRAMES = 96, /* most mel frames a call takes */
    ASR_FEED_ROWS = 33    /* most output rows a call gives */
};

/* What the file says about the net. */
struct asr_net_info {
    uint32_t mel_bins, subsampling; /* mel frames per output row */
    uint32_t phones;                /* phone 0 is silence */
    uint32_t outputs;               /* values of a row: phones times classes */
    uint32_t lookahead;             /* mel frames after an output's own that it needs */
    float acoustic_scale;
    const float *prior;         /* [outputs], to be subtracted from the log-posteriors */
    const uint32_t *left_class; /* [phones], of a phone as the one before; silence has 0 */
};

/* Output of `phone` said after `before`. Silence has one, whatever came before. */
static inline uint32_t asr_output(const struct asr_net_info *info, uint32_t before, uint32_t phone)
{
    return phone ? info->left_class[before] * info->phones + phone : 0;
}

/* Its log score in a row of log-posteriors: what paths add up. */
static inline float asr_output_score(const struct asr_net_info *info, const float *row,
                                     uint32_t before, uint32_t phone)
{
    uint32_t output = asr_output(info, before, phone);
    return info->acoustic_scale * (row[output] - info->prior[output]);
}

/* The largest over all phones before: for fillers and levels that know no history. */
float asr_output_best(const struct asr_net_info *info, const float *row, uint32_t phone);

struct asr_net;
struct asr_encoder;

/* Check and pack the weights. The file must outlive the net. Errors: NOT_FOUND, FORMAT,
 * UNSUPPORTED, LIMIT, NO_MEMORY. */
enum status asr_net_create(const struct gguf *gguf, struct asr_net **ret_net,
                           struct error *ret_error);
void asr_net_destroy(struct asr_net *net);
const struct asr_net_info *asr_net_info(const struct asr_net *net);

/* The net must outlive the encoder. */
enum status asr_encoder_create(const struct asr_net *net, struct asr_encoder **ret_encoder,
                               struct error *ret_error);
void asr_encoder_destroy(struct asr_encoder *encoder);
void asr_encoder_reset(struct asr_encoder *encoder);

/* Take `frames` <= ASR_FEED_FRAMES frames of mel_bins values; write the rows of `outputs` log-
 * posteriors that are now known to ret_logp (room for ASR_FEED_ROWS) and return their number. */
uint32_t asr_encoder_feed(struct asr_encoder *encoder, const float *mel, uint32_t frames,
                          float *ret_logp);

/* The rows still owed at the end of a stream: ceil(frames / subsampling) in all. Reset follows. */
uint32_t asr_encoder_flush(struct asr_encoder *encoder, float *ret_logp);

#endif
