#include "asr_lexicon.h"

#include <stdlib.h>
#include <string.h>

/* The parts of the file while they are checked. */
struct parts {
    const struct gguf_tensor *text, *children, *phone, *endings, *word;
};

static enum status require(const struct gguf *gguf, const char *name, enum gguf_type type,
                           const struct gguf_tensor **ret_tensor, struct error *ret_error)
{
    TRY(gguf_require_tensor(gguf, name, (const uint64_t[2]){0, 1}, ret_tensor, ret_error));
    if ((*ret_tensor)->type != type)
        return error_set(ret_error, STATUS_FORMAT, "%s: tensor %s: expected type %s, found %s",
                         gguf_name(gguf), name, gguf_type_name(type),
                         gguf_type_name((*ret_tensor)->type));
    return STATUS_OK;
}

static enum status find_parts(const struct gguf *gguf, struct parts *p, struct error *ret_error)
{
    TRY(require(gguf, "lexicon.text", GGUF_TYPE_I8, &p->text, ret_error));
    TRY(require(gguf, "lexicon.children", GGUF_TYPE_I8, &p->children, ret_error));
    TRY(require(gguf, "lexicon.phone", GGUF_TYPE_I8, &p->phone, ret_error));
    TRY(require(gguf, "lexicon.endings", GGUF_TYPE_I8, &p->endings, ret_error));
    TRY(require(gguf, "lexicon.word", GGUF_TYPE_I16, &p->word, ret_error));
    if (p->phone->ne[0] != p->children->ne[0] || p->endings->ne[0] != p->children->ne[0])
        return error_set(ret_error, STATUS_FORMAT,
                         "%s: lexicon: expected as many phones and endings as nodes (%llu)",
                         gguf_name(gguf), (unsigned long long)p->children->ne[0]);
    if (p->children->ne[0] > INT32_MAX || p->word->ne[0] > INT32_MAX || p->children->ne[0] == 0)
        return error_set(ret_error, STATUS_FORMAT, "%s: lexicon: too large or empty",
                         gguf_name(gguf));
    return STATUS_OK;
}

static enum status allocate(struct asr_lexicon *l, struct error *ret_error)
{
    size_t count = (size_t)l->words + (l->nodes + 1) * 2 + l->nodes + (l->words + 1) + l->endings;
    uint32_t *at = calloc(count, sizeof *at);
    if (!at)
        return error_set(ret_error, STATUS_NO_MEMORY, "lexicon: %zu bytes", count * sizeof *at);
    l->memory = at;
    l->text_offset = at;
    l->first_child = l->text_offset + l->words;
    l->first_ending = l->first_child + l->nodes + 1;
    l->parent = l->first_ending + l->nodes + 1;
    l->first_place = l->parent + l->nodes;
    l->place = l->first_place + l->words + 1;
    return STATUS_OK;
}

/* Offsets of the words; each closed by NUL and larger than the one before. */
static enum status index_text(struct asr_lexicon *l, size_t size, struct error *ret_error)
{
    size_t at = 0;
    for (uint32_t w = 0; w < l->words; w++) {
        const char *end = at < size ? memchr(l->text + at, 0, size - at) : NULL;
        if (!end || end == l->text + at)
            return error_set(ret_error, STATUS_FORMAT,
                             "lexicon.text: byte %zu: expected word %u of %u", at, w, l->words);
        if (w > 0 && strcmp(l->text + l->text_offset[w - 1], l->text + at) >= 0)
            return error_set(ret_error, STATUS_FORMAT, "lexicon.text: byte %zu: words not sorted",
                             at);
        l->text_offset[w] = (uint32_t)at;
        at = (size_t)(end - l->text) + 1;
    }
    if (at != size)
        return error_set(ret_error, STATUS_FORMAT, "lexicon.text: expected %zu bytes, found %zu",
                         at, size);
    return STATUS_OK;
}

/* Children come after their parent and there is one parent each: the arrays form a tree. */
static enum status index_nodes(struct asr_lexicon *l, const uint8_t *children,
                               const uint8_t *endings, struct error *ret_error)
{
    uint64_t child = 1, ending = 0;
    for (uint32_t n = 0; n < l->nodes; n++) {
        if (child <= n || child + children[n] > l->nodes || ending + endings[n] > l->endings)
            return error_set(ret_error, STATUS_FORMAT, "lexicon: node %u: not a tree", n);
        l->first_child[n] = (uint32_t)child;
        l->first_ending[n] = (uint32_t)ending;
        for (unsigned c = 0; c < children[n]; c++)
            l->parent[child + c] = n;
        child += children[n];
        ending += endings[n];
    }
    if (child != l->nodes || ending != l->endings)
        return error_set(ret_error, STATUS_FORMAT, "lexicon: expected %u nodes and %u endings",
                         l->nodes, l->endings);
    l->first_child[l->nodes] = l->nodes;
    l->first_ending[l->nodes] = l->endings;
    return STATUS_OK;
}

static enum status check_values(const struct asr_lexicon *l, uint32_t phones,
                                struct error *ret_error)
{
    for (uint32_t n = 0; n < l->nodes; n++)
        if (l->phone[n] >= phones)
            return error_set(ret_error, STATUS_FORMAT, "lexicon.phone: node %u: phone %u of %u", n,
                             l->phone[n], phones);
    for (uint32_t e = 0; e < l->endings; e++)
        if (l->ending[e] >= l->words)
            return error_set(ret_error, STATUS_FORMAT, "lexicon.word: entry %u: word %u of %u", e,
                             l->ending[e], l->words);
    if (l->first_child[1] - 1 > phones)
        return error_set(ret_error, STATUS_FORMAT, "lexicon: more first phones than %u", phones);
    if (l->first_ending[1] != 0 || l->phone[0] != 0)
        return error_set(ret_error, STATUS_FORMAT,
                         "lexicon: expected a root of silence, without words");
    return STATUS_OK;
}

/* Nodes of each word: a counting sort of the endings. */
static void index_places(struct asr_lexicon *l)
{
    for (uint32_t e = 0; e < l->endings; e++)
        l->first_place[l->ending[e] + 1]++;
    for (uint32_t w = 0; w < l->words; w++)
        l->first_place[w + 1] += l->first_place[w];
    for (uint32_t n = l->nodes; n-- > 0;)
        for (uint32_t e = l->first_ending[n]; e < l->first_ending[n + 1]; e++)
            l->place[--l->first_place[l->ending[e] + 1]] = n;
    /* Each counter now stands at its word's begin, one place too far right. */
    for (uint32_t w = 0; w < l->words; w++)
        l->first_place[w] = l->first_place[w + 1];
    l->first_place[l->words] = l->endings;
}

static enum status index_all(struct asr_lexicon *l, const struct parts *p, uint32_t phones,
                             struct error *ret_error)
{
    TRY(index_text(l, p->text->size, ret_error));
    TRY(index_nodes(l, p->children->data, p->endings->data, ret_error));
    TRY(check_values(l, phones, ret_error));
    index_places(l);
    return STATUS_OK;
}

enum status asr_lexicon_init(struct asr_lexicon *ret_lexicon, const struct gguf *gguf,
                             uint32_t words, uint32_t phones, struct error *ret_error)
{
    struct parts p;
    TRY(find_parts(gguf, &p, ret_error));
    struct asr_lexicon l = {.words = words,
                            .nodes = (uint32_t)p.children->ne[0],
                            .endings = (uint32_t)p.word->ne[0],
                            .phone = p.phone->data,
                            .ending = p.word->data,
                            .text = p.text->data};
    if (words == 0 || words > p.text->size)
        return error_set(ret_error, STATUS_FORMAT, "%s: lexicon.text: expected %u words",
                         gguf_name(gguf), words);
    TRY(allocate(&l, ret_error));
    enum status status = index_all(&l, &p, phones, ret_error);
    if (status != STATUS_OK) {
        asr_lexicon_finish(&l);
        return error_prefix(ret_error, status, "%s", gguf_name(gguf));
    }
    *ret_lexicon = l;
    return STATUS_OK;
}

void asr_lexicon_finish(struct asr_lexicon *lexicon)
{
    if (!lexicon)
        return;
    free(lexicon->memory);
    *lexicon = (struct asr_lexicon){0};
}

const char *asr_lexicon_word(const struct asr_lexicon *lexicon, uint32_t word)
{
    return lexicon->text + lexicon->text_offset[word];
}

uint32_t asr_lexicon_find(const struct asr_lexicon *lexicon, const char *spelling)
{
    uint32_t low = 0, high = lexicon->words;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(asr_lexicon_word(lexicon, middle), spelling);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return lexicon->words;
}
