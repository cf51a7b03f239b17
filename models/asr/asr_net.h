/* The recogniser's acoustic net: log-mel frames in, log-posteriors of 40 phones every 30 ms out.
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
    uint32_t lookahead;             /* mel frames after an output's own that it needs */
    float acoustic_scale;
    const float *prior; /* [phones], to be subtracted from the log-posteriors */
};

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

/* Take `frames` <= ASR_FEED_FRAMES frames of mel_bins values; write the rows of `phones` log-
 * posteriors that are now known to ret_logp (room for ASR_FEED_ROWS) and return their number. */
uint32_t asr_encoder_feed(struct asr_encoder *encoder, const float *mel, uint32_t frames,
                          float *ret_logp);

/* The rows still owed at the end of a stream: ceil(frames / subsampling) in all. Reset follows. */
uint32_t asr_encoder_flush(struct asr_encoder *encoder, float *ret_logp);

#endif
