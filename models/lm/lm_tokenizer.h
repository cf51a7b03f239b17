/* Byte-level BPE tokenizer, read from a GGUF file's metadata (tokenizer.ggml.model = "gpt2").
 *
 * Text is cut into words by the GPT-2 expression, each word's bytes become tokens, and neighbours
 * are merged by rank. The expression:
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * tokenizer.ggml.pre "gpt-2", "gpt2" and "default" mean that alone, "smollm" takes single digits
 * out first; any other name is refused. Bytes that are not UTF-8 count as characters of their own
 * that are neither letter, number nor space. Words longer than LM_MAX_WORD bytes are cut there.
 *
 * Thread: control for create and destroy; any for the others (read-only, nothing is allocated). */
#ifndef LINNET_MODELS_LM_TOKENIZER_H
#define LINNET_MODELS_LM_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf.h"
#include "status.h"

enum { LM_MAX_WORD = 512, LM_NO_TOKEN = -1 };

/* Kinds of tokens as numbered in tokenizer.ggml.token_type. */
enum lm_token_type {
    LM_TOKEN_NORMAL = 1,
    LM_TOKEN_UNKNOWN = 2,
    LM_TOKEN_CONTROL = 3,
    LM_TOKEN_USER = 4,
    LM_TOKEN_UNUSED = 5,
    LM_TOKEN_BYTE = 6
};

/* Bytes that a token stands for; not NUL-terminated, they live as long as the tokenizer. Control
 * tokens stand for their name. */
struct lm_piece {
    const char *data;
    size_t length;
};

struct lm_tokenizer;

/* Reads tokenizer.ggml.{model,pre,tokens,token_type,merges,*_token_id}. The file may be closed
 * afterwards. Errors: NOT_FOUND, FORMAT (a merge of unknown tokens, a byte without token),
 * UNSUPPORTED, NO_MEMORY. */
enum status lm_tokenizer_create(const struct gguf *gguf, struct lm_tokenizer **ret_tokenizer,
                                struct error *ret_error);
void lm_tokenizer_destroy(struct lm_tokenizer *tokenizer);

/* Tokens of ordinary text (names of control tokens in it are text). *ret_count is written on
 * success only. Errors: LIMIT when there are more than `capacity` tokens. */
enum status lm_tokenizer_encode(const struct lm_tokenizer *tokenizer, struct lm_piece text,
                                int32_t *ret_tokens, size_t capacity, size_t *ret_count);

/* Number of tokens in the vocabulary. */
uint32_t lm_tokenizer_size(const struct lm_tokenizer *tokenizer);
/* Id of the token of this name ("<|end|>"), spelt as in the file; LM_NO_TOKEN when there is none.
 */
int32_t lm_tokenizer_find(const struct lm_tokenizer *tokenizer, const char *name);
/* `token` must be in [0, size). */
struct lm_piece lm_tokenizer_piece(const struct lm_tokenizer *tokenizer, int32_t token);
enum lm_token_type lm_tokenizer_type(const struct lm_tokenizer *tokenizer, int32_t token);

/* Special ids from the metadata; LM_NO_TOKEN when absent. */
int32_t lm_tokenizer_bos(const struct lm_tokenizer *tokenizer);
int32_t lm_tokenizer_eos(const struct lm_tokenizer *tokenizer);
/* Should a prompt begin with bos? (tokenizer.ggml.add_bos_token) */
bool lm_tokenizer_adds_bos(const struct lm_tokenizer *tokenizer);

#endif
