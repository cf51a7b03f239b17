/* What the search remembers: a graph of word ends, from which come the best sentence, word times,
 * confidences and the n best sentences.
 *
 * A node is a point in time together with a language-model state; an arc is a word that ends there,
 * coming from an earlier node. The first arc of a node is its best one. Nodes are made in the order
 * of time, so an arc always leads from a smaller number to a larger one. Node 0 is the start.
 *
 * Pools have a fixed size. When one is full the owner marks the nodes that it still holds, calls
 * asr_lattice_compact and renumbers its own references.
 *
 * Thread: worker for all functions; no function allocates but create. */
#ifndef LINNET_MODELS_ASR_LATTICE_H
#define LINNET_MODELS_ASR_LATTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

#define ASR_LATTICE_NONE UINT32_MAX

struct asr_lattice_node {
    float score; /* of the best path to here, without look-ahead */
    uint32_t state, frame;
    uint32_t arc; /* best arc, head of the list; NONE at the start */
};

struct asr_lattice_arc {
    uint32_t from, next;
    uint32_t word;  /* NONE: no word, only a new state */
    uint32_t begin; /* first frame of the word, after silence */
    float score;    /* of the best path that ends with this arc */
};

struct asr_lattice {
    uint32_t nodes, node_limit, arcs, arc_limit;
    struct asr_lattice_node *node;
    struct asr_lattice_arc *arc;
    /* Scratch: new numbers while compacting; sums while computing confidences. */
    uint32_t *node_map, *arc_map;
    float *forward, *backward;
    void *memory;
};

enum status asr_lattice_init(struct asr_lattice *ret_lattice, uint32_t node_limit,
                             uint32_t arc_limit, struct error *ret_error);
void asr_lattice_finish(struct asr_lattice *lattice);

/* Empty but for the start node, whose language-model state is given. */
void asr_lattice_reset(struct asr_lattice *lattice, uint32_t state);

/* True when `nodes` and `arcs` more fit. */
bool asr_lattice_fits(const struct asr_lattice *lattice, uint32_t nodes, uint32_t arcs);

/* Add a node without arcs, or an arc into the newest nodes; both must fit. */
uint32_t asr_lattice_add_node(struct asr_lattice *lattice, uint32_t frame, uint32_t state);
void asr_lattice_add_arc(struct asr_lattice *lattice, uint32_t node,
                         const struct asr_lattice_arc *arc);

/* Compaction: begin, mark what must stay, compact; then asr_lattice_moved gives new numbers. With
 * `best_only` the alternatives of each node are dropped. */
void asr_lattice_begin_marks(struct asr_lattice *lattice);
void asr_lattice_mark(struct asr_lattice *lattice, uint32_t node);
void asr_lattice_compact(struct asr_lattice *lattice, bool best_only);
uint32_t asr_lattice_moved(const struct asr_lattice *lattice, uint32_t node);

/* Words on the best path to a node, oldest first; the last `limit` of them when there are more.
 * Returns how many were written. */
struct asr_lattice_word {
    uint32_t word, begin, end; /* frames, begin <= time < end */
    float confidence;
};
uint32_t asr_lattice_path(const struct asr_lattice *lattice, uint32_t node,
                          struct asr_lattice_word *ret_words, uint32_t limit);

/* Number of words on the best path to a node. */
uint32_t asr_lattice_words(const struct asr_lattice *lattice, uint32_t node);

/* Posterior probabilities of the words of a path that ends at `final`, from all paths that end
 * there; `scale` flattens the scores. Fills the confidences. */
void asr_lattice_confidence(struct asr_lattice *lattice, uint32_t final, float scale,
                            struct asr_lattice_word *words, uint32_t count);

#endif
