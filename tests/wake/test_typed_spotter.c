/* The spotter on rows that a net might give: the phones of a text, each for some rows, at a given
 * clarity. */
#include "harness.h"
#include "phones.h"
#include "typed_spotter.h"

#include <string.h>

enum { CLASSES = 3, ROWS_MAX = 400 };

/* A net of 40 phones in one class, or in three: silence, vowels, consonants. */
struct fake_net {
    struct asr_net_info info;
    uint32_t left_class[PHONE_COUNT];
    float prior[CLASSES * PHONE_COUNT];
};

static void fake_net_init(struct fake_net *net, bool classes)
{
    memset(net, 0, sizeof(*net));
    for (uint32_t p = 1; classes && p < PHONE_COUNT; p++)
        net->left_class[p] = phone_is_vowel(p) ? 1 : 2;
    net->info = (struct asr_net_info){.mel_bins = 80,
                                      .subsampling = 3,
                                      .phones = PHONE_COUNT,
                                      .outputs = PHONE_COUNT * (classes ? CLASSES : 1),
                                      .acoustic_scale = 1,
                                      .prior = net->prior,
                                      .left_class = net->left_class};
}

static struct typed_phrase phrase_of(const char *const *names)
{
    struct typed_phrase phrase = {.text = "test", .count = 1};
    struct typed_path *path = &phrase.paths[0];
    for (; *names; names++) {
        bool pause = strcmp(*names, "|") == 0;
        path->state[path->states++] = pause ? TYPED_PAUSE : (uint8_t)phone_from_name(*names);
        path->phones += !pause;
    }
    return phrase;
}

/* Say phones (names, closed by NULL), `length` rows each; all others lie `clarity` below. Returns
 * the hits, and the best score. */
static int say(struct typed_spotter *spotter, const struct fake_net *net, const char *const *names,
               int length, float clarity, float *ret_best)
{
    float row[CLASSES * PHONE_COUNT];
    struct typed_hit hit;
    unsigned before = 0;
    int hits = 0;
    for (; *names; names++) {
        unsigned phone = phone_from_name(*names);
        for (uint32_t i = 0; i < net->info.outputs; i++)
            row[i] = -clarity;
        row[asr_output(&net->info, before, phone)] = 0;
        for (int r = 0; r < length; r++) {
            hits += typed_spotter_step(spotter, row, &hit);
            if (typed_spotter_score(spotter) > *ret_best)
                *ret_best = typed_spotter_score(spotter);
        }
        before = phone;
    }
    return hits;
}

static const char *const snowboy[] = {"S", "N", "OW", "|", "B", "OY", NULL};

static int hits_of(const char *const *names, bool classes, float *ret_best)
{
    struct fake_net net;
    struct typed_spotter *spotter;
    struct error error;
    struct typed_phrase phrase = phrase_of(snowboy);
    fake_net_init(&net, classes);
    *ret_best = -1e30f;
    CHECK_STATUS(typed_spotter_create(&phrase, -1.5f, &net.info, &spotter, &error), STATUS_OK);
    int hits = say(spotter, &net, names, 3, 6, ret_best);
    typed_spotter_destroy(spotter);
    return hits;
}

TEST(typed_spotter_hears_its_phrase_after_a_pause)
{
    static const char *const said[] = {"SIL", "S", "N", "OW", "B", "OY", "SIL", NULL};
    static const char *const apart[] = {"SIL", "S", "N", "OW", "SIL", "B", "OY", "SIL", NULL};
    for (int classes = 0; classes < 2; classes++) {
        float best;
        CHECK_EQ(hits_of(said, classes, &best), 1);
        CHECK(best > -0.01f && best <= 0.01f);
        CHECK_EQ(hits_of(apart, classes, &best), 1);
        CHECK(best > -0.01f);
    }
}

TEST(typed_spotter_charges_for_the_middle_of_speech)
{
    static const char *const said[] = {"SIL", "M", "AY", "S", "N", "OW", "B", "OY", "SIL", NULL};
    float best;
    hits_of(said, false, &best);
    CHECK_NEAR(best, TYPED_MIDDLE / 5, 0.01);
}

/* A wrong phone costs what the net says of it in its three rows. */
TEST(typed_spotter_weighs_wrong_phones)
{
    static const char *const near_by[] = {"SIL", "S", "L", "OW", "B", "OY", "SIL", NULL};
    static const char *const other[] = {"SIL", "K", "IH", "CH", "AH", "N", "SIL", NULL};
    for (int classes = 0; classes < 2; classes++) {
        float near_score, other_score;
        CHECK_EQ(hits_of(near_by, classes, &near_score), 0);
        CHECK_NEAR(near_score, -3 * 6 / 5.0, 0.01);
        CHECK_EQ(hits_of(other, classes, &other_score), 0);
        CHECK(other_score < near_score - 1);
    }
}

TEST(typed_spotter_is_deaf_for_a_second_after_a_hit)
{
    static const char *const twice[] = {"SIL", "S", "N",  "OW", "B",  "OY",
                                        "S",   "N", "OW", "B",  "OY", NULL};
    static const char *const spaced[] = {"SIL", "S",   "N",   "OW",  "B",   "OY",  "SIL", "SIL",
                                         "SIL", "SIL", "SIL", "SIL", "SIL", "SIL", "SIL", "SIL",
                                         "S",   "N",   "OW",  "B",   "OY",  "SIL", NULL};
    float best;
    CHECK_EQ(hits_of(twice, false, &best), 1);
    CHECK_EQ(hits_of(spaced, false, &best), 2);
}

TEST(typed_spotter_says_where_the_phrase_was)
{
    static const char *const said[] = {"SIL", "SIL", "S", "N", "OW", "B", NULL};
    struct fake_net net;
    struct typed_spotter *spotter;
    struct typed_hit hit = {0};
    struct error error;
    struct typed_phrase phrase = phrase_of(snowboy);
    float best = -1e30f, row[PHONE_COUNT];
    fake_net_init(&net, false);
    CHECK_STATUS(typed_spotter_create(&phrase, -0.5f, &net.info, &spotter, &error), STATUS_OK);
    typed_spotter_reset(spotter, 1000);
    CHECK_EQ(say(spotter, &net, said, 3, 6, &best), 0);
    for (int i = 0; i < PHONE_COUNT; i++)
        row[i] = i == PHONE_OY ? 0 : -6;
    CHECK(typed_spotter_step(spotter, row, &hit));
    CHECK_EQ(hit.begin, 1006);
    CHECK_EQ(hit.end, 1019);
    typed_spotter_destroy(spotter);
}

/* A long stream neither drifts nor overflows: the same score after an hour of anything. */
TEST(typed_spotter_does_not_drift)
{
    static const char *const said[] = {"SIL", "S", "N", "OW", "B", "OY", "SIL", NULL};
    struct fake_net net;
    struct typed_spotter *spotter;
    struct typed_hit hit;
    struct error error;
    struct typed_phrase phrase = phrase_of(snowboy);
    struct test_random random = test_random_init();
    float row[PHONE_COUNT], best = -1e30f;
    fake_net_init(&net, false);
    CHECK_STATUS(typed_spotter_create(&phrase, -0.5f, &net.info, &spotter, &error), STATUS_OK);
    for (int t = 0; t < 120000; t++) {
        for (int i = 0; i < PHONE_COUNT; i++)
            row[i] = 8 * test_random_float(&random) - 9;
        typed_spotter_step(spotter, row, &hit);
    }
    CHECK_EQ(say(spotter, &net, said, 3, 6, &best), 1);
    CHECK(best > -0.01f);
    typed_spotter_destroy(spotter);
}

TEST(typed_spotter_refuses_nets_with_other_phones)
{
    struct fake_net net;
    struct typed_spotter *spotter;
    struct error error;
    struct typed_phrase phrase = phrase_of(snowboy);
    fake_net_init(&net, false);
    net.info.phones = 12;
    CHECK_STATUS(typed_spotter_create(&phrase, -1, &net.info, &spotter, &error),
                 STATUS_UNSUPPORTED);
}
