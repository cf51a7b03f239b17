#include "asr_recogniser.h"

static enum status open_parts(struct asr_recogniser *r, const char *const path[2],
                              const struct asr_options *options, struct error *ret_error)
{
    TRY(gguf_create_from_file(path[0], &r->acoustic, ret_error));
    TRY(gguf_create_from_file(path[1], &r->language, ret_error));
    TRY(asr_model_create(r->acoustic, r->language, options->language, &r->model, ret_error));
    return asr_session_create(r->model, options, &r->session, ret_error);
}

enum status asr_recogniser_init(struct asr_recogniser *ret_recogniser, const char *acoustic,
                                const char *language, const struct asr_options *options,
                                struct error *ret_error)
{
    const char *const path[2] = {acoustic, language};
    *ret_recogniser = (struct asr_recogniser){0};
    enum status status = open_parts(ret_recogniser, path, options, ret_error);
    if (status != STATUS_OK)
        asr_recogniser_finish(ret_recogniser);
    return status;
}

void asr_recogniser_finish(struct asr_recogniser *recogniser)
{
    if (!recogniser)
        return;
    asr_session_destroy(recogniser->session);
    asr_model_destroy(recogniser->model);
    gguf_destroy(recogniser->language);
    gguf_destroy(recogniser->acoustic);
    *recogniser = (struct asr_recogniser){0};
}
