/* Cutting text into the words that BPE works on; see lm_tokenizer.h for the expression.
 *
 * Thread: any for all functions. */
#ifndef LINNET_MODELS_LM_PRETOKENIZER_H
#define LINNET_MODELS_LM_PRETOKENIZER_H

#include "lm_tokenizer.h"

enum lm_pre { LM_PRE_GPT2, LM_PRE_SMOLLM };

/* Length in bytes of the first word of `text` (length > 0); never 0. */
size_t lm_pretokenizer_word(enum lm_pre pre, struct lm_piece text);

#endif
