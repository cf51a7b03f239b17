#include "backoff.h"

const struct backoff_policy backoff_default = {
    .first_ms = 500, .longest_ms = 8000, .jitter_percent = 25};

static int64_t undisturbed(unsigned tries, const struct backoff_policy *policy)
{
    int64_t ms = policy->first_ms;
    for (unsigned i = 0; i < tries && ms < policy->longest_ms; i++)
        ms *= 2;
    return ms < policy->longest_ms ? ms : policy->longest_ms;
}

int backoff_next(struct backoff *backoff, const struct backoff_policy *policy, uint32_t random_bits)
{
    int64_t ms = undisturbed(backoff->tries, policy);
    int64_t widest = ms * policy->jitter_percent / 100;
    if (backoff->tries < UINT32_MAX)
        backoff->tries++;
    return (int)(ms - ((widest * random_bits) >> 32));
}

void backoff_reset(struct backoff *backoff)
{
    backoff->tries = 0;
}
