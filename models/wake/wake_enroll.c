#include "wake_enroll.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gguf.h"

enum {
    ROUNDS = 3, /* fits, each with the moments of the one before */
    BEFORE = 6, /* steps around a guessed end that count as the word ... */
    AFTER = 3,  /* ... */
    NEAR = 2,   /* ... and around a found one */
    SMOOTH = 3, /* steps: the detector's */
};
/* Part of the mean variance that is added to each: with few recordings, do not trust the
 * directions in which the background hardly moves. */
#define SHRINKAGE 0.02f
/* How fast the logit rises, a deviation. */
#define SLOPE 1.0f
#define ALARMS_AT_Z 0.5f

struct recording {
    float *features;
    size_t steps, first, last; /* the word's moments are [first, last) */
};

struct wake_enroll {
    uint32_t size;
    float *mean;       /* [size] */
    float *covariance; /* [size][size], then its Cholesky factor below the diagonal and on it */
    float *weights, *middle;
    struct recording recording[WAKE_ENROLL_MAX];
    size_t count;
};

static enum status find(const struct gguf *gguf, const char *name, size_t count,
                        const float **ret_values, struct error *ret_error)
{
    const struct gguf_tensor *tensor = gguf_find_tensor(gguf, name);
    if (!tensor || tensor->type != GGUF_TYPE_F32 || tensor->size != count * sizeof(float))
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: tensor %s: expected %zu values F32 to enroll words with",
                         gguf_name(gguf), name, count);
    *ret_values = tensor->data;
    return STATUS_OK;
}

/* Square root of the matrix, in place: L L' with L in the lower half. False when it is not positive
 * definite. */
static bool factorise(float *a, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double sum = (double)a[j * n + j];
        for (size_t k = 0; k < j; k++)
            sum -= (double)a[j * n + k] * (double)a[j * n + k];
        if (!(sum > 0))
            return false;
        a[j * n + j] = (float)sqrt(sum);
        for (size_t i = j + 1; i < n; i++) {
            double rest = (double)a[i * n + j];
            for (size_t k = 0; k < j; k++)
                rest -= (double)a[i * n + k] * (double)a[j * n + k];
            a[i * n + j] = (float)(rest / (double)a[j * n + j]);
        }
    }
    return true;
}

/* x = (L L')^-1 x */
static void solve(const float *l, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        double sum = (double)x[i];
        for (size_t k = 0; k < i; k++)
            sum -= (double)l[i * n + k] * (double)x[k];
        x[i] = (float)(sum / (double)l[i * n + i]);
    }
    for (size_t i = n; i-- > 0;) {
        double sum = (double)x[i];
        for (size_t k = i + 1; k < n; k++)
            sum -= (double)l[k * n + i] * (double)x[k];
        x[i] = (float)(sum / (double)l[i * n + i]);
    }
}

/* The lower half, row by row, of a symmetric matrix; the diagonal made heavier. */
static void unpack(struct wake_enroll *enroll, const float *packed)
{
    size_t n = enroll->size;
    double trace = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            enroll->covariance[i * n + j] = enroll->covariance[j * n + i] = *packed++;
    for (size_t i = 0; i < n; i++)
        trace += (double)enroll->covariance[i * n + i];
    for (size_t i = 0; i < n; i++)
        enroll->covariance[i * n + i] += SHRINKAGE * (float)(trace / (double)n);
}

static enum status read_background(struct wake_enroll *enroll, const struct gguf *gguf,
                                   struct error *ret_error)
{
    const float *mean, *packed;
    size_t n = enroll->size;
    TRY(find(gguf, "enroll.mean", n, &mean, ret_error));
    TRY(find(gguf, "enroll.covariance", n * (n + 1) / 2, &packed, ret_error));
    enroll->mean = calloc(n * n + 4 * n, sizeof(float));
    if (!enroll->mean)
        return error_set(ret_error, STATUS_NO_MEMORY, "enrolment: out of memory");
    enroll->covariance = enroll->mean + n;
    enroll->weights = enroll->covariance + n * n;
    enroll->middle = enroll->weights + n;
    memcpy(enroll->mean, mean, n * sizeof(float));
    unpack(enroll, packed);
    if (!factorise(enroll->covariance, n))
        return error_set(ret_error, STATUS_FORMAT, "%s: tensor enroll.covariance is no covariance",
                         gguf_name(gguf));
    return STATUS_OK;
}

enum status wake_enroll_create(struct wake_enroll **ret_enroll, const struct wake_model *model,
                               const char *path, struct error *ret_error)
{
    struct gguf *gguf;
    TRY(gguf_create_from_file(path, &gguf, ret_error));
    struct wake_enroll *enroll = calloc(1, sizeof(*enroll));
    enum status status = STATUS_NO_MEMORY;
    if (enroll) {
        enroll->size = wake_model_features(model);
        status = read_background(enroll, gguf, ret_error);
    } else {
        error_set(ret_error, status, "enrolment: out of memory");
    }
    gguf_destroy(gguf);
    if (status != STATUS_OK) {
        wake_enroll_destroy(enroll);
        return status;
    }
    *ret_enroll = enroll;
    return STATUS_OK;
}

void wake_enroll_destroy(struct wake_enroll *enroll)
{
    if (!enroll)
        return;
    for (size_t i = 0; i < enroll->count; i++)
        free(enroll->recording[i].features);
    free(enroll->mean);
    free(enroll);
}

enum status wake_enroll_add(struct wake_enroll *enroll, const float *features, size_t steps,
                            size_t end, struct error *ret_error)
{
    if (enroll->count == WAKE_ENROLL_MAX)
        return error_set(ret_error, STATUS_LIMIT, "enrolment: at most %d recordings",
                         WAKE_ENROLL_MAX);
    if (end >= steps)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "enrolment: the word ends at step %zu of %zu", end, steps);
    size_t bytes = steps * enroll->size * sizeof(float);
    struct recording *recording = &enroll->recording[enroll->count];
    recording->features = malloc(bytes);
    if (!recording->features)
        return error_set(ret_error, STATUS_NO_MEMORY, "enrolment: out of memory");
    memcpy(recording->features, features, bytes);
    recording->steps = steps;
    recording->first = end > BEFORE ? end - BEFORE : 0;
    recording->last = end + AFTER < steps ? end + AFTER : steps;
    enroll->count++;
    return STATUS_OK;
}

size_t wake_enroll_count(const struct wake_enroll *enroll)
{
    return enroll->count;
}

/* The mean of the recordings' means over their moments, against the background's. */
static void find_middle(struct wake_enroll *enroll, const size_t *first, const size_t *last,
                        int without)
{
    size_t n = enroll->size, used = enroll->count - (without >= 0);
    memset(enroll->middle, 0, n * sizeof(float));
    for (size_t r = 0; r < enroll->count; r++) {
        if ((int)r == without)
            continue;
        float share = 1 / (float)(used * (last[r] - first[r]));
        for (size_t s = first[r]; s < last[r]; s++)
            for (size_t i = 0; i < n; i++)
                enroll->middle[i] += share * enroll->recording[r].features[s * n + i];
    }
    for (size_t i = 0; i < n; i++)
        enroll->middle[i] -= enroll->mean[i];
}

/* weights = C^-1 middle, scaled so that the background deviates by one. */
static void discriminate(struct wake_enroll *enroll)
{
    size_t n = enroll->size;
    double power = 0;
    memcpy(enroll->weights, enroll->middle, n * sizeof(float));
    solve(enroll->covariance, n, enroll->weights);
    for (size_t i = 0; i < n; i++)
        power += (double)enroll->weights[i] * (double)enroll->middle[i];
    float scale = (float)(1 / sqrt(power > 1e-12 ? power : 1e-12));
    for (size_t i = 0; i < n; i++)
        enroll->weights[i] *= scale;
}

static float distance(const struct wake_enroll *enroll, const float *features)
{
    double sum = 0;
    for (size_t i = 0; i < enroll->size; i++)
        sum += (double)enroll->weights[i] * (double)(features[i] - enroll->mean[i]);
    return (float)sum;
}

/* The highest distance over the recording, smoothed as the detector does, and its step. */
static float farthest(const struct wake_enroll *enroll, const struct recording *recording,
                      size_t *ret_step)
{
    float most = -INFINITY, last[SMOOTH] = {0};
    for (size_t s = 0; s < recording->steps; s++) {
        float sum = 0;
        last[s % SMOOTH] = distance(enroll, recording->features + s * enroll->size);
        for (size_t k = 0; k < SMOOTH; k++)
            sum += last[k];
        if (s + 1 >= SMOOTH && sum / SMOOTH > most) {
            most = sum / SMOOTH;
            *ret_step = s - SMOOTH / 2;
        }
    }
    return most;
}

enum status wake_enroll_fit(struct wake_enroll *enroll, int without, struct wake_fit *ret_fit,
                            struct error *ret_error)
{
    size_t first[WAKE_ENROLL_MAX], last[WAKE_ENROLL_MAX], step = 0;
    if (enroll->count < 2 + (size_t)(without >= 0))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "enrolment: %zu recordings are too few", enroll->count);
    for (size_t r = 0; r < enroll->count; r++) {
        first[r] = enroll->recording[r].first;
        last[r] = enroll->recording[r].last;
    }
    for (int round = 0; round < ROUNDS; round++) {
        find_middle(enroll, first, last, without);
        discriminate(enroll);
        for (size_t r = 0; r < enroll->count; r++) {
            farthest(enroll, &enroll->recording[r], &step);
            first[r] = step > NEAR ? step - NEAR : 0;
            last[r] = step + NEAR < enroll->recording[r].steps ? step + NEAR + 1
                                                               : enroll->recording[r].steps;
        }
    }
    double at_mean = 0;
    for (size_t i = 0; i < enroll->size; i++)
        at_mean += (double)enroll->weights[i] * (double)enroll->mean[i];
    ret_fit->left_out = without >= 0 ? farthest(enroll, &enroll->recording[without], &step) : 0;
    for (size_t i = 0; i < enroll->size; i++)
        enroll->weights[i] *= SLOPE;
    ret_fit->weights = enroll->weights;
    ret_fit->bias = -SLOPE * ((float)at_mean + WAKE_ENROLL_Z);
    return STATUS_OK;
}

float wake_enroll_alarms(void)
{
    return ALARMS_AT_Z;
}
