#include "asr_nbest.h"

#include <stdlib.h>
#include <string.h>

enum { TAILS = 1 << 14, SEEN = 1 << 15, NO_TAIL = UINT32_MAX };

/* The words from some node to the end. */
struct tail {
    uint32_t node, word, after; /* `after`: the tail this one extends */
    float beyond;               /* score from the node to the end */
    uint64_t hash;              /* of the words */
};

struct asr_nbest {
    struct tail tail[TAILS];
    uint32_t tails;
    uint32_t heap[TAILS]; /* tails by promise, best on top */
    float promise[TAILS];
    uint32_t heaped;
    uint64_t seen[SEEN]; /* hashes of (words, state) already expanded; 0 is free */
    uint32_t word[ASR_NBEST_SENTENCES][ASR_NBEST_WORDS];
    uint32_t count[ASR_NBEST_SENTENCES];
    float score[ASR_NBEST_SENTENCES];
    uint32_t sentences;
};

enum status asr_nbest_create(struct asr_nbest **ret_nbest, struct error *ret_error)
{
    struct asr_nbest *n = calloc(1, sizeof *n);
    if (!n)
        return error_set(ret_error, STATUS_NO_MEMORY, "list of alternatives");
    *ret_nbest = n;
    return STATUS_OK;
}

void asr_nbest_destroy(struct asr_nbest *nbest)
{
    free(nbest);
}

static void push(struct asr_nbest *n, uint32_t tail, float promise)
{
    uint32_t at = n->heaped++;
    n->promise[tail] = promise;
    while (at > 0 && n->promise[n->heap[(at - 1) / 2]] < promise) {
        n->heap[at] = n->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    n->heap[at] = tail;
}

static uint32_t pop(struct asr_nbest *n)
{
    uint32_t top = n->heap[0], last = n->heap[--n->heaped], at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < n->heaped && n->promise[n->heap[child + 1]] > n->promise[n->heap[child]])
            child++;
        if (child >= n->heaped || n->promise[n->heap[child]] <= n->promise[last])
            break;
        n->heap[at] = n->heap[child];
        at = child;
    }
    n->heap[at] = last;
    return top;
}

static uint64_t stir(uint64_t hash, uint32_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 29);
}

/* Remember a key; false when it was there already (or the table is full). */
static bool first_time(struct asr_nbest *n, uint64_t key)
{
    key |= 1;
    for (uint32_t i = 0, at = (uint32_t)(key >> 20) % SEEN; i < 64; i++, at = (at + 1) % SEEN) {
        if (n->seen[at] == key)
            return false;
        if (n->seen[at] == 0) {
            n->seen[at] = key;
            return true;
        }
    }
    return false;
}

static void extend(struct asr_nbest *n, const struct asr_lattice *l, uint32_t tail)
{
    struct tail t = n->tail[tail];
    for (uint32_t a = l->node[t.node].arc; a != ASR_LATTICE_NONE; a = l->arc[a].next) {
        const struct asr_lattice_arc *arc = &l->arc[a];
        if (n->tails == TAILS)
            return;
        float beyond = t.beyond + arc->score - l->node[arc->from].score;
        uint64_t hash = arc->word == ASR_LATTICE_NONE ? t.hash : stir(t.hash, arc->word);
        n->tail[n->tails] = (struct tail){arc->from, arc->word, tail, beyond, hash};
        push(n, n->tails++, beyond + l->node[arc->from].score);
    }
}

static void keep_sentence(struct asr_nbest *n, uint32_t tail)
{
    uint32_t number = n->sentences++, count = 0;
    n->score[number] = n->tail[tail].beyond;
    for (uint32_t t = tail; t != NO_TAIL && count < ASR_NBEST_WORDS; t = n->tail[t].after)
        if (n->tail[t].word != ASR_LATTICE_NONE)
            n->word[number][count++] = n->tail[t].word;
    n->count[number] = count;
}

void asr_nbest_list(struct asr_nbest *nbest, const struct asr_lattice *lattice, uint32_t final)
{
    struct asr_nbest *n = nbest;
    memset(n->seen, 0, sizeof n->seen);
    n->heaped = 0;
    n->sentences = 0;
    n->tail[0] = (struct tail){final, ASR_LATTICE_NONE, NO_TAIL, 0, 1};
    n->tails = 1;
    push(n, 0, lattice->node[final].score);
    while (n->heaped > 0 && n->sentences < ASR_NBEST_SENTENCES) {
        uint32_t tail = pop(n);
        uint32_t node = n->tail[tail].node;
        /* Two ways to one meeting point: a node is told apart by its state; the start alone by 0.
         */
        uint64_t key = stir(n->tail[tail].hash, node ? lattice->node[node].state : 0x40000000u);
        if (!first_time(n, key))
            continue;
        if (node == 0)
            keep_sentence(n, tail);
        else
            extend(n, lattice, tail);
    }
}

bool asr_nbest_get(const struct asr_nbest *nbest, uint32_t index,
                   struct asr_nbest_sentence *ret_sentence)
{
    if (index >= nbest->sentences)
        return false;
    *ret_sentence =
        (struct asr_nbest_sentence){nbest->word[index], nbest->count[index], nbest->score[index]};
    return true;
}
