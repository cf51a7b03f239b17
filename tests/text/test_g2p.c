#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "g2p.h"

struct fixture {
    struct gguf *file;
    struct lexicon *lexicon;
    struct g2p *g2p;
};

static struct fixture fixture_open(void)
{
    struct fixture f;
    char path[1024];
    snprintf(path, sizeof(path), "%s/assets/text/en-us.gguf", getenv("LINNET_SOURCE"));
    CHECK_OK(gguf_create_from_file(path, &f.file, NULL));
    CHECK_OK(lexicon_create(f.file, &f.lexicon, NULL));
    CHECK_OK(g2p_create(f.file, f.lexicon, &f.g2p, NULL));
    return f;
}

static void fixture_close(struct fixture *f)
{
    g2p_destroy(f->g2p);
    lexicon_destroy(f->lexicon);
    gguf_destroy(f->file);
}

/* "R EH1 K ER0 D" with stress, "R EH K ER D" without. */
static const char *spelt(const uint8_t *phones, size_t count, bool stress)
{
    static char text[512];
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        unsigned phone = phone_of_code(phones[i]);
        at +=
            (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "", phone_name(phone));
        if (stress && phone_is_vowel(phone))
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%u",
                                   phone_stress_of_code(phones[i]));
    }
    return text;
}

static void check_word(struct fixture *f, const char *word, const char *expected)
{
    uint8_t phones[PRONUNCIATION_MAX];
    size_t count = g2p_word(f->g2p, word, phones, PRONUNCIATION_MAX);
    test_note("%s", word);
    CHECK_STR(spelt(phones, count, true), expected);
}

TEST(phones_have_names)
{
    CHECK_EQ(PHONE_COUNT, 40);
    CHECK_STR(phone_name(PHONE_ZH), "ZH");
    CHECK_STR(phone_name(PHONE_COUNT), "?");
    for (unsigned i = 0; i < PHONE_COUNT; i++)
        CHECK_EQ(phone_from_name(phone_name(i)), i);
    CHECK_EQ(phone_from_name("QQ"), PHONE_COUNT);
    CHECK(phone_is_vowel(PHONE_ER) && !phone_is_vowel(PHONE_R));
}

TEST(lexicon_finds_all_pronunciations)
{
    struct fixture f = fixture_open();
    struct pronunciation found[LEXICON_VARIANTS_MAX];
    CHECK(lexicon_word_count(f.lexicon) > 125000);
    CHECK_EQ(lexicon_find(f.lexicon, "record", found, 8), 3);
    CHECK_STR(spelt(found[0].phones, found[0].count, true), "R AH0 K AO1 R D");
    CHECK_EQ(lexicon_find(f.lexicon, "the", found, 1), 3);
    CHECK_EQ(lexicon_find(f.lexicon, "linnetish", found, 8), 0);
    CHECK_EQ(lexicon_find(f.lexicon, "", found, 8), 0);
    CHECK_EQ(lexicon_find(f.lexicon, "zzzzzz", found, 8), 0);
    fixture_close(&f);
}

struct walk_state {
    const struct lexicon *lexicon;
    size_t seen;
    char last[LEXICON_WORD_MAX];
};

static bool visit(void *user, const char *word, const struct pronunciation *variants, size_t count)
{
    struct walk_state *state = user;
    CHECK(strcmp(word, state->last) > 0);
    snprintf(state->last, sizeof(state->last), "%s", word);
    if (state->seen++ % 97 == 0) {
        struct pronunciation found[LEXICON_VARIANTS_MAX];
        CHECK_EQ(lexicon_find(state->lexicon, word, found, LEXICON_VARIANTS_MAX), count);
        CHECK_EQ(found[0].count, variants[0].count);
        CHECK(memcmp(found[0].phones, variants[0].phones, found[0].count) == 0);
    }
    return true;
}

TEST(lexicon_walk_meets_every_word_once)
{
    struct fixture f = fixture_open();
    struct walk_state state = {.lexicon = f.lexicon};
    lexicon_walk(f.lexicon, visit, &state);
    CHECK_EQ(state.seen, lexicon_word_count(f.lexicon));
    fixture_close(&f);
}

TEST(known_words_and_their_possessives)
{
    struct fixture f = fixture_open();
    check_word(&f, "computer", "K AH0 M P Y UW1 T ER0");
    check_word(&f, "kitchen's", "K IH1 CH AH0 N Z");
    check_word(&f, "fridge's", "F R IH1 JH IH0 Z");
    check_word(&f, "sunset's", "S AH1 N S EH2 T S");
    fixture_close(&f);
}

TEST(odd_input_is_harmless)
{
    struct fixture f = fixture_open();
    uint8_t phones[PRONUNCIATION_MAX];
    char longest[2000];
    memset(longest, 'w', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    CHECK_EQ(g2p_word(f.g2p, "", phones, PRONUNCIATION_MAX), 0);
    CHECK_EQ(g2p_word(f.g2p, "123 \xff\xfe", phones, PRONUNCIATION_MAX), 0);
    CHECK_EQ(g2p_word(f.g2p, longest, phones, PRONUNCIATION_MAX), PRONUNCIATION_MAX);
    CHECK(g2p_word(f.g2p, "qqxzjj's", phones, 3) <= 3);
    struct test_random random = test_random_init();
    for (int i = 0; i < 200; i++) {
        char word[24];
        size_t n = (size_t)test_random_range(&random, 0, 23);
        for (size_t k = 0; k < n; k++)
            word[k] = (char)test_random_range(&random, 1, 255);
        word[n] = '\0';
        CHECK(g2p_word(f.g2p, word, phones, PRONUNCIATION_MAX) <= PRONUNCIATION_MAX);
    }
    fixture_close(&f);
}

static bool any_matches(const char *text, const char *variants)
{
    size_t length = strlen(text);
    while (*variants != '\0') {
        size_t n = strcspn(variants, "\t\n");
        if (n == length && memcmp(text, variants, n) == 0)
            return true;
        variants += n + (variants[n] != '\0');
    }
    return false;
}

/* Words kept out of the model's training (one in twenty of cmudict). */
TEST(letter_to_sound_on_held_out_words)
{
    struct fixture f = fixture_open();
    char path[1024], line[1024];
    snprintf(path, sizeof(path), "%s/tests/text/held_out_words.tsv", getenv("LINNET_SOURCE"));
    FILE *list = fopen(path, "r");
    CHECK(list != NULL);
    size_t total = 0, right = 0;
    while (fgets(line, sizeof(line), list) != NULL) {
        uint8_t phones[PRONUNCIATION_MAX];
        char *variants = strchr(line, '\t');
        CHECK(variants != NULL);
        *variants++ = '\0';
        size_t count = g2p_guess(f.g2p, line, phones, PRONUNCIATION_MAX);
        right += any_matches(spelt(phones, count, false), variants);
        total++;
    }
    fclose(list);
    test_note("%zu of %zu words right", right, total);
    CHECK_EQ(total, 600);
    CHECK(right * 100 >= total * 68);
    fixture_close(&f);
}

/* A file cut anywhere or with a damaged table is refused, never walked. */
TEST(damaged_tables_are_refused)
{
    struct fixture f = fixture_open();
    const struct gguf_tensor *first = gguf_find_tensor(f.file, "g2p.node.first");
    const struct gguf_tensor *index = gguf_find_tensor(f.file, "lexicon.index");
    CHECK(first != NULL && index != NULL);
    char path[1024];
    snprintf(path, sizeof(path), "%s/assets/text/en-us.gguf", getenv("LINNET_SOURCE"));
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL);
    fseek(in, 0, SEEK_END);
    size_t size = (size_t)ftell(in);
    rewind(in);
    uint8_t *bytes = aligned_alloc(32, (size + 31) / 32 * 32);
    CHECK_EQ(fread(bytes, 1, size, in), size);
    fclose(in);
    struct gguf *copy;
    CHECK_OK(gguf_create_from_memory(bytes, size, "damaged", &copy, NULL));
    int32_t *children = (int32_t *)(uintptr_t)gguf_find_tensor(copy, "g2p.node.first")->data;
    int32_t *blocks = (int32_t *)(uintptr_t)gguf_find_tensor(copy, "lexicon.index")->data;
    struct error error;
    struct g2p *g2p;
    struct lexicon *lexicon;
    children[100] = 3;
    CHECK_STATUS(g2p_create(copy, NULL, &g2p, &error), STATUS_FORMAT);
    blocks[10] += 1;
    CHECK_STATUS(lexicon_create(copy, &lexicon, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "damaged") != NULL);
    gguf_destroy(copy);
    free(bytes);
    fixture_close(&f);
}

TEST(guesses_differ_and_begin_with_the_best)
{
    struct fixture f = fixture_open();
    struct pronunciation found[6];
    uint8_t best[PRONUNCIATION_MAX];
    static const char *const words[] = {"kowalczyk", "jellyfin", "plex", "a", "zz9"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t count = g2p_guesses(f.g2p, words[i], found, 6);
        size_t length = g2p_guess(f.g2p, words[i], best, PRONUNCIATION_MAX);
        test_note("%s: %zu guesses", words[i], count);
        CHECK(count > 0 && count <= 6);
        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < a; b++)
                CHECK(!pronunciation_same(&found[a], &found[b]));
        CHECK(found[0].count == length && memcmp(found[0].phones, best, length) == 0);
    }
    CHECK_EQ(g2p_guesses(f.g2p, "kowalczyk", found, 6), 6);
    CHECK_EQ(g2p_guesses(f.g2p, "", found, 6), 0);
    fixture_close(&f);
}
