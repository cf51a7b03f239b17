#include "asr_lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING (-1e30f)

enum status asr_lattice_init(struct asr_lattice *ret_lattice, uint32_t node_limit,
                             uint32_t arc_limit, struct error *ret_error)
{
    struct asr_lattice l = {.node_limit = node_limit, .arc_limit = arc_limit};
    size_t size = node_limit * (sizeof *l.node + 3 * sizeof(uint32_t)) +
                  arc_limit * (sizeof *l.arc + sizeof(uint32_t));
    l.memory = calloc(1, size);
    if (!l.memory)
        return error_set(ret_error, STATUS_NO_MEMORY, "word lattice: %zu bytes", size);
    l.node = l.memory;
    l.arc = (struct asr_lattice_arc *)(l.node + node_limit);
    l.node_map = (uint32_t *)(l.arc + arc_limit);
    l.arc_map = l.node_map + node_limit;
    l.forward = (float *)(l.arc_map + arc_limit);
    l.backward = l.forward + node_limit;
    *ret_lattice = l;
    asr_lattice_reset(ret_lattice, 0);
    return STATUS_OK;
}

void asr_lattice_finish(struct asr_lattice *lattice)
{
    if (!lattice)
        return;
    free(lattice->memory);
    *lattice = (struct asr_lattice){0};
}

void asr_lattice_reset(struct asr_lattice *lattice, uint32_t state)
{
    lattice->arcs = 0;
    lattice->nodes = 1;
    lattice->node[0] = (struct asr_lattice_node){0, state, 0, ASR_LATTICE_NONE};
}

bool asr_lattice_fits(const struct asr_lattice *lattice, uint32_t nodes, uint32_t arcs)
{
    return lattice->nodes + nodes <= lattice->node_limit &&
           lattice->arcs + arcs <= lattice->arc_limit;
}

uint32_t asr_lattice_add_node(struct asr_lattice *lattice, uint32_t frame, uint32_t state)
{
    lattice->node[lattice->nodes] =
        (struct asr_lattice_node){NOTHING, state, frame, ASR_LATTICE_NONE};
    return lattice->nodes++;
}

void asr_lattice_add_arc(struct asr_lattice *lattice, uint32_t node,
                         const struct asr_lattice_arc *arc)
{
    struct asr_lattice_node *n = &lattice->node[node];
    uint32_t number = lattice->arcs++;
    struct asr_lattice_arc *new = &lattice->arc[number];
    *new = *arc;
    if (arc->score > n->score) {
        new->next = n->arc;
        n->arc = number;
        n->score = arc->score;
    } else {
        new->next = lattice->arc[n->arc].next;
        lattice->arc[n->arc].next = number;
    }
}

void asr_lattice_begin_marks(struct asr_lattice *lattice)
{
    memset(lattice->node_map, 0, lattice->nodes * sizeof *lattice->node_map);
    memset(lattice->arc_map, 0, lattice->arcs * sizeof *lattice->arc_map);
    lattice->node_map[0] = 1;
}

void asr_lattice_mark(struct asr_lattice *lattice, uint32_t node)
{
    lattice->node_map[node] = 1;
}

/* Marks flow to older nodes: arcs lead to smaller numbers only. */
static void spread_marks(struct asr_lattice *l, bool best_only)
{
    for (uint32_t n = l->nodes; n-- > 1;) {
        if (!l->node_map[n])
            continue;
        if (best_only)
            l->arc[l->node[n].arc].next = ASR_LATTICE_NONE;
        for (uint32_t a = l->node[n].arc; a != ASR_LATTICE_NONE; a = l->arc[a].next) {
            l->arc_map[a] = 1;
            l->node_map[l->arc[a].from] = 1;
        }
    }
}

/* Replace marks by new numbers; returns how many are marked. */
static uint32_t number_marks(uint32_t *map, uint32_t count)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++)
        map[i] = map[i] ? next++ : ASR_LATTICE_NONE;
    return next;
}

void asr_lattice_compact(struct asr_lattice *lattice, bool best_only)
{
    struct asr_lattice *l = lattice;
    spread_marks(l, best_only);
    uint32_t nodes = number_marks(l->node_map, l->nodes);
    uint32_t arcs = number_marks(l->arc_map, l->arcs);
    for (uint32_t a = 0; a < l->arcs; a++) {
        if (l->arc_map[a] == ASR_LATTICE_NONE)
            continue;
        struct asr_lattice_arc arc = l->arc[a];
        arc.from = l->node_map[arc.from];
        arc.next = arc.next == ASR_LATTICE_NONE ? arc.next : l->arc_map[arc.next];
        l->arc[l->arc_map[a]] = arc;
    }
    for (uint32_t n = 0; n < l->nodes; n++) {
        if (l->node_map[n] == ASR_LATTICE_NONE)
            continue;
        struct asr_lattice_node node = l->node[n];
        node.arc = node.arc == ASR_LATTICE_NONE ? node.arc : l->arc_map[node.arc];
        l->node[l->node_map[n]] = node;
    }
    l->nodes = nodes;
    l->arcs = arcs;
}

uint32_t asr_lattice_moved(const struct asr_lattice *lattice, uint32_t node)
{
    return lattice->node_map[node];
}

uint32_t asr_lattice_words(const struct asr_lattice *lattice, uint32_t node)
{
    uint32_t count = 0;
    for (uint32_t n = node; lattice->node[n].arc != ASR_LATTICE_NONE;) {
        const struct asr_lattice_arc *arc = &lattice->arc[lattice->node[n].arc];
        count += arc->word != ASR_LATTICE_NONE;
        n = arc->from;
    }
    return count;
}

uint32_t asr_lattice_path(const struct asr_lattice *lattice, uint32_t node,
                          struct asr_lattice_word *ret_words, uint32_t limit)
{
    uint32_t count = asr_lattice_words(lattice, node);
    uint32_t kept = count < limit ? count : limit, at = kept;
    for (uint32_t n = node; at > 0;) {
        const struct asr_lattice_arc *arc = &lattice->arc[lattice->node[n].arc];
        if (arc->word != ASR_LATTICE_NONE)
            ret_words[--at] =
                (struct asr_lattice_word){arc->word, arc->begin, lattice->node[n].frame, 0};
        n = arc->from;
    }
    return kept;
}

static float log_add(float a, float b)
{
    if (a < b) {
        float t = a;
        a = b;
        b = t;
    }
    return b < a - 30 ? a : a + log1pf(expf(b - a));
}

/* Sums over all paths from the start to each node (forward) and on to `final` (backward). */
static void sum_paths(struct asr_lattice *l, uint32_t final, float scale)
{
    l->forward[0] = 0;
    for (uint32_t n = 1; n <= final; n++) {
        l->forward[n] = NOTHING;
        for (uint32_t a = l->node[n].arc; a != ASR_LATTICE_NONE; a = l->arc[a].next) {
            const struct asr_lattice_arc *arc = &l->arc[a];
            float own = scale * (arc->score - l->node[arc->from].score);
            l->forward[n] = log_add(l->forward[n], l->forward[arc->from] + own);
        }
    }
    for (uint32_t n = 0; n < final; n++)
        l->backward[n] = NOTHING;
    l->backward[final] = 0;
    for (uint32_t n = final; n > 0; n--) {
        if (l->backward[n] == NOTHING)
            continue;
        for (uint32_t a = l->node[n].arc; a != ASR_LATTICE_NONE; a = l->arc[a].next) {
            const struct asr_lattice_arc *arc = &l->arc[a];
            float own = scale * (arc->score - l->node[arc->from].score);
            l->backward[arc->from] = log_add(l->backward[arc->from], l->backward[n] + own);
        }
    }
}

/* The word of the path whose time holds the middle of an arc, or NULL. */
static struct asr_lattice_word *word_at(struct asr_lattice_word *words, uint32_t count,
                                        uint32_t middle)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t at = (low + high) / 2;
        if (words[at].end <= middle)
            low = at + 1;
        else
            high = at;
    }
    return low < count && words[low].begin <= middle ? &words[low] : NULL;
}

void asr_lattice_confidence(struct asr_lattice *lattice, uint32_t final, float scale,
                            struct asr_lattice_word *words, uint32_t count)
{
    struct asr_lattice *l = lattice;
    sum_paths(l, final, scale);
    for (uint32_t n = 1; n <= final; n++) {
        if (l->backward[n] == NOTHING)
            continue;
        for (uint32_t a = l->node[n].arc; a != ASR_LATTICE_NONE; a = l->arc[a].next) {
            const struct asr_lattice_arc *arc = &l->arc[a];
            uint32_t middle = (arc->begin + l->node[n].frame) / 2;
            struct asr_lattice_word *word = word_at(words, count, middle);
            if (!word || word->word != arc->word)
                continue;
            float own = scale * (arc->score - l->node[arc->from].score);
            word->confidence +=
                expf(fminf(0, l->forward[arc->from] + own + l->backward[n] - l->forward[final]));
        }
    }
    for (uint32_t i = 0; i < count; i++)
        words[i].confidence = fminf(words[i].confidence, 1);
}
