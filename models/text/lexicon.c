#include "lexicon.h"

#include <inttypes.h>
#include <stdlib.h>

struct lexicon {
    const uint8_t *blob;
    size_t size;
    const int32_t *index; /* start of each block of `block` words in blob */
    size_t blocks;
    size_t words;
    size_t block;
};

/* A walk over the words of one block: the word is rebuilt from what it shares with the one before.
 */
struct reader {
    const struct lexicon *lexicon;
    size_t at;
    char word[LEXICON_WORD_MAX];
    size_t length;
    size_t variants; /* of this word, stored from `at` on */
};

static bool has(const struct reader *r, size_t bytes)
{
    return bytes <= r->lexicon->size - r->at;
}

static bool next_word(struct reader *r)
{
    if (!has(r, 2))
        return false;
    size_t shared = r->lexicon->blob[r->at];
    size_t suffix = r->lexicon->blob[r->at + 1];
    r->at += 2;
    if (shared > r->length || shared + suffix >= sizeof(r->word) || !has(r, suffix + 1))
        return false;
    memcpy(r->word + shared, r->lexicon->blob + r->at, suffix);
    r->length = shared + suffix;
    r->word[r->length] = '\0';
    r->at += suffix;
    r->variants = r->lexicon->blob[r->at++];
    return true;
}

static bool next_variant(struct reader *r, struct pronunciation *ret)
{
    if (!has(r, 1))
        return false;
    size_t count = r->lexicon->blob[r->at++];
    if (count == 0 || count > PRONUNCIATION_MAX || !has(r, count))
        return false;
    ret->count = (uint8_t)count;
    memcpy(ret->phones, r->lexicon->blob + r->at, count);
    r->at += count;
    return true;
}

static struct reader reader_at_block(const struct lexicon *lexicon, size_t block)
{
    return (struct reader){.lexicon = lexicon, .at = (size_t)lexicon->index[block]};
}

static bool pronunciation_is_sound(const struct pronunciation *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (phone_of_code(p->phones[i]) >= PHONE_COUNT || phone_stress_of_code(p->phones[i]) > 2)
            return false;
    return true;
}

static bool check_block(const struct lexicon *lexicon, size_t block, char *last)
{
    size_t words = lexicon->words - block * lexicon->block;
    struct reader r = reader_at_block(lexicon, block);
    for (size_t i = 0; i < words && i < lexicon->block; i++) {
        if (!next_word(&r) || strcmp(r.word, last) <= 0)
            return false;
        memcpy(last, r.word, sizeof(r.word));
        if (r.variants == 0 || r.variants > LEXICON_VARIANTS_MAX)
            return false;
        for (size_t v = 0; v < r.variants; v++) {
            struct pronunciation p;
            if (!next_variant(&r, &p) || !pronunciation_is_sound(&p))
                return false;
        }
    }
    return true;
}

static enum status check(const struct lexicon *lexicon, const char *name, struct error *ret_error)
{
    char last[LEXICON_WORD_MAX] = "";
    for (size_t b = 0; b < lexicon->blocks; b++) {
        if (lexicon->index[b] < 0 || (size_t)lexicon->index[b] >= lexicon->size)
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: lexicon.index[%zu]: expected below %zu, got %" PRId32, name, b,
                             lexicon->size, lexicon->index[b]);
        if (!check_block(lexicon, b, last))
            return error_set(ret_error, STATUS_FORMAT,
                             "%s: lexicon.blob offset %" PRId32
                             ": expected a block of %zu sorted words",
                             name, lexicon->index[b], lexicon->block);
    }
    return STATUS_OK;
}

static enum status open_tables(const struct gguf *file, struct lexicon *l, struct error *ret_error)
{
    const struct gguf_tensor *blob, *index;
    uint32_t words, block;
    TRY(gguf_require_tensor(file, "lexicon.blob", (uint64_t[2]){0, 1}, &blob, ret_error));
    TRY(gguf_require_tensor(file, "lexicon.index", (uint64_t[2]){0, 1}, &index, ret_error));
    TRY(gguf_get_u32(file, "linnet-text.lexicon.words", &words, ret_error));
    TRY(gguf_get_u32(file, "linnet-text.lexicon.block", &block, ret_error));
    if (blob->type != GGUF_TYPE_I8 || index->type != GGUF_TYPE_I32)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: lexicon: expected an I8 blob and an I32 index", gguf_name(file));
    l->blob = blob->data;
    l->size = blob->size;
    l->index = index->data;
    l->blocks = (size_t)index->ne[0];
    l->words = words;
    l->block = block;
    if (block == 0 || words == 0 || l->blocks != ((size_t)words + block - 1) / block)
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: lexicon: %" PRIu32 " words in blocks of %" PRIu32
                         " do not give %zu blocks",
                         gguf_name(file), words, block, l->blocks);
    return check(l, gguf_name(file), ret_error);
}

enum status lexicon_create(const struct gguf *file, struct lexicon **ret_lexicon,
                           struct error *ret_error)
{
    struct lexicon *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return error_set(ret_error, STATUS_NO_MEMORY, "lexicon: out of memory");
    enum status s = open_tables(file, l, ret_error);
    if (s != STATUS_OK) {
        lexicon_destroy(l);
        return s;
    }
    *ret_lexicon = l;
    return STATUS_OK;
}

void lexicon_destroy(struct lexicon *lexicon)
{
    free(lexicon);
}

size_t lexicon_word_count(const struct lexicon *lexicon)
{
    return lexicon->words;
}

/* The last block whose first word is not after `word`. */
static size_t find_block(const struct lexicon *lexicon, const char *word)
{
    size_t low = 0, high = lexicon->blocks;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        struct reader r = reader_at_block(lexicon, middle);
        next_word(&r);
        if (strcmp(r.word, word) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t read_variants(struct reader *r, struct pronunciation *ret_found, size_t max)
{
    struct pronunciation skipped;
    for (size_t v = 0; v < r->variants; v++)
        next_variant(r, v < max ? &ret_found[v] : &skipped);
    return r->variants;
}

size_t lexicon_find(const struct lexicon *lexicon, const char *word,
                    struct pronunciation *ret_found, size_t max)
{
    size_t block = find_block(lexicon, word);
    struct reader r = reader_at_block(lexicon, block);
    for (size_t i = block * lexicon->block; i < lexicon->words && next_word(&r); i++) {
        int order = strcmp(r.word, word);
        if (order == 0)
            return read_variants(&r, ret_found, max);
        if (order > 0 || i + 1 == (block + 1) * lexicon->block)
            return 0;
        read_variants(&r, NULL, 0);
    }
    return 0;
}

void lexicon_walk(const struct lexicon *lexicon, lexicon_visit visit, void *user)
{
    struct pronunciation found[LEXICON_VARIANTS_MAX];
    struct reader r = reader_at_block(lexicon, 0);
    for (size_t i = 0; i < lexicon->words; i++) {
        if (i % lexicon->block == 0)
            r = reader_at_block(lexicon, i / lexicon->block);
        if (!next_word(&r))
            return;
        size_t count = read_variants(&r, found, LEXICON_VARIANTS_MAX);
        if (!visit(user, r.word, found, count))
            return;
    }
}
