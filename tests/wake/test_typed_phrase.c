#include "gguf.h"
#include "harness.h"
#include "typed_phrase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct speller {
    struct gguf *file;
    struct lexicon *lexicon;
    struct g2p *g2p;
};

static void speller_init(struct speller *s)
{
    char path[4096];
    struct error error = {0};
    snprintf(path, sizeof(path), "%s/assets/models/en-us.gguf", getenv("LINNET_BUILD"));
    enum status status = gguf_create_from_file(path, &s->file, &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, STATUS_OK);
    CHECK_STATUS(lexicon_create(s->file, &s->lexicon, &error), STATUS_OK);
    CHECK_STATUS(g2p_create(s->file, s->lexicon, &s->g2p, &error), STATUS_OK);
}

static void speller_finish(struct speller *s)
{
    g2p_destroy(s->g2p);
    lexicon_destroy(s->lexicon);
    gguf_destroy(s->file);
}

static struct typed_phrase spell(const struct speller *s, const char *text)
{
    struct typed_phrase phrase;
    struct error error = {0};
    enum status status = typed_phrase_init(&phrase, text, s->g2p, &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, STATUS_OK);
    return phrase;
}

TEST(typed_phrase_is_spelt_with_pauses_between_words)
{
    struct speller s;
    char text[128];
    speller_init(&s);
    struct typed_phrase phrase = spell(&s, "  View,  GLASS! ");
    CHECK_STR(phrase.text, "view glass");
    typed_path_write(&phrase.paths[0], text, sizeof(text));
    CHECK_STR(text, "V Y UW | G L AE S");
    CHECK_EQ(phrase.paths[0].phones, 7);
    CHECK_EQ(phrase.paths[0].states, 8);
    speller_finish(&s);
}

/* "either" is said in two ways, "or" in one; stress alone makes no second way. */
TEST(typed_phrase_holds_every_pronunciation)
{
    struct speller s;
    char text[128];
    bool ee = false, eye = false;
    speller_init(&s);
    struct typed_phrase phrase = spell(&s, "either computer");
    CHECK(phrase.count >= 2);
    for (uint32_t p = 0; p < phrase.count; p++) {
        typed_path_write(&phrase.paths[p], text, sizeof(text));
        ee |= strncmp(text, "IY DH ER | K", 12) == 0;
        eye |= strncmp(text, "AY DH ER | K", 12) == 0;
        for (uint32_t q = 0; q < p; q++)
            CHECK(memcmp(&phrase.paths[p], &phrase.paths[q], sizeof(phrase.paths[p])) != 0);
    }
    CHECK(ee && eye);
    speller_finish(&s);
}

TEST(typed_phrase_refuses_what_cannot_be_said)
{
    struct speller s;
    struct typed_phrase phrase;
    struct error error;
    char longest[200];
    speller_init(&s);
    CHECK_STATUS(typed_phrase_init(&phrase, " 12 ?", s.g2p, &error), STATUS_INVALID_ARGUMENT);
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    CHECK_STATUS(typed_phrase_init(&phrase, longest, s.g2p, &error), STATUS_LIMIT);
    CHECK_STATUS(typed_phrase_init(&phrase, "a a a a a a a a a a a a a a a a a a a a a a a a a a a",
                                   s.g2p, &error),
                 STATUS_LIMIT);
    speller_finish(&s);
}

TEST(typed_phrase_outlook_tells_weak_from_strong)
{
    static const char *const weak[] = {"joe", "the", "hey", "and the", "zzz"};
    static const char *const strong[] = {"hey linnet", "view glass", "snowboy", "okay computer"};
    struct speller s;
    speller_init(&s);
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        struct typed_phrase phrase = spell(&s, weak[i]);
        test_note("%s", weak[i]);
        CHECK(typed_phrase_outlook(&phrase).weakness);
    }
    for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++) {
        struct typed_phrase phrase = spell(&s, strong[i]);
        struct typed_outlook outlook = typed_phrase_outlook(&phrase);
        test_note("%s: %s", strong[i], outlook.weakness ? outlook.weakness : "strong");
        CHECK(!outlook.weakness);
        CHECK(outlook.threshold < 0 && outlook.threshold > -6);
        CHECK(outlook.alarms > 0 && outlook.alarms <= 1);
    }
    speller_finish(&s);
}

/* The rarer, the lower the score that is still rare in background speech. */
TEST(typed_phrase_threshold_falls_with_rarity)
{
    struct speller s;
    speller_init(&s);
    struct typed_phrase common = spell(&s, "another"), rare = spell(&s, "jazzy hedgehog");
    struct typed_outlook a = typed_phrase_outlook(&common), b = typed_phrase_outlook(&rare);
    CHECK(b.surprise > a.surprise);
    CHECK(b.threshold < a.threshold);
    speller_finish(&s);
}
