/* pocketsphinx on the same recordings, in the same run: its Python package (5, with a model) where
 * `python3` has it, else Debian's pocketsphinx_batch with pocketsphinx-en-us.
 *
 * Thread: control, for all functions. */
#ifndef LINNET_TOOLS_BENCH_ASR_PEER_H
#define LINNET_TOOLS_BENCH_ASR_PEER_H

#include <stddef.h>

#include "status.h"

struct bench_asr_peer;

/* *ret_peer is NULL where neither is installed. Errors: IO (scratch folder), NO_MEMORY. */
enum status bench_asr_peer_create(struct bench_asr_peer **ret_peer, struct error *ret_error);
void bench_asr_peer_destroy(struct bench_asr_peer *peer);

/* "pocketsphinx 5" or "pocketsphinx 0.8". */
const char *bench_asr_peer_name(const struct bench_asr_peer *peer);

/* One more recording, 16 kHz mono. */
enum status bench_asr_peer_add(struct bench_asr_peer *peer, const float *samples, size_t count,
                               struct error *ret_error);

/* Recognise all that were added; `take` is called with the number and the text of each that had
 * one. *ret_seconds is its processor time. */
enum status bench_asr_peer_run(struct bench_asr_peer *peer,
                               void (*take)(void *context, size_t number, const char *text),
                               void *context, double *ret_seconds, struct error *ret_error);

#endif
