#include "bench.h"
#include "lm.h"
#include "models_dir.h"

enum { PROMPT = 256, DECODED = 128, CONTEXT = PROMPT + DECODED };

/* Tokens a second: a prompt fed at once, then one token after the other. */
static enum status time_decoder(struct lm_decoder *decoder, uint32_t vocabulary, double *prefill,
                                double *decode, struct error *ret_error)
{
    int32_t prompt[PROMPT];
    for (int i = 0; i < PROMPT; i++)
        prompt[i] = 64 + (i * 37) % ((int)vocabulary - 64);
    lm_decoder_truncate(decoder, 0);
    double begin = bench_now();
    TRY(lm_decoder_feed(decoder, prompt, PROMPT, ret_error));
    double middle = bench_now();
    for (int i = 0; i < DECODED; i++)
        TRY(lm_decoder_feed(decoder, &prompt[i], 1, ret_error));
    *prefill = PROMPT / (middle - begin);
    *decode = DECODED / (bench_now() - middle);
    return STATUS_OK;
}

/* Requests as the assistant gets them, each new to the session. */
static enum status time_answer(struct bench_report *report, const struct lm_model *model,
                               struct error *ret_error)
{
    static const char *const requests[BENCH_RUNS] = {
        "set a timer for twenty five minutes for the pasta",
        "could you please convert twelve miles to kilometers",
        "wake me up at half past six tomorrow morning",
    };
    struct lm_session *session;
    struct lm_result result;
    double seconds[BENCH_RUNS];
    TRY(lm_session_create(model, &session, ret_error));
    enum status status = STATUS_OK;
    for (int i = 0; i < BENCH_RUNS && status == STATUS_OK; i++) {
        lm_session_reset(session);
        double begin = bench_now();
        status = lm_session_answer(session, requests[i], NULL, &result, ret_error);
        seconds[i] = bench_now() - begin;
    }
    lm_session_destroy(session);
    TRY(status);
    bench_add(report, "ms", 1e3 * bench_median(seconds, BENCH_RUNS),
              "language model, request to tool call");
    return STATUS_OK;
}

static enum status time_tokens(struct bench_report *report, const struct lm_model *model,
                               struct error *ret_error)
{
    const struct lm_weights *weights = lm_model_weights(model);
    struct lm_decoder *decoder;
    double prefill[BENCH_RUNS], decode[BENCH_RUNS];
    TRY(lm_decoder_create(weights, CONTEXT, &decoder, ret_error));
    enum status status = STATUS_OK;
    for (int i = 0; i < BENCH_RUNS && status == STATUS_OK; i++)
        status = time_decoder(decoder, lm_weights_config(weights)->vocabulary, &prefill[i],
                              &decode[i], ret_error);
    lm_decoder_destroy(decoder);
    TRY(status);
    bench_add(report, "tokens/s", bench_median(prefill, BENCH_RUNS),
              "language model, prefill of %d", PROMPT);
    bench_add(report, "tokens/s", bench_median(decode, BENCH_RUNS), "language model, decode of %d",
              DECODED);
    return STATUS_OK;
}

enum status bench_mind(struct bench_report *report, struct error *ret_error)
{
    char path[512];
    struct lm_model *model;
    models_dir_file(report->models, "lm.gguf", path, sizeof(path));
    TRY(lm_model_create(path, &model, ret_error));
    enum status status = time_tokens(report, model, ret_error);
    if (status == STATUS_OK)
        status = time_answer(report, model, ret_error);
    lm_model_destroy(model);
    return status;
}
