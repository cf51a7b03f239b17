/* Words and the prefix tree of their pronunciations.
 *
 * Node 0 is the root; its phone is SIL. Nodes are in breadth-first order and the children of a node
 * are contiguous, so the file stores three bytes a node; offsets, parents and the nodes of a word
 * are derived at creation. A word with several pronunciations ends at several nodes, homophones end
 * at the same node.
 *
 * Thread: control for init and finish; any for the others (read-only, audio-rt safe). */
#ifndef LINNET_MODELS_ASR_LEXICON_H
#define LINNET_MODELS_ASR_LEXICON_H

#include <stdint.h>

#include "gguf.h"
#include "status.h"

struct asr_lexicon {
    uint32_t words, nodes, endings;
    const uint8_t *phone;   /* [nodes] */
    const uint16_t *ending; /* [endings] word numbers, in node order */
    const char *text;       /* words, each closed by NUL */
    void *memory;           /* owned: all arrays below */
    uint32_t *text_offset;  /* [words] */
    uint32_t *first_child;  /* [nodes + 1] */
    uint32_t *first_ending; /* [nodes + 1] into ending */
    uint32_t *parent;       /* [nodes]; of the root: itself */
    uint32_t *first_place;  /* [words + 1] into place */
    uint32_t *place;        /* [endings] nodes where a word ends */
};

/* Find, check and index the tensors `lexicon.*`. The file must outlive the object. `phones` is the
 * size of the phone set. Errors: NOT_FOUND, FORMAT, NO_MEMORY. */
enum status asr_lexicon_init(struct asr_lexicon *ret_lexicon, const struct gguf *gguf,
                             uint32_t words, uint32_t phones, struct error *ret_error);
void asr_lexicon_finish(struct asr_lexicon *lexicon);

/* Spelling of a word < words. */
const char *asr_lexicon_word(const struct asr_lexicon *lexicon, uint32_t word);

/* Number of a spelling, or `words` when it is not there. The list is sorted by bytes. */
uint32_t asr_lexicon_find(const struct asr_lexicon *lexicon, const char *spelling);

#endif
