/* A tiny language model with random weights, made in memory: two layers, a few merges, three tools.
 */
#ifndef LINNET_TESTS_LM_TINY_H
#define LINNET_TESTS_LM_TINY_H

#include "gguf.h"
#include "gguf_builder.h"

enum {
    TINY_WIDTH = 32,
    TINY_HIDDEN = 64,
    TINY_HEADS = 4,
    TINY_KV_HEADS = 2,
    TINY_HEAD_SIZE = 8,
    TINY_LAYERS = 2,
    TINY_CONTEXT = 384,
    TINY_CONTROLS = 16,
    /* ids: controls, 256 bytes, merges */
    TINY_BOS = 0,
    TINY_END,
    TINY_USER,
    TINY_ASSISTANT,
    TINY_REPLY,
    TINY_CLOUD,
    TINY_TIMER,
    TINY_TIME,
    TINY_STOP,
    TINY_DURATION,
    TINY_NAME,
    TINY_PLACE
};

/* The file's bytes; `weights` also gets every matrix and vector as floats, in file order (may be
 * NULL). */
struct tiny {
    struct builder file;
    float *weights;
    size_t n_weights;
    uint32_t vocabulary;
};

void tiny_init(struct tiny *t, uint64_t seed);
void tiny_finish(struct tiny *t);

/* Write the file into the test's folder; returns its path. */
const char *tiny_path(const struct tiny *t);
struct gguf *tiny_open(const struct tiny *t);

/* A request of up to max_words words that the tiny vocabulary spells in several ways. */
void tiny_request(struct test_random *random, int max_words, char *ret_text, size_t capacity);

#endif
