#include "asr_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING (-1e30f)

enum {
    ENDS = 512,          /* distinct language-model states after words that end in one frame */
    END_SLOTS = 2048,    /* power of two, hash of the above */
    ARCS_A_FRAME = 4096, /* words that end in one frame */
    NODES = 1 << 16,
    ARCS = 1 << 17,
    AHEAD_SLOTS = 1 << 22,
    BINS = 256, /* of the histogram that finds the score of the max_tokens-th token */
    NO_VIEW = UINT32_MAX - 1
};

struct token {
    float score;          /* with look-ahead */
    float ahead;          /* value(state, node) */
    uint32_t state, node; /* nodes of own words stand behind the lexicon's */
    uint32_t output; /* whose score it takes while it stays; follows from the node inside a word */
    uint32_t link;   /* lattice node of the words before */
    uint32_t begin;  /* frame at which the word began */
};

/* A language-model state reached by a word that ends; class of the word's last phone. */
struct end {
    uint32_t state, class, link;
    float score; /* without look-ahead */
};

struct asr_search {
    struct asr_search_config config;
    struct asr_ahead *ahead;
    struct asr_lattice lattice;
    uint32_t frame, final;
    double bound; /* sum over frames of the best phone's score */
    float match;

    struct token *token, *next;
    uint32_t tokens, nexts, capacity, most;
    float best, next_best;

    /* Hash of the next tokens by (state, node): slots hold index + 1, valid when stamped now. */
    uint32_t *slot, *slot_stamp, slot_mask, stamp;

    struct end end[ENDS];
    uint32_t ends;
    uint32_t end_slot[END_SLOTS], end_stamp[END_SLOTS];

    /* View of the state used last. */
    struct asr_ahead_view view;
    uint32_t view_state;
};

struct asr_search_config asr_search_defaults(void)
{
    return (struct asr_search_config){
        .lm_weight = 0.85f,
        .word_bonus = 0,
        .silence_cost = 0,
        .break_cost = -4,
        .beam = 12,
        .word_beam = 8,
        .max_tokens = 3000,
    };
}

enum status asr_search_create(const struct asr_search_config *config,
                              struct asr_search **ret_search, struct error *ret_error)
{
    struct asr_search *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(ret_error, STATUS_NO_MEMORY, "word search");
    s->config = *config;
    s->capacity = 4 * config->max_tokens;
    s->slot_mask = 1;
    while (s->slot_mask < 2 * s->capacity)
        s->slot_mask *= 2;
    s->slot_mask--;
    s->token = calloc(s->capacity, sizeof *s->token);
    s->next = calloc(s->capacity, sizeof *s->next);
    s->slot = calloc((size_t)s->slot_mask + 1, sizeof *s->slot);
    s->slot_stamp = calloc((size_t)s->slot_mask + 1, sizeof *s->slot_stamp);
    enum status status = STATUS_OK;
    if (!s->token || !s->next || !s->slot || !s->slot_stamp)
        status = error_set(ret_error, STATUS_NO_MEMORY, "word search: %u tokens", s->capacity);
    if (status == STATUS_OK)
        status = asr_ahead_create(config->lexicon, config->ngram, config->ahead_base, AHEAD_SLOTS,
                                  &s->ahead, ret_error);
    if (status == STATUS_OK)
        status = asr_lattice_init(&s->lattice, NODES, ARCS, ret_error);
    if (status != STATUS_OK) {
        asr_search_destroy(s);
        return status;
    }
    asr_search_reset(s);
    *ret_search = s;
    return STATUS_OK;
}

void asr_search_destroy(struct asr_search *search)
{
    if (!search)
        return;
    asr_ahead_destroy(search->ahead);
    asr_lattice_finish(&search->lattice);
    free(search->token);
    free(search->next);
    free(search->slot);
    free(search->slot_stamp);
    free(search);
}

void asr_search_reset(struct asr_search *search)
{
    struct asr_search *s = search;
    uint32_t start = asr_ngram_start(s->config.ngram);
    asr_lattice_reset(&s->lattice, start);
    s->frame = 0;
    s->final = 0;
    s->bound = 0;
    s->match = 0;
    s->tokens = 0;
    s->most = 0;
    s->view_state = NO_VIEW;
    s->end[0] = (struct end){start, 0, 0, 0};
    s->ends = 1;
    s->best = 0;
}

void asr_search_use_own(struct asr_search *search, const struct asr_own *own)
{
    search->config.own = own;
    asr_search_reset(search);
}

/* The words that end at a node: entries of a list, one after the other; 0 closes it. Those of the
 * lexicon are counted from 1. */
static uint32_t first_ending(const struct asr_search_config *c, uint32_t node)
{
    const struct asr_lexicon *l = c->lexicon;
    if (node >= l->nodes)
        return c->own->node[node - l->nodes].ending;
    return l->first_ending[node] < l->first_ending[node + 1] ? l->first_ending[node] + 1 : 0;
}

static uint32_t next_ending(const struct asr_search_config *c, uint32_t node, uint32_t ending)
{
    const struct asr_lexicon *l = c->lexicon;
    if (node >= l->nodes)
        return c->own->ending[ending].next;
    return ending < l->first_ending[node + 1] ? ending + 1 : 0;
}

static uint32_t ending_of(const struct asr_search_config *c, uint32_t node, uint32_t ending)
{
    return node >= c->lexicon->nodes ? c->own->ending[ending].word : c->lexicon->ending[ending - 1];
}

static uint8_t phone_of(const struct asr_search_config *c, uint32_t node)
{
    const struct asr_lexicon *l = c->lexicon;
    return node >= l->nodes ? c->own->node[node - l->nodes].phone : l->phone[node];
}

/* ln P(word | state): the trigram's, or what an own word has. */
static float word_score(const struct asr_search_config *c, uint32_t state, uint32_t word,
                        uint32_t *ret_next)
{
    const struct asr_own_word *own = c->own ? asr_own_find(c->own, word) : NULL;
    return own ? asr_own_score(c->own, c->ngram, state, own, ret_next)
               : asr_ngram_score(c->ngram, state, word, ret_next);
}

/* Best probability of a word of the lexicon after a state. */
static float ahead_of_state(const struct asr_search_config *c, uint32_t state)
{
    return state == ASR_NGRAM_EMPTY ? c->ahead_base->node[0] : c->ahead_base->state[state];
}

static uint32_t hash(uint32_t a, uint32_t b)
{
    uint64_t x = ((uint64_t)a << 32 | b) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(x >> 32);
}

static const struct asr_ahead_view *view_of(struct asr_search *s, uint32_t state)
{
    if (s->view_state != state) {
        s->view = asr_ahead_view(s->ahead, state);
        s->view_state = state;
    }
    return &s->view;
}

/* Keep a candidate for the next frame if it is in the beam and better than its equal. */
static void offer(struct asr_search *s, const struct token *token)
{
    if (token->score < s->next_best - s->config.beam)
        return;
    uint32_t at = hash(token->state, token->node) & s->slot_mask;
    for (; s->slot_stamp[at] == s->stamp; at = (at + 1) & s->slot_mask) {
        struct token *rival = &s->next[s->slot[at]];
        if (rival->state != token->state || rival->node != token->node ||
            rival->output != token->output)
            continue;
        if (token->score > rival->score)
            *rival = *token;
        s->next_best = fmaxf(s->next_best, token->score);
        return;
    }
    if (s->nexts == s->capacity)
        return;
    s->slot_stamp[at] = s->stamp;
    s->slot[at] = s->nexts;
    s->next[s->nexts++] = *token;
    s->next_best = fmaxf(s->next_best, token->score);
}

/* Enter the children of `from->node`; from->score is without the acoustic score of the new frame.
 */
static void offer_children(struct asr_search *s, const struct token *from, const float *scores)
{
    const struct asr_lexicon *l = s->config.lexicon;
    uint32_t first = l->first_child[from->node], end = l->first_child[from->node + 1];
    uint32_t base = s->config.left_class[l->phone[from->node]] * s->config.phones;
    for (uint32_t c = first; c < end; c++) {
        uint32_t output = base + l->phone[c];
        float score = from->score + scores[output];
        if (score < s->next_best - s->config.beam)
            continue; /* look-ahead only falls on the way down */
        float ahead = asr_ahead_value(view_of(s, from->state), c);
        score += s->config.lm_weight * (ahead - from->ahead);
        offer(s, &(struct token){score, ahead, from->state, c, output, from->link, from->begin});
    }
}

/* Children of `node` in the tree of own words. `back_off` is that of the state, `base` the first
 * output after the phone before. */
static void offer_own(struct asr_search *s, const struct token *from, uint32_t node, uint32_t base,
                      float back_off, const float *scores)
{
    const struct asr_own *own = s->config.own;
    for (uint32_t c = own->node[node].child; c; c = own->node[c].sibling) {
        uint32_t output = base + own->node[c].phone;
        float ahead = back_off + own->node[c].best;
        float score = from->score + scores[output] + s->config.lm_weight * (ahead - from->ahead);
        offer(s, &(struct token){score, ahead, from->state, s->config.lexicon->nodes + c, output,
                                 from->link, node ? from->begin : s->frame});
    }
}

/* Enter the children of a node in the tree of own words: the token knows what backing off costs. */
static void offer_own_children(struct asr_search *s, const struct token *from, const float *scores)
{
    uint32_t node = from->node - s->config.lexicon->nodes;
    const struct asr_own_node *n = &s->config.own->node[node];
    uint32_t base = s->config.left_class[n->phone] * s->config.phones;
    if (n->child)
        offer_own(s, from, node, base, from->ahead - n->best, scores);
}

/* The same for the root, whose children are told apart by their first phone; `class` is that of the
 * phone before. */
static void offer_words(struct asr_search *s, const struct token *from, uint32_t class,
                        const float *scores)
{
    const struct asr_lexicon *l = s->config.lexicon;
    const float *ahead = NULL;
    for (uint32_t c = 1; c < l->first_child[1]; c++) {
        uint32_t output = class * s->config.phones + l->phone[c];
        float score = from->score + scores[output];
        if (score < s->next_best - s->config.beam)
            continue;
        if (!ahead)
            ahead = asr_ahead_tops(s->ahead, from->state);
        score += s->config.lm_weight * (ahead[c - 1] - from->ahead);
        offer(s,
              &(struct token){score, ahead[c - 1], from->state, c, output, from->link, s->frame});
    }
    if (s->config.own)
        offer_own(s, from, 0, class * s->config.phones,
                  asr_own_back_off(s->config.ngram, from->state), scores);
}

static void expand_token(struct asr_search *s, const struct token *from, const float *scores)
{
    struct token stay = *from;
    stay.score += scores[from->output];
    offer(s, &stay);
    if (from->node == 0)
        offer_words(s, from, 0, scores);
    else if (from->node >= s->config.lexicon->nodes)
        offer_own_children(s, from, scores);
    else
        offer_children(s, from, scores);
}

/* A token that starts the next word, and one that waits in silence first. */
static void expand_end(struct asr_search *s, const struct end *end, const float *scores)
{
    float ahead = ahead_of_state(&s->config, end->state);
    struct token root = {.score = end->score + s->config.lm_weight * ahead,
                         .ahead = ahead,
                         .state = end->state,
                         .link = end->link};
    offer_words(s, &root, end->class, scores);
    root.score += s->config.silence_cost + scores[0];
    offer(s, &root);
}

/* The end that belongs to a state and a class, made when there is room; NULL when there is none. */
static struct end *end_of(struct asr_search *s, uint32_t state, uint32_t class)
{
    uint32_t at = hash(state, class) % END_SLOTS;
    for (; s->end_stamp[at] == s->stamp; at = (at + 1) % END_SLOTS)
        if (s->end[s->end_slot[at]].state == state && s->end[s->end_slot[at]].class == class)
            return &s->end[s->end_slot[at]];
    if (s->ends == ENDS || !asr_lattice_fits(&s->lattice, 1, 1))
        return NULL;
    s->end_stamp[at] = s->stamp;
    s->end_slot[at] = s->ends;
    struct end *end = &s->end[s->ends++];
    *end = (struct end){state, class, asr_lattice_add_node(&s->lattice, s->frame, state), NOTHING};
    return end;
}

static void add_arc(struct asr_search *s, uint32_t state, uint32_t class,
                    const struct asr_lattice_arc *arc)
{
    struct end *end = end_of(s, state, class);
    if (!end || !asr_lattice_fits(&s->lattice, 0, 1))
        return;
    asr_lattice_add_arc(&s->lattice, end->link, arc);
    end->score = fmaxf(end->score, arc->score);
}

/* Words that end at a token's node. */
static void end_words(struct asr_search *s, const struct token *token)
{
    const struct asr_search_config *c = &s->config;
    uint32_t class = c->left_class[phone_of(c, token->node)];
    uint32_t e = first_ending(c, token->node);
    for (; e; e = next_ending(c, token->node, e)) {
        uint32_t word = ending_of(c, token->node, e), state;
        float lm = word_score(c, token->state, word, &state);
        float score = token->score + c->lm_weight * (lm - token->ahead) + c->word_bonus;
        if (score < s->best - c->word_beam)
            continue;
        float ahead = ahead_of_state(c, state);
        if (score + c->lm_weight * ahead < s->best - c->word_beam)
            continue;
        add_arc(s, state, class,
                &(struct asr_lattice_arc){token->link, 0, word, token->begin, score});
    }
}

/* One new sentence may begin after the likeliest end of another. */
static void break_sentence(struct asr_search *s)
{
    const struct asr_search_config *c = &s->config;
    struct asr_lattice_arc arc = {.word = ASR_LATTICE_NONE, .begin = s->frame, .score = NOTHING};
    uint32_t class = 0;
    for (uint32_t i = 0; i < s->ends; i++) {
        const struct end *end = &s->end[i];
        float score =
            end->score + c->lm_weight * asr_ngram_end(c->ngram, end->state) + c->break_cost;
        if (score > arc.score) {
            arc.score = score;
            arc.from = end->link;
            class = end->class;
        }
    }
    if (arc.score >= s->best - c->word_beam)
        add_arc(s, asr_ngram_start(c->ngram), class, &arc);
}

static void compact_lattice(struct asr_search *s, bool best_only)
{
    asr_lattice_begin_marks(&s->lattice);
    for (uint32_t i = 0; i < s->tokens; i++)
        asr_lattice_mark(&s->lattice, s->token[i].link);
    asr_lattice_compact(&s->lattice, best_only);
    for (uint32_t i = 0; i < s->tokens; i++)
        s->token[i].link = asr_lattice_moved(&s->lattice, s->token[i].link);
}

static void make_room(struct asr_search *s)
{
    if (asr_lattice_fits(&s->lattice, ENDS, ARCS_A_FRAME))
        return;
    compact_lattice(s, false);
    if (!asr_lattice_fits(&s->lattice, NODES / 4, ARCS / 4))
        compact_lattice(s, true);
}

/* Ends of words after the frames so far. */
static void collect_ends(struct asr_search *s)
{
    make_room(s);
    s->ends = 0;
    for (uint32_t i = 0; i < s->tokens; i++)
        end_words(s, &s->token[i]);
    if (s->ends > 0 && s->config.break_cost > NOTHING)
        break_sentence(s);
}

/* Score below which tokens go, so that at most max_tokens stay (about). */
static float threshold(const struct asr_search *s)
{
    const struct asr_search_config *c = &s->config;
    float low = s->next_best - c->beam;
    if (s->nexts <= c->max_tokens)
        return low;
    uint32_t bin[BINS] = {0}, count = 0;
    float per_bin = c->beam / BINS;
    for (uint32_t i = 0; i < s->nexts; i++) {
        float below = (s->next_best - s->next[i].score) / per_bin;
        if (below < BINS)
            bin[(int)below]++;
    }
    for (int b = 0; b < BINS; b++) {
        count += bin[b];
        if (count >= c->max_tokens)
            return s->next_best - per_bin * (float)(b + 1);
    }
    return low;
}

/* The candidates in the beam become the tokens; scores are held near 0. */
static void turn_over(struct asr_search *s)
{
    float low = threshold(s);
    s->tokens = 0;
    for (uint32_t i = 0; i < s->nexts; i++)
        if (s->next[i].score >= low)
            s->token[s->tokens++] = s->next[i];
    s->best = s->next_best;
    s->most = s->tokens > s->most ? s->tokens : s->most;
}

/* Expand the best token first: its children set a beam that spares the rest work. */
static void expand_best(struct asr_search *s, const float *scores)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < s->tokens; i++)
        if (s->token[i].score > s->token[best].score)
            best = i;
    if (s->tokens > 0)
        expand_token(s, &s->token[best], scores);
}

/* Best score of a frame: silence has one output only, those of the other classes mean nothing. */
static float largest(const struct asr_search_config *config, const float *scores)
{
    float best = scores[0];
    for (uint32_t base = 0; base < config->outputs; base += config->phones)
        for (uint32_t p = 1; p < config->phones; p++)
            best = fmaxf(best, scores[base + p]);
    return best;
}

void asr_search_step(struct asr_search *search, const float *scores)
{
    struct asr_search *s = search;
    if (++s->stamp == 0) {
        memset(s->slot_stamp, 0, ((size_t)s->slot_mask + 1) * sizeof *s->slot_stamp);
        memset(s->end_stamp, 0, sizeof s->end_stamp);
        s->stamp = 1;
    }
    if (s->frame > 0)
        collect_ends(s);
    s->nexts = 0;
    s->next_best = NOTHING;
    expand_best(s, scores);
    for (uint32_t i = 0; i < s->tokens; i++)
        expand_token(s, &s->token[i], scores);
    for (uint32_t i = 0; i < s->ends; i++)
        expand_end(s, &s->end[i], scores);
    turn_over(s);
    s->bound += largest(&s->config, scores);
    s->frame++;
}

uint32_t asr_search_frames(const struct asr_search *search)
{
    return search->frame;
}

uint32_t asr_search_tokens(const struct asr_search *search, uint32_t *ret_most)
{
    *ret_most = search->most;
    return search->tokens;
}

static const struct token *best_token(const struct asr_search *s)
{
    const struct token *best = NULL;
    for (uint32_t i = 0; i < s->tokens; i++)
        if (!best || s->token[i].score > best->score)
            best = &s->token[i];
    return best;
}

/* The likeliest word that ends at a token's node, or NONE. */
static uint32_t ending_word(const struct asr_search *s, const struct token *token)
{
    const struct asr_search_config *c = &s->config;
    uint32_t best = ASR_LATTICE_NONE, e = first_ending(c, token->node);
    float most = NOTHING;
    for (; e; e = next_ending(c, token->node, e)) {
        float p = word_score(c, token->state, ending_of(c, token->node, e), NULL);
        if (p > most) {
            most = p;
            best = ending_of(c, token->node, e);
        }
    }
    return best;
}

uint32_t asr_search_partial(const struct asr_search *search, struct asr_lattice_word *ret_words,
                            uint32_t limit, uint32_t *ret_settled)
{
    const struct token *best = best_token(search);
    *ret_settled = 0;
    if (!best || limit < 1)
        return 0;
    uint32_t word = ending_word(search, best);
    uint32_t open = word != ASR_LATTICE_NONE;
    *ret_settled = asr_lattice_path(&search->lattice, best->link, ret_words, limit - open);
    if (open)
        ret_words[*ret_settled] = (struct asr_lattice_word){word, best->begin, search->frame, 0};
    return *ret_settled + open;
}

/* A path that is complete at the last frame. */
struct complete {
    float score; /* with the end of the sentence */
    uint32_t link, word, state, begin;
};

/* Call `take` for each complete path. */
static void for_complete(const struct asr_search *s, void (*take)(void *, const struct complete *),
                         void *context)
{
    const struct asr_search_config *c = &s->config;
    for (uint32_t i = 0; i < s->tokens; i++) {
        const struct token *t = &s->token[i];
        float score = t->score - c->lm_weight * t->ahead;
        if (t->node == 0) {
            float end = t->link ? asr_ngram_end(c->ngram, t->state) : 0;
            take(context, &(struct complete){score + c->lm_weight * end, t->link, ASR_LATTICE_NONE,
                                             t->state, s->frame});
            continue;
        }
        for (uint32_t e = first_ending(c, t->node); e; e = next_ending(c, t->node, e)) {
            uint32_t word = ending_of(c, t->node, e), state;
            float lm = word_score(c, t->state, word, &state);
            lm += asr_ngram_end(c->ngram, state);
            take(context, &(struct complete){score + c->lm_weight * lm + c->word_bonus, t->link,
                                             word, state, t->begin});
        }
    }
}

static void take_best(void *context, const struct complete *complete)
{
    struct complete *best = context;
    if (complete->score > best->score)
        *best = *complete;
}

struct asr_search_ending asr_search_ending(const struct asr_search *search)
{
    const struct asr_search *s = search;
    struct asr_search_ending ending = {.margin = -INFINITY};
    const struct token *best = best_token(s);
    struct complete complete = {.score = NOTHING};
    if (!best)
        return ending;
    for_complete(s, take_best, &complete);
    const struct asr_lattice_node *node = &s->lattice.node[best->link];
    ending.words = asr_lattice_words(&s->lattice, best->link);
    ending.silence = best->node == 0 ? s->frame - node->frame : 0;
    if (complete.score == NOTHING)
        return ending;
    ending.words += complete.word != ASR_LATTICE_NONE;
    ending.margin = fminf(0, complete.score - (best->score - s->config.lm_weight * best->ahead));
    ending.end_probability = expf(asr_ngram_end(s->config.ngram, complete.state));
    return ending;
}

struct closing {
    struct asr_search *search;
    float low;
};

static void take_arc(void *context, const struct complete *complete)
{
    struct closing *closing = context;
    struct asr_search *s = closing->search;
    if (complete->score < closing->low || !asr_lattice_fits(&s->lattice, 0, 1))
        return;
    asr_lattice_add_arc(&s->lattice, s->final,
                        &(struct asr_lattice_arc){complete->link, 0, complete->word,
                                                  complete->begin, complete->score});
}

/* Acoustic score of the final path against the best phone of every frame, per frame of speech. */
static float match_of(const struct asr_search *s, const struct asr_lattice_word *words,
                      uint32_t count)
{
    const struct asr_search_config *c = &s->config;
    uint32_t state = asr_ngram_start(c->ngram), frames = 0;
    float acoustic = s->lattice.node[s->final].score;
    for (uint32_t i = 0; i < count; i++) {
        acoustic -= c->lm_weight * word_score(c, state, words[i].word, &state);
        acoustic -= c->word_bonus;
        frames += words[i].end - words[i].begin;
    }
    acoustic -= c->lm_weight * asr_ngram_end(c->ngram, state);
    return frames ? fminf(0, (acoustic - (float)s->bound) / (float)frames) : 0;
}

uint32_t asr_search_finish(struct asr_search *search, struct asr_lattice_word *ret_words,
                           uint32_t limit)
{
    struct asr_search *s = search;
    struct complete best = {.score = NOTHING};
    for_complete(s, take_best, &best);
    if (best.score == NOTHING) {
        const struct token *token = best_token(s);
        s->final = token ? token->link : 0;
    } else {
        make_room(s);
        s->final = asr_lattice_add_node(&s->lattice, s->frame, asr_ngram_start(s->config.ngram));
        struct closing closing = {s, best.score - s->config.word_beam};
        for_complete(s, take_arc, &closing);
    }
    uint32_t count = asr_lattice_path(&s->lattice, s->final, ret_words, limit);
    asr_lattice_confidence(&s->lattice, s->final, 1 / s->config.lm_weight, ret_words, count);
    s->match = match_of(s, ret_words, count);
    return count;
}

float asr_search_match(const struct asr_search *search)
{
    return search->match;
}

struct asr_lattice *asr_search_lattice(struct asr_search *search, uint32_t *ret_final)
{
    *ret_final = search->final;
    return &search->lattice;
}
