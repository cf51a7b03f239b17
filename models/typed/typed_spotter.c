#include "typed_spotter.h"

#include <stdlib.h>
#include <string.h>

#define NEVER (-1e30f)

/* One way through the phrase, or through anything: what it cost so far against the filler. */
struct token {
    float score;
    uint32_t output; /* of the net, kept for as long as the phone lasts */
    uint64_t begin;  /* row */
};

struct typed_spotter {
    const struct asr_net_info *info;
    struct typed_phrase phrase;
    float threshold, score;
    uint64_t row, deaf_until;
    float *filler, *next; /* [outputs] each */
    float *best;          /* [phones]: of the filler's states with that phone */
    float *top;           /* [phones]: of the phones of a class, by class */
    struct token token[TYPED_PATHS_MAX][TYPED_STATES_MAX];
};

enum status typed_spotter_create(const struct typed_phrase *phrase, float threshold,
                                 const struct asr_net_info *info,
                                 struct typed_spotter **ret_spotter, struct error *ret_error)
{
    if (info->phones != PHONE_COUNT)
        return error_set(ret_error, STATUS_UNSUPPORTED, "typed wake word: net of %u phones, not %d",
                         info->phones, PHONE_COUNT);
    struct typed_spotter *spotter = calloc(1, sizeof(*spotter));
    float *values = calloc(2 * (size_t)info->outputs + 2 * (size_t)info->phones, sizeof(float));
    if (!spotter || !values) {
        free(spotter);
        free(values);
        return error_set(ret_error, STATUS_NO_MEMORY, "typed wake word: out of memory");
    }
    spotter->info = info;
    spotter->phrase = *phrase;
    spotter->threshold = threshold;
    spotter->filler = values;
    spotter->next = values + info->outputs;
    spotter->best = values + 2 * (size_t)info->outputs;
    spotter->top = spotter->best + info->phones;
    typed_spotter_reset(spotter, 0);
    *ret_spotter = spotter;
    return STATUS_OK;
}

void typed_spotter_destroy(struct typed_spotter *spotter)
{
    if (!spotter)
        return;
    free(spotter->filler < spotter->next ? spotter->filler : spotter->next);
    free(spotter);
}

void typed_spotter_reset(struct typed_spotter *spotter, uint64_t row)
{
    for (uint32_t i = 0; i < spotter->info->outputs; i++)
        spotter->filler[i] = NEVER;
    spotter->filler[0] = 0;
    for (size_t p = 0; p < TYPED_PATHS_MAX; p++)
        for (size_t s = 0; s < TYPED_STATES_MAX; s++)
            spotter->token[p][s] = (struct token){.score = NEVER};
    spotter->row = spotter->deaf_until = row;
    spotter->score = NEVER;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* Not times the file's acoustic_scale: that weighs sounds against words, and here are none. */
static float emission(const struct typed_spotter *spotter, const float *row, uint32_t output)
{
    return row[output] - spotter->info->prior[output];
}

/* The best filler state of each phone, and of each class of phones. */
static void find_tops(struct typed_spotter *spotter)
{
    const struct asr_net_info *info = spotter->info;
    for (uint32_t p = 0; p < info->phones; p++)
        spotter->best[p] = spotter->top[p] = NEVER;
    for (uint32_t i = 0; i < info->outputs; i++)
        spotter->best[i % info->phones] =
            larger(spotter->best[i % info->phones], spotter->filler[i]);
    for (uint32_t p = 0; p < info->phones; p++) {
        float *top = &spotter->top[info->left_class[p]];
        *top = larger(*top, spotter->best[p]);
    }
}

/* Where the filler stands, the best that may come before `phone` as one of class `class`. */
static float before(const struct typed_spotter *spotter, uint32_t class, uint32_t phone)
{
    float from = spotter->top[class];
    if (phone == 0)
        for (uint32_t p = 0; p < spotter->info->phones; p++)
            from = larger(from, spotter->best[p]);
    return from + TYPED_CHANGE;
}

/* All states of the filler one row on; returns the best. */
static float step_filler(struct typed_spotter *spotter, const float *row)
{
    const struct asr_net_info *info = spotter->info;
    float most = NEVER;
    for (uint32_t i = 0; i < info->outputs; i++) {
        uint32_t class = i / info->phones, phone = i % info->phones;
        spotter->next[i] = NEVER;
        if (phone == 0 && class > 0)
            continue;
        float come = larger(spotter->filler[i], before(spotter, class, phone));
        spotter->next[i] = come + emission(spotter, row, i);
        most = larger(most, spotter->next[i]);
    }
    return most;
}

static void take(struct token *token, float score, uint32_t output, uint64_t begin)
{
    if (score > token->score)
        *token = (struct token){.score = score, .output = output, .begin = begin};
}

/* Into the phrase's first phone: from silence, or in the middle of speech at a price. */
static void enter(const struct typed_spotter *spotter, const float *row, uint32_t phone,
                  struct token *ret_token)
{
    const struct asr_net_info *info = spotter->info;
    uint32_t output = asr_output(info, 0, phone);
    take(ret_token, spotter->best[0] + TYPED_CHANGE + emission(spotter, row, output), output,
         spotter->row);
    for (uint32_t class = 0; class < info->outputs / info->phones; class ++) {
        output = class * info->phones + phone;
        take(ret_token,
             spotter->top[class] + TYPED_CHANGE + TYPED_MIDDLE + emission(spotter, row, output),
             output, spotter->row);
    }
}

static uint32_t phone_at(const struct typed_path *path, int state)
{
    return path->state[state] == TYPED_PAUSE ? 0 : path->state[state];
}

/* From an earlier state of the path; the same phone twice over a word's border costs no change. */
static void advance(const struct typed_spotter *spotter, const float *row,
                    const struct typed_path *path, const int states[2], const struct token *from,
                    struct token *ret_token)
{
    if (from->score <= NEVER / 2)
        return;
    uint32_t a = phone_at(path, states[0]), b = phone_at(path, states[1]);
    uint32_t output = asr_output(spotter->info, a, b);
    float change = a == b ? 0 : TYPED_CHANGE;
    take(ret_token, from->score + change + emission(spotter, row, output), output, from->begin);
}

/* One path of the phrase one row on; last state first, so that each reads the row before. */
static void step_path(struct typed_spotter *spotter, const float *row, size_t number)
{
    const struct typed_path *path = &spotter->phrase.paths[number];
    struct token *token = spotter->token[number];
    for (int s = path->states - 1; s >= 0; s--) {
        struct token now = {.score = NEVER};
        if (token[s].score > NEVER / 2)
            take(&now, token[s].score + emission(spotter, row, token[s].output), token[s].output,
                 token[s].begin);
        if (s == 0)
            enter(spotter, row, phone_at(path, 0), &now);
        if (s > 0)
            advance(spotter, row, path, (const int[2]){s - 1, s}, &token[s - 1], &now);
        if (s > 1 && path->state[s - 1] == TYPED_PAUSE)
            advance(spotter, row, path, (const int[2]){s - 2, s}, &token[s - 2], &now);
        token[s] = now;
    }
}

/* All scores are kept relative to the filler's best, so that they neither grow nor drift. */
static void settle(struct typed_spotter *spotter, float most)
{
    float *filler = spotter->filler;
    spotter->filler = spotter->next;
    spotter->next = filler;
    for (uint32_t i = 0; i < spotter->info->outputs; i++)
        spotter->filler[i] -= spotter->filler[i] > NEVER / 2 ? most : 0;
    for (size_t p = 0; p < spotter->phrase.count; p++)
        for (size_t s = 0; s < spotter->phrase.paths[p].states; s++)
            spotter->token[p][s].score -= spotter->token[p][s].score > NEVER / 2 ? most : 0;
}

bool typed_spotter_step(struct typed_spotter *spotter, const float *row, struct typed_hit *ret_hit)
{
    uint64_t begin = 0;
    find_tops(spotter);
    float most = step_filler(spotter, row);
    for (size_t p = 0; p < spotter->phrase.count; p++)
        step_path(spotter, row, p);
    settle(spotter, most);
    spotter->score = NEVER;
    for (size_t p = 0; p < spotter->phrase.count; p++) {
        const struct typed_path *path = &spotter->phrase.paths[p];
        const struct token *last = &spotter->token[p][path->states - 1];
        float score = last->score / (float)path->phones;
        if (score > spotter->score) {
            spotter->score = score;
            begin = last->begin;
        }
    }
    uint64_t row_number = spotter->row++;
    if (spotter->score < spotter->threshold || row_number < spotter->deaf_until)
        return false;
    spotter->deaf_until = row_number + TYPED_REFRACTORY_ROWS;
    *ret_hit = (struct typed_hit){.score = spotter->score, .begin = begin, .end = row_number + 1};
    return true;
}

float typed_spotter_score(const struct typed_spotter *spotter)
{
    return spotter->score;
}
