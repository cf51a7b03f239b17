#include "lm_sampler.h"

#include <math.h>

struct candidate {
    float logit;
    int32_t token;
};

void lm_sampler_init(struct lm_sampler *ret_sampler, const struct lm_sampling *sampling)
{
    *ret_sampler = (struct lm_sampler){*sampling, sampling->seed};
}

/* splitmix64, as a number in [0, 1) */
static double chance(struct lm_sampler *s)
{
    uint64_t z = s->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static bool may(const uint8_t *allowed, size_t i)
{
    return !allowed || allowed[i];
}

static int32_t greedy(const float *logits, size_t n, const uint8_t *allowed)
{
    int32_t best = -1;
    for (size_t i = 0; i < n; i++)
        if (may(allowed, i) && (best < 0 || logits[i] > logits[best]))
            best = (int32_t)i;
    return best;
}

static float share_of_all(const float *logits, size_t n, const uint8_t *allowed, int32_t token)
{
    float most = logits[greedy(logits, n, allowed)];
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        if (may(allowed, i))
            sum += exp((double)(logits[i] - most));
    return (float)(exp((double)(logits[token] - most)) / sum);
}

/* The k largest in falling order, by insertion; equal logits keep the order of their ids. */
static size_t top(const float *logits, size_t n, const uint8_t *allowed, size_t k,
                  struct candidate *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!may(allowed, i) || (count == k && !(logits[i] > ret[count - 1].logit)))
            continue;
        size_t at = count < k ? count++ : k - 1;
        for (; at > 0 && ret[at - 1].logit < logits[i]; at--)
            ret[at] = ret[at - 1];
        ret[at] = (struct candidate){logits[i], (int32_t)i};
    }
    return count;
}

static int32_t draw(struct lm_sampler *s, const struct candidate *candidates, size_t count)
{
    double weights[LM_MAX_TOP_K], sum = 0.0, kept = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i] =
            exp((double)((candidates[i].logit - candidates[0].logit) / s->sampling.temperature));
    size_t keep = 0;
    while (keep < count && (keep == 0 || kept < (double)s->sampling.top_p * sum))
        kept += weights[keep++];
    double at = chance(s) * kept;
    for (size_t i = 0; i < keep; i++) {
        at -= weights[i];
        if (at < 0.0)
            return candidates[i].token;
    }
    return candidates[0].token;
}

int32_t lm_sampler_pick(struct lm_sampler *sampler, const float *logits, size_t n,
                        const uint8_t *allowed, float *ret_probability)
{
    int32_t token;
    if (sampler->sampling.temperature > 0.0f) {
        struct candidate candidates[LM_MAX_TOP_K];
        uint32_t k = sampler->sampling.top_k;
        size_t count =
            top(logits, n, allowed, k < 1 || k > LM_MAX_TOP_K ? LM_MAX_TOP_K : k, candidates);
        token = draw(sampler, candidates, count);
    } else {
        token = greedy(logits, n, allowed);
    }
    if (ret_probability)
        *ret_probability = share_of_all(logits, n, allowed, token);
    return token;
}

int32_t lm_sampler_best_of(const float *logits, const int32_t *tokens, size_t count,
                           float *ret_probability)
{
    int32_t best = tokens[0];
    for (size_t i = 1; i < count; i++)
        if (logits[tokens[i]] > logits[best])
            best = tokens[i];
    if (ret_probability)
        *ret_probability = lm_sampler_share(logits, tokens, count, best);
    return best;
}

float lm_sampler_share(const float *logits, const int32_t *tokens, size_t count, int32_t token)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += exp((double)(logits[tokens[i]] - logits[token]));
    return (float)(1.0 / sum);
}
