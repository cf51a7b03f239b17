#include "asr_ahead.h"

#include <stdlib.h>
#include <string.h>

enum { STATES = 1 << 14, NO_TABLE = UINT32_MAX };

/* A cached state. */
struct entry {
    uint32_t state; /* ASR_NGRAM_EMPTY: free */
    uint32_t first, mask;
    uint32_t lower;
    float back_off;
};

struct asr_ahead {
    const struct asr_lexicon *lexicon;
    const struct asr_ngram *ngram;
    const struct asr_ahead_base *base;
    uint32_t *slot;
    uint32_t slots, used, states, emptied;
    struct entry entry[STATES];
    /* Scratch of one table: nodes reached, and their best code (codes rise with the value). */
    uint32_t *reached, *stamp, epoch;
    uint8_t *best;
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

enum status asr_ahead_create(const struct asr_lexicon *lexicon, const struct asr_ngram *ngram,
                             const struct asr_ahead_base *base, uint32_t slots,
                             struct asr_ahead **ret_ahead, struct error *ret_error)
{
    struct asr_ahead *a = calloc(1, sizeof *a);
    if (a) {
        a->slot = calloc(slots, sizeof *a->slot);
        a->reached = calloc(lexicon->nodes, sizeof *a->reached);
        a->stamp = calloc(lexicon->nodes, sizeof *a->stamp);
        a->best = calloc(lexicon->nodes, sizeof *a->best);
    }
    if (!a || !a->slot || !a->reached || !a->stamp || !a->best) {
        asr_ahead_destroy(a);
        return error_set(ret_error, STATUS_NO_MEMORY, "look-ahead of %u nodes", lexicon->nodes);
    }
    a->lexicon = lexicon;
    a->ngram = ngram;
    a->base = base;
    a->slots = slots;
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
    free(ahead);
}

static uint32_t mix(uint32_t x)
{
    x *= 0x9E3779B1u;
    return x ^ (x >> 15);
}

/* Raise the values on the way from a node to the root; returns how many nodes are reached so far. */
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

static uint32_t reach(struct asr_ahead *a, uint32_t state)
{
    const struct asr_lexicon *l = a->lexicon;
    struct asr_ngram_list list = asr_ngram_listed(a->ngram, state);
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

/* The entry of a state, made when it is not there. */
static struct entry *entry_of(struct asr_ahead *a, uint32_t state)
{
    uint32_t at = mix(state) % STATES;
    while (a->entry[at].state != ASR_NGRAM_EMPTY) {
        if (a->entry[at].state == state)
            return &a->entry[at];
        at = (at + 1) % STATES;
    }
    struct entry entry = {.state = state, .first = NO_TABLE};
    entry.back_off = asr_ngram_back_off(a->ngram, state, &entry.lower);
    uint32_t count = reach(a, state);
    if (a->states >= STATES / 2 || (count && !fill(a, &entry, count))) {
        empty(a);
        at = mix(state) % STATES;
        if (count && !fill(a, &entry, count))
            entry.first = NO_TABLE; /* larger than the whole pool: back off only */
    }
    a->states++;
    a->entry[at] = entry;
    return &a->entry[at];
}

/* Put an entry's table into the view; returns the state below. */
static uint32_t add_table(const struct asr_ahead *a, const struct entry *entry,
                          struct asr_ahead_view *view, unsigned at)
{
    bool there = entry->first != NO_TABLE;
    view->table[at] = there ? a->slot + entry->first : NULL;
    view->mask[at] = entry->mask;
    view->values[at] = asr_ngram_listed(a->ngram, entry->state).table;
    view->weight[at] = view->below;
    view->below += entry->back_off;
    return entry->lower;
}

struct asr_ahead_view asr_ahead_view(struct asr_ahead *ahead, uint32_t state)
{
    for (;;) {
        struct asr_ahead_view view = {.node = ahead->base->node};
        uint32_t emptied = ahead->emptied;
        const struct entry *entry = entry_of(ahead, state);
        bool made = ahead->emptied != emptied;
        emptied = ahead->emptied;
        uint32_t lower = add_table(ahead, entry, &view, 0);
        if (lower != ASR_NGRAM_EMPTY)
            add_table(ahead, entry_of(ahead, lower), &view, 1);
        /* Emptying the pool for the lower table lost the upper one: once more, both fit now, or the
         * pool is too small for both and the stale view is refused. */
        if (ahead->emptied == emptied)
            return view;
        if (made) {
            view.table[0] = NULL;
            return view;
        }
    }
}

/* Value of a node in a table, very low when it is not there. */
static float look_up(const struct asr_ahead_view *view, unsigned number, uint32_t node)
{
    const uint32_t *table = view->table[number];
    uint32_t mask = view->mask[number], at = mix(node) & mask;
    while (table[at]) {
        if (table[at] >> 8 == node + 1)
            return view->values[number][table[at] & 0xFF];
        at = (at + 1) & mask;
    }
    return -1e30f;
}

float asr_ahead_value(const struct asr_ahead_view *view, uint32_t node)
{
    float best = view->below + view->node[node];
    for (unsigned i = 0; i < 2; i++) {
        if (!view->table[i])
            continue;
        float value = view->weight[i] + look_up(view, i, node);
        best = value > best ? value : best;
    }
    return best;
}
