/* The whole recogniser on the reference dump's speech: cuts, partials, results. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "asr.h"
#include "asr_fixture.h"
#include "harness.h"

struct recogniser {
    struct asr_model *model;
    struct asr_session *session;
    struct fixture_reference speech;
};

/* Acoustic net, lexicon and language models, reference speech. */
static struct recogniser open_files(const char *const file[3], const char *language)
{
    struct recogniser r;
    struct asr_options options = asr_options_defaults();
    options.language = language;
    CHECK_OK(asr_model_create(fixture_gguf(file[0]), fixture_gguf(file[1]), NULL, &r.model, NULL));
    CHECK_OK(asr_session_create(r.model, &options, &r.session, NULL));
    r.speech = fixture_reference(file[2]);
    return r;
}

static struct recogniser open_recogniser(const char *language)
{
    static const char *const file[3] = {"assets/models/asr-f16.gguf", "assets/models/asr-lm.gguf",
                                        "tests/data/asr_ref.bin"};
    return open_files(file, language);
}

static void close_recogniser(struct recogniser *r)
{
    asr_session_destroy(r->session);
    asr_model_destroy(r->model);
    free(r->speech.mel);
    free(r->speech.logp);
}

static char *decode_in(struct recogniser *r, uint32_t piece)
{
    asr_session_reset(r->session);
    for (uint32_t at = 0; at < r->speech.frames; at += piece) {
        uint32_t left = r->speech.frames - at;
        asr_session_feed(r->session, r->speech.mel + (size_t)at * r->speech.bins,
                         left < piece ? left : piece);
    }
    return strdup(asr_session_finish(r->session).text);
}

static void cut_everywhere(struct recogniser *r)
{
    char *whole = decode_in(r, r->speech.frames);
    test_note("heard: %s", whole);
    CHECK(whole[0] != '\0');
    static const uint32_t pieces[] = {1, 3, 7, 50};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        char *cut = decode_in(r, pieces[i]);
        CHECK_STR(cut, whole);
        free(cut);
    }
    free(whole);
}

TEST(a_model_of_one_language_refuses_the_other)
{
    const struct gguf *acoustic = fixture_gguf("assets/models/asr-f16.gguf");
    const struct gguf *language = fixture_gguf("assets/models/asr-lm.gguf");
    struct asr_model *model;
    struct asr_session *session;
    struct asr_options options = asr_options_defaults();
    CHECK_OK(asr_model_create(acoustic, language, "general", &model, NULL));
    CHECK(asr_session_create(model, &options, &session, NULL) == STATUS_NOT_FOUND);
    options.language = "general";
    CHECK_OK(asr_session_create(model, &options, &session, NULL));
    asr_session_destroy(session);
    asr_model_destroy(model);
}

TEST(any_cut_gives_the_same_text)
{
    struct recogniser r = open_recogniser("assistant");
    cut_everywhere(&r);
    close_recogniser(&r);
}

TEST(any_cut_gives_the_same_text_with_pairs_of_phones)
{
    static const char *const file[3] = {"tests/data/asr_tiny_biphone.gguf",
                                        "tests/data/asr_tiny_lm.gguf",
                                        "tests/data/asr_tiny_biphone_ref.bin"};
    struct recogniser r = open_files(file, "general");
    cut_everywhere(&r);
    close_recogniser(&r);
}

TEST(results_are_consistent)
{
    struct recogniser r = open_recogniser("assistant");
    asr_session_feed(r.session, r.speech.mel, r.speech.frames);
    struct asr_result partial = asr_session_partial(r.session);
    CHECK(partial.count > 0);
    CHECK_EQ(partial.text == NULL, 0);
    struct asr_result final = asr_session_finish(r.session);
    char alternative[512];
    float score, last = 0;
    CHECK(final.confidence > 0 && final.confidence <= 1);
    for (uint32_t i = 0; i < final.count; i++) {
        CHECK(final.words[i].start < final.words[i].end);
        CHECK(i == 0 || final.words[i - 1].end <= final.words[i].start);
    }
    CHECK(asr_session_alternative(r.session, 0, alternative, sizeof alternative, &last));
    CHECK_STR(alternative, final.text);
    for (uint32_t i = 1;
         asr_session_alternative(r.session, i, alternative, sizeof alternative, &score); i++)
        CHECK(score <= last + 1e-2f);
    close_recogniser(&r);
}

TEST(nothing_is_allocated_while_running)
{
    struct recogniser r = open_recogniser("general");
    size_t before = mallinfo2().uordblks;
    asr_session_feed(r.session, r.speech.mel, r.speech.frames);
    CHECK(asr_end_of_sentence_score(r.session) >= 0);
    asr_session_partial(r.session);
    asr_session_finish(r.session);
    asr_session_reset(r.session);
    CHECK_EQ(mallinfo2().uordblks, before);
    close_recogniser(&r);
}

TEST(empty_and_silent_input_give_no_words)
{
    struct recogniser r = open_recogniser("assistant");
    struct asr_result nothing = asr_session_finish(r.session);
    CHECK_STR(nothing.text, "");
    CHECK(nothing.rejected);
    asr_session_reset(r.session);
    float frame[80];
    for (int i = 0; i < 80; i++)
        frame[i] = -23;
    for (int i = 0; i < 200; i++)
        asr_session_feed(r.session, frame, 1);
    nothing = asr_session_finish(r.session);
    CHECK(nothing.rejected);
    close_recogniser(&r);
}

TEST(unknown_language_is_named)
{
    struct recogniser r = open_recogniser("assistant");
    struct asr_options options = {.language = "klingon"};
    struct asr_session *session;
    struct error error = {.text = ""};
    CHECK_STATUS(asr_session_create(r.model, &options, &session, &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "klingon") != NULL);
    close_recogniser(&r);
}
