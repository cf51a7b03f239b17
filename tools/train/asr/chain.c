/* Forward-backward and best paths for mmi.py, which compiles and calls this file.
 *
 * Scores are natural logs, [batch][frames][rows], rows as in README.md ("a phone after a class of
 * phones"). Everything runs in the exponent domain and is rescaled each frame; utterances are
 * spread over threads. The pair (a, b) is phone b after phone a. Equations: Povey et al., Purely
 * sequence-trained neural networks for ASR based on lattice-free MMI, Interspeech 2016, with one
 * state a phone.
 *
 * Thread: any; the functions share nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PHONES = 40, WIDE = 48 }; /* rows of pairs are padded for the vector unit */

struct batch {
    const float *scores;
    const int *lengths;
    int count, frames, rows;
};

/* All phone sequences under a trigram: step[b][a][c] and back[b][c][a] hold P(c | a, b), with zeros
 * at the end of their rows. */
struct language {
    const float *step, *back, *first;
    const int *pairs; /* [a][b]: row of the output */
};

typedef float pairs_t[PHONES][WIDE];

/* exp(score - largest) of one frame; returns the largest. */
static float likelihoods(const float *scores, int rows, float *ret_out)
{
    float top = scores[0];
    for (int k = 1; k < rows; k++)
        top = scores[k] > top ? scores[k] : top;
    for (int k = 0; k < rows; k++)
        ret_out[k] = expf(scores[k] - top);
    return top;
}

/* by_pair[a][b] = by_row[row of (a, b)]. */
static void spread(const float *by_row, const int *pairs, pairs_t by_pair)
{
    for (int a = 0; a < PHONES; a++)
        for (int b = 0; b < PHONES; b++)
            by_pair[a][b] = by_row[pairs[a * PHONES + b]];
}

/* One frame forward: next[b][c] = (sum over a of state[a][b] P(c | a, b) + state[b][c])
 * likely[b][c], scaled to sum 1. */
static double advance(const struct language *lm, pairs_t state, pairs_t likely, pairs_t next)
{
    float total = 0;
    for (int b = 0; b < PHONES; b++) {
        const float *step = lm->step + (size_t)b * PHONES * WIDE;
        float sum[WIDE];
        memcpy(sum, state[b], sizeof sum);
        for (int a = 0; a < PHONES; a++)
            for (int c = 0; c < WIDE; c++)
                sum[c] += state[a][b] * step[a * WIDE + c];
        for (int c = 0; c < WIDE; c++) {
            next[b][c] = sum[c] * likely[b][c];
            total += next[b][c];
        }
    }
    total = total > 1e-30f ? total : 1e-30f;
    for (int b = 0; b < PHONES; b++)
        for (int c = 0; c < WIDE; c++)
            next[b][c] /= total;
    return log(total);
}

/* One frame back, states kept by [phone][phone before]: emitted is the state times the
 * likelihood of the later frame. */
static void retreat(const struct language *lm, pairs_t emitted, pairs_t ret_state)
{
    float total = 0;
    for (int b = 0; b < PHONES; b++) {
        const float *back = lm->back + (size_t)b * PHONES * WIDE;
        float sum[WIDE];
        memcpy(sum, emitted[b], sizeof sum);
        for (int c = 0; c < PHONES; c++)
            for (int a = 0; a < WIDE; a++)
                sum[a] += emitted[c][b] * back[c * WIDE + a];
        for (int a = 0; a < WIDE; a++) {
            ret_state[b][a] = sum[a];
            total += sum[a];
        }
    }
    total = total > 1e-30f ? total : 1e-30f;
    for (int b = 0; b < PHONES; b++)
        for (int a = 0; a < WIDE; a++)
            ret_state[b][a] *= PHONES * PHONES / total;
}

/* Occupation of the rows at one frame from the forward state and the backward one, which is kept as
 * [phone][before]. */
static void occupy(const int *pairs, pairs_t forward, pairs_t backward, float *ret_out)
{
    float share[PHONES][PHONES], total = 0;
    for (int a = 0; a < PHONES; a++)
        for (int b = 0; b < PHONES; b++) {
            share[a][b] = forward[a][b] * backward[b][a];
            total += share[a][b];
        }
    total = total > 1e-30f ? total : 1e-30f;
    for (int a = 0; a < PHONES; a++)
        for (int b = 0; b < PHONES; b++)
            ret_out[pairs[a * PHONES + b]] += share[a][b] / total;
}

static double denominator_forward(const struct language *lm, const float *scores, int frames,
                                  int rows, pairs_t *states)
{
    pairs_t likely = {0};
    float *now = malloc((size_t)rows * sizeof *now);
    double total = 0;
    for (int t = 0; t < frames; t++) {
        total += likelihoods(scores + (size_t)t * rows, rows, now);
        spread(now, lm->pairs, likely);
        if (t > 0) {
            total += advance(lm, states[t - 1], likely, states[t]);
            continue;
        }
        float sum = 1e-30f;
        memset(states[0], 0, sizeof states[0]);
        for (int c = 0; c < PHONES; c++)
            sum += states[0][0][c] = lm->first[c] * likely[0][c];
        for (int c = 0; c < PHONES; c++)
            states[0][0][c] /= sum;
        total += log(sum);
    }
    free(now);
    return total;
}

static void denominator_backward(const struct language *lm, const float *scores, int frames,
                                 int rows, pairs_t *states, float *ret_occupied)
{
    pairs_t state, emitted = {0};
    float *now = malloc((size_t)rows * sizeof *now);
    for (int b = 0; b < PHONES; b++)
        for (int a = 0; a < WIDE; a++)
            state[b][a] = a < PHONES;
    for (int t = frames - 1; t >= 0; t--) {
        occupy(lm->pairs, states[t], state, ret_occupied + (size_t)t * rows);
        likelihoods(scores + (size_t)t * rows, rows, now);
        for (int b = 0; b < PHONES; b++)
            for (int a = 0; a < PHONES; a++)
                emitted[b][a] = state[b][a] * now[lm->pairs[a * PHONES + b]];
        retreat(lm, emitted, state);
    }
    free(now);
}

/* Log likelihood [count] and occupations [count][frames][rows] (zeroed by the caller) of all phone
 * sequences. */
void chain_denominator(const struct batch *batch, const struct language *lm, float *ret_total,
                       float *ret_occupied);
void chain_denominator(const struct batch *batch, const struct language *lm, float *ret_total,
                       float *ret_occupied)
{
#pragma omp parallel for schedule(dynamic, 1)
    for (int u = 0; u < batch->count; u++) {
        size_t from = (size_t)u * batch->frames * batch->rows;
        pairs_t *states = malloc((size_t)batch->lengths[u] * sizeof *states);
        ret_total[u] = (float)denominator_forward(lm, batch->scores + from, batch->lengths[u],
                                                  batch->rows, states);
        denominator_backward(lm, batch->scores + from, batch->lengths[u], batch->rows, states,
                             ret_occupied + from);
        free(states);
    }
}

/* The states of one transcript: their rows and the states before them (CSR); flags: 1 may begin,
 * 2 may end. */
struct graph {
    const int *row, *flags, *start, *from;
    int states;
};

static double graph_frame(const struct graph *g, const float *scores, double *ret_likely)
{
    float top = -1e30f;
    for (int s = 0; s < g->states; s++)
        top = scores[g->row[s]] > top ? scores[g->row[s]] : top;
    for (int s = 0; s < g->states; s++)
        ret_likely[s] = exp((double)(scores[g->row[s]] - top));
    return top;
}

static double graph_forward(const struct graph *g, const float *scores, int frames, int rows,
                            double *likely, double *states)
{
    double total = 0;
    for (int t = 0; t < frames; t++) {
        double *now = likely + (size_t)t * g->states, *next = states + (size_t)t * g->states,
               sum = 1e-300;
        const double *past = next - g->states;
        total += graph_frame(g, scores + (size_t)t * rows, now);
        for (int s = 0; s < g->states; s++) {
            double in = t > 0 ? past[s] : g->flags[s] & 1;
            for (int k = g->start[s]; t > 0 && k < g->start[s + 1]; k++)
                in += past[g->from[k]];
            sum += next[s] = in * now[s];
        }
        for (int s = 0; s < g->states; s++)
            next[s] /= sum;
        total += log(sum);
    }
    return total;
}

/* Adds the log share of the paths that end well to the total. */
static double graph_backward(const struct graph *g, int frames, int rows, const double *likely,
                             const double *states, float *ret_occupied)
{
    double *state = calloc(2 * (size_t)g->states, sizeof *state), *emitted = state + g->states,
           ended = 1e-300;
    for (int s = 0; s < g->states; s++)
        state[s] = g->flags[s] & 2 ? 1 : 0;
    for (int s = 0; s < g->states; s++)
        ended += state[s] * states[(size_t)(frames - 1) * g->states + s];
    for (int t = frames - 1; t >= 0; t--) {
        const double *now = likely + (size_t)t * g->states,
                     *forward = states + (size_t)t * g->states;
        double sum = 1e-300, total = 1e-300;
        for (int s = 0; s < g->states; s++) {
            sum += forward[s] * state[s];
            emitted[s] = state[s] * now[s];
        }
        for (int s = 0; s < g->states; s++)
            ret_occupied[(size_t)t * rows + g->row[s]] += (float)(forward[s] * state[s] / sum);
        memcpy(state, emitted, (size_t)g->states * sizeof *state);
        for (int s = 0; s < g->states; s++)
            for (int k = g->start[s]; k < g->start[s + 1]; k++)
                state[g->from[k]] += emitted[s];
        for (int s = 0; s < g->states; s++)
            total += state[s];
        for (int s = 0; s < g->states; s++)
            state[s] /= total;
    }
    free(state);
    return log(ended);
}

/* As chain_denominator, of the paths through each utterance's graph. */
void chain_numerator(const struct batch *batch, const struct graph *graphs, float *ret_total,
                     float *ret_occupied);
void chain_numerator(const struct batch *batch, const struct graph *graphs, float *ret_total,
                     float *ret_occupied)
{
#pragma omp parallel for schedule(dynamic, 1)
    for (int u = 0; u < batch->count; u++) {
        const struct graph *g = &graphs[u];
        size_t from = (size_t)u * batch->frames * batch->rows,
               cells = (size_t)batch->lengths[u] * g->states;
        double *likely = malloc(2 * cells * sizeof *likely), *states = likely + cells;
        double total =
            graph_forward(g, batch->scores + from, batch->lengths[u], batch->rows, likely, states);
        total +=
            graph_backward(g, batch->lengths[u], batch->rows, likely, states, ret_occupied + from);
        ret_total[u] = (float)total;
        free(likely);
    }
}

static float best_path(const struct graph *g, const float *scores, int frames, int rows,
                       int *ret_path)
{
    int *trace = malloc((size_t)frames * g->states * sizeof *trace), last = 0;
    float *now = malloc(2 * (size_t)g->states * sizeof *now), *next = now + g->states;
    for (int t = 0; t < frames; t++) {
        for (int s = 0; s < g->states; s++) {
            int way = s;
            float best = t > 0 ? now[s] : g->flags[s] & 1 ? 0 : -1e30f;
            for (int k = g->start[s]; t > 0 && k < g->start[s + 1]; k++)
                if (now[g->from[k]] > best) {
                    way = g->from[k];
                    best = now[way];
                }
            next[s] = best + scores[(size_t)t * rows + g->row[s]];
            trace[(size_t)t * g->states + s] = way;
        }
        memcpy(now, next, (size_t)g->states * sizeof *now);
    }
    float value = -1e30f;
    for (int s = 0; s < g->states; s++)
        if (g->flags[s] & 2 && now[s] > value) {
            value = now[s];
            last = s;
        }
    for (int t = frames - 1; t >= 0; t--) {
        ret_path[t] = last;
        last = trace[(size_t)t * g->states + last];
    }
    free(now);
    free(trace);
    return value;
}

/* Best path through each utterance's graph: states [count][frames] and their scores. */
void chain_align(const struct batch *batch, const struct graph *graphs, float *ret_value,
                 int *ret_path);
void chain_align(const struct batch *batch, const struct graph *graphs, float *ret_value,
                 int *ret_path)
{
#pragma omp parallel for schedule(dynamic, 1)
    for (int u = 0; u < batch->count; u++)
        ret_value[u] =
            best_path(&graphs[u], batch->scores + (size_t)u * batch->frames * batch->rows,
                      batch->lengths[u], batch->rows, ret_path + (size_t)u * batch->frames);
}
