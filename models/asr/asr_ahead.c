#include "asr_ahead.h"

#include <stdlib.h>
#include <string.h>

#define NOTHING (-1e30f)

enum {
    STATES = 1 << 14,
    MANY = 1000, /* listed words from which a byte for every node is smaller and quicker */
    NO_TABLE = UINT32_MAX,
    NOT_MADE = UINT32_MAX - 1
};

/* A cached state. Most die at the first phone of a word, so that level is made at once and the full
 * table only when it is asked for. */
struct entry {
    uint32_t state;       /* ASR_NGRAM_EMPTY: free */
    uint32_t first, mask; /* slots of the table; mask 0: bytes of all nodes */
    uint32_t lower;
    float back_off;
    const float *values;          /* of the codes */
    uint16_t top[ASR_AHEAD_TOPS]; /* best code below each child of the root, + 1; 0 is none */
};

struct asr_ahead {
    const struct asr_lexicon *lexicon;
    const struct asr_ngram *ngram;
    const struct asr_ahead_base *base;
    uint32_t *slot;
    uint32_t slots, used, states, emptied;
    uint8_t *top_of; /* [endings] for each place of a word, which child of the root it is below */
    struct entry entry[STATES];
    /* Scratch of one table: nodes reached, and their best code (codes rise with the value). */
    uint32_t *reached, *stamp, epoch;
    uint8_t *best;
    float tops[ASR_AHEAD_TOPS];
};

/* Best unigrams from the leaves up: children have larger numbers. */
static void fill_nodes(const struct asr_lexicon *l, const struct asr_ngram *ngram, float *node)
{
    for (uint32_t n = l->nodes; n-- > 0;) {
        float best = -30;
        for (uint32_t c = l->first_child[n]; c < l->first_child[n + 1]; c++)
            best = node[c] > best ? node[c] : best;
        for (uint32_t e = l->first_ending[n]; e < l->first_ending[n + 1]; e++) {
            float p = asr_ngram_score(ngram, ASR_NGRAM_EMPTY, l->ending[e], NULL);
            best = p > best ? p : best;
        }
        node[n] = best;
    }
}

/* Single words come before pairs, so the state below is known. */
static void fill_states(const struct asr_ngram *ngram, const float *node, float *best)
{
    uint32_t states = asr_ngram_states(ngram);
    for (uint32_t s = 0; s < states; s++) {
        uint32_t lower;
        float weight = asr_ngram_back_off(ngram, s, &lower);
        struct asr_ngram_list list = asr_ngram_listed(ngram, s);
        int code = -1; /* of the best word; the end of the sentence is none */
        for (uint32_t i = 0; i < list.count; i++)
            code = list.code[i] > code && list.word[i] < ngram->words ? list.code[i] : code;
        best[s] = weight + (lower == ASR_NGRAM_EMPTY ? node[0] : best[lower]);
        if (code >= 0 && list.table[code] > best[s])
            best[s] = list.table[code];
    }
}

enum status asr_ahead_base_init(struct asr_ahead_base *ret_base, const struct asr_lexicon *lexicon,
                                const struct asr_ngram *ngram, struct error *ret_error)
{
    struct asr_ahead_base base;
    base.node = malloc(lexicon->nodes * sizeof(float));
    base.state = malloc(asr_ngram_states(ngram) * sizeof(float));
    if (!base.node || !base.state) {
        asr_ahead_base_finish(&base);
        return error_set(ret_error, STATUS_NO_MEMORY, "look-ahead of %u nodes", lexicon->nodes);
    }
    fill_nodes(lexicon, ngram, base.node);
    fill_states(ngram, base.node, base.state);
    *ret_base = base;
    return STATUS_OK;
}

void asr_ahead_base_finish(struct asr_ahead_base *base)
{
    if (!base)
        return;
    free(base->node);
    free(base->state);
    *base = (struct asr_ahead_base){0};
}

static void empty(struct asr_ahead *a)
{
    for (uint32_t i = 0; i < STATES; i++)
        a->entry[i].state = ASR_NGRAM_EMPTY;
    a->used = 0;
    a->states = 0;
    a->emptied++;
}

static void fill_tops(struct asr_ahead *a)
{
    const struct asr_lexicon *l = a->lexicon;
    for (uint32_t p = 0; p < l->endings; p++) {
        uint32_t node = l->place[p];
        while (l->parent[node] != 0)
            node = l->parent[node];
        a->top_of[p] = (uint8_t)(node - 1);
    }
}

enum status asr_ahead_create(const struct asr_lexicon *lexicon, const struct asr_ngram *ngram,
                             const struct asr_ahead_base *base, uint32_t slots,
                             struct asr_ahead **ret_ahead, struct error *ret_error)
{
    if (lexicon->first_child[1] - 1 > ASR_AHEAD_TOPS)
        return error_set(ret_error, STATUS_UNSUPPORTED, "look-ahead: more than %d first phones",
                         ASR_AHEAD_TOPS);
    struct asr_ahead *a = calloc(1, sizeof *a);
    if (a) {
        a->slot = calloc(slots, sizeof *a->slot);
        a->reached = calloc(lexicon->nodes, sizeof *a->reached);
        a->stamp = calloc(lexicon->nodes, sizeof *a->stamp);
        a->best = calloc(lexicon->nodes, sizeof *a->best);
        a->top_of = calloc(lexicon->endings, sizeof *a->top_of);
    }
    if (!a || !a->slot || !a->reached || !a->stamp || !a->best || !a->top_of) {
        asr_ahead_destroy(a);
        return error_set(ret_error, STATUS_NO_MEMORY, "look-ahead of %u nodes", lexicon->nodes);
    }
    a->lexicon = lexicon;
    a->ngram = ngram;
    a->base = base;
    a->slots = slots;
    fill_tops(a);
    empty(a);
    *ret_ahead = a;
    return STATUS_OK;
}

void asr_ahead_destroy(struct asr_ahead *ahead)
{
    if (!ahead)
        return;
    free(ahead->slot);
    free(ahead->reached);
    free(ahead->stamp);
    free(ahead->best);
    free(ahead->top_of);
    free(ahead);
}

static uint32_t mix(uint32_t x)
{
    x *= 0x9E3779B1u;
    return x ^ (x >> 15);
}

/* Raise the values on the way from a node to the root; returns how many nodes are reached so far.
 */
static uint32_t raise_path(struct asr_ahead *a, uint32_t node, uint8_t value, uint32_t count)
{
    for (;;) {
        if (a->stamp[node] != a->epoch) {
            a->stamp[node] = a->epoch;
            a->best[node] = value;
            a->reached[count++] = node;
        } else if (a->best[node] >= value) {
            return count;
        } else {
            a->best[node] = value;
        }
        if (node == 0)
            return count;
        node = a->lexicon->parent[node];
    }
}

static uint32_t reach(struct asr_ahead *a, struct asr_ngram_list list)
{
    const struct asr_lexicon *l = a->lexicon;
    uint32_t count = 0;
    if (++a->epoch == 0) {
        memset(a->stamp, 0, l->nodes * sizeof *a->stamp);
        a->epoch = 1;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t word = list.word[i];
        if (word >= l->words)
            continue; /* the end of the sentence has no phones */
        for (uint32_t p = l->first_place[word]; p < l->first_place[word + 1]; p++)
            count = raise_path(a, l->place[p], list.code[i], count);
    }
    return count;
}

/* Copy what was reached into a table; false when the pool is full. */
static bool fill(struct asr_ahead *a, struct entry *entry, uint32_t count)
{
    uint32_t size = 4;
    while (size < count + count / 2)
        size *= 2;
    if (size > a->slots - a->used)
        return false;
    uint32_t *slot = a->slot + a->used;
    memset(slot, 0, size * sizeof *slot);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = mix(a->reached[i]) & (size - 1);
        while (slot[at])
            at = (at + 1) & (size - 1);
        slot[at] = (a->reached[i] + 1) << 8 | a->best[a->reached[i]];
    }
    entry->first = a->used;
    entry->mask = size - 1;
    a->used += size;
    return true;
}

/* A byte for every node: its best code + 1 (the two largest share one), 0 where nothing is listed.
 */
static bool fill_bytes(struct asr_ahead *a, struct entry *entry, struct asr_ngram_list list)
{
    const struct asr_lexicon *l = a->lexicon;
    uint32_t size = (l->nodes + 3) / 4;
    if (size > a->slots - a->used)
        return false;
    uint8_t *best = (uint8_t *)(a->slot + a->used);
    memset(best, 0, l->nodes);
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.word[i] >= l->words)
            continue;
        uint8_t code = list.code[i] < 255 ? (uint8_t)(list.code[i] + 1) : 255;
        uint32_t end = l->first_place[list.word[i] + 1];
        for (uint32_t p = l->first_place[list.word[i]]; p < end; p++)
            for (uint32_t n = l->place[p]; best[n] < code; n = l->parent[n])
                best[n] = code;
    }
    entry->first = a->used;
    entry->mask = 0;
    a->used += size;
    return true;
}

/* Best code below each child of the root. */
static void fill_top(const struct asr_ahead *a, struct entry *entry)
{
    const struct asr_lexicon *l = a->lexicon;
    struct asr_ngram_list list = asr_ngram_listed(a->ngram, entry->state);
    memset(entry->top, 0, sizeof entry->top);
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t word = list.word[i];
        if (word >= l->words)
            continue;
        uint16_t code = (uint16_t)(list.code[i] + 1);
        for (uint32_t p = l->first_place[word]; p < l->first_place[word + 1]; p++) {
            uint16_t *top = &entry->top[a->top_of[p]];
            *top = code > *top ? code : *top;
        }
    }
    entry->values = list.table;
}

/* The entry of a state, made when it is not there; making one may empty the cache. */
static struct entry *entry_of(struct asr_ahead *a, uint32_t state)
{
    uint32_t at = mix(state) % STATES;
    for (; a->entry[at].state != ASR_NGRAM_EMPTY; at = (at + 1) % STATES)
        if (a->entry[at].state == state)
            return &a->entry[at];
    if (a->states >= STATES / 2) {
        empty(a);
        at = mix(state) % STATES;
    }
    struct entry *entry = &a->entry[at];
    entry->state = state;
    entry->first = NOT_MADE;
    entry->back_off = asr_ngram_back_off(a->ngram, state, &entry->lower);
    fill_top(a, entry);
    a->states++;
    return entry;
}

/* Make the full table of an entry; false when the pool has no room for it. */
static bool complete(struct asr_ahead *a, struct entry *entry)
{
    if (entry->first != NOT_MADE)
        return true;
    struct asr_ngram_list list = asr_ngram_listed(a->ngram, entry->state);
    if (list.count >= MANY)
        return fill_bytes(a, entry, list);
    uint32_t count = reach(a, list);
    if (count > 0)
        return fill(a, entry, count);
    entry->first = NO_TABLE;
    return true;
}

/* Put an entry's table into the view; returns the state below. */
static uint32_t add_table(const struct asr_ahead *a, const struct entry *entry,
                          struct asr_ahead_view *view, unsigned at)
{
    bool there = entry->first != NO_TABLE && entry->first != NOT_MADE;
    bool bytes = there && entry->mask == 0;
    view->table[at] = there && !bytes ? a->slot + entry->first : NULL;
    view->codes[at] = bytes ? (const uint8_t *)(a->slot + entry->first) : NULL;
    view->mask[at] = entry->mask;
    view->values[at] = entry->values;
    view->weight[at] = view->below;
    view->below += entry->back_off;
    return entry->lower;
}

/* One attempt; false when something was emptied on the way, or did not fit. */
static bool try_view(struct asr_ahead *a, uint32_t state, struct asr_ahead_view *ret_view)
{
    uint32_t emptied = a->emptied;
    *ret_view = (struct asr_ahead_view){.node = a->base->node};
    for (unsigned i = 0; i < 2 && state != ASR_NGRAM_EMPTY; i++) {
        struct entry *entry = entry_of(a, state);
        if (a->emptied != emptied || !complete(a, entry))
            return false;
        state = add_table(a, entry, ret_view, i);
    }
    return true;
}

struct asr_ahead_view asr_ahead_view(struct asr_ahead *ahead, uint32_t state)
{
    struct asr_ahead_view view;
    if (try_view(ahead, state, &view))
        return view;
    empty(ahead);
    if (!try_view(ahead, state, &view)) /* larger than the whole pool: backing off is the bound */
        view.table[0] = view.table[1] = NULL, view.codes[0] = view.codes[1] = NULL;
    return view;
}

const float *asr_ahead_tops(struct asr_ahead *ahead, uint32_t state)
{
    const struct asr_lexicon *l = ahead->lexicon;
    uint32_t tops = l->first_child[1] - 1;
    float *best = ahead->tops, weight = 0;
    for (uint32_t t = 0; t < tops; t++)
        best[t] = NOTHING;
    while (state != ASR_NGRAM_EMPTY) {
        const struct entry *entry = entry_of(ahead, state);
        for (uint32_t t = 0; t < tops; t++) {
            if (entry->top[t] == 0)
                continue;
            float value = weight + entry->values[entry->top[t] - 1];
            best[t] = value > best[t] ? value : best[t];
        }
        weight += entry->back_off;
        state = entry->lower;
    }
    for (uint32_t t = 0; t < tops; t++) {
        float value = weight + ahead->base->node[t + 1];
        best[t] = value > best[t] ? value : best[t];
    }
    return best;
}

/* Value of a node in a table, very low when it is not there. */
static float look_up(const struct asr_ahead_view *view, unsigned number, uint32_t node)
{
    const uint32_t *table = view->table[number];
    if (view->codes[number]) {
        uint8_t code = view->codes[number][node];
        return code ? view->values[number][code - 1] : NOTHING;
    }
    if (!table)
        return NOTHING;
    uint32_t mask = view->mask[number], at = mix(node) & mask;
    while (table[at]) {
        if (table[at] >> 8 == node + 1)
            return view->values[number][table[at] & 0xFF];
        at = (at + 1) & mask;
    }
    return NOTHING;
}

float asr_ahead_value(const struct asr_ahead_view *view, uint32_t node)
{
    float best = view->below + view->node[node];
    for (unsigned i = 0; i < 2; i++) {
        float value = view->weight[i] + look_up(view, i, node);
        best = value > best ? value : best;
    }
    return best;
}
