/* A user's own wake word from a few recordings: one more row for the last layer of the net, fitted
 * on the device.
 *
 *     struct wake_enroll *enroll;
 *     TRY(wake_enroll_create(&enroll, model, "wake.gguf", ret_error));
 *     for (each recording)
 *         TRY(wake_enroll_add(enroll, features, steps, end, ret_error));
 *     TRY(wake_enroll_fit(enroll, -1, &fit, ret_error));
 *
 * The file holds the mean and the covariance of the features (wake_session_features) over hours of
 * background speech. The row is Fisher's linear discriminant: the direction in which the middle of
 * the word lies farthest from the background, in deviations of it. The moment of each recording is
 * found anew twice, as the one that fits best. The row's sigmoid is 0.5 where the distance is
 * WAKE_ENROLL_Z deviations: what background speech reached about once in two hours
 * (docs/models/wake.md).
 *
 * Thread: control, for all functions. */
#ifndef LINNET_MODELS_WAKE_ENROLL_H
#define LINNET_MODELS_WAKE_ENROLL_H

#include "wake.h"

#define WAKE_ENROLL_Z 9.5f

enum { WAKE_ENROLL_MIN = 3, WAKE_ENROLL_MAX = 10 };

struct wake_enroll;

/* What a fit gave. `weights` are the enrolment's, valid until the next fit. */
struct wake_fit {
    const float *weights;
    float bias;
    float left_out; /* deviations of the recording that was left out; 0 without one */
};

/* The model must outlive it. Errors: those of gguf_create_from_file; UNSUPPORTED when the file has
 * no background; NO_MEMORY. */
enum status wake_enroll_create(struct wake_enroll **ret_enroll, const struct wake_model *model,
                               const char *path, struct error *ret_error);

/* Accepts NULL. */
void wake_enroll_destroy(struct wake_enroll *enroll);

/* One recording: features of all its steps (copied), and the step at which the word ends, about.
 * Errors: LIMIT (more than WAKE_ENROLL_MAX), INVALID_ARGUMENT (end outside), NO_MEMORY. */
enum status wake_enroll_add(struct wake_enroll *enroll, const float *features, size_t steps,
                            size_t end, struct error *ret_error);

size_t wake_enroll_count(const struct wake_enroll *enroll);

/* Fit to all recordings but number `without` (-1: to all). Errors: INVALID_ARGUMENT (fewer than
 * two are left), FORMAT (the background of the file is none). */
enum status wake_enroll_fit(struct wake_enroll *enroll, int without, struct wake_fit *ret_fit,
                            struct error *ret_error);

/* False alarms an hour of speech that a row of this kind has at the threshold, measured over words
 * and background speech that took no part in it. */
float wake_enroll_alarms(void);

#endif
