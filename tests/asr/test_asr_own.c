/* The user's own words: known ones raised, new ones found, none where none was said. */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asr.h"
#include "asr_fixture.h"
#include "asr_own.h"
#include "asr_search.h"
#include "asr_synthetic.h"
#include "harness.h"
#include "phones.h"

enum { LIMIT = 64 };

static struct fixture_language language;
static struct synthetic spoken;
static const float clear[2] = {20, 1};
static const struct asr_own_limits defaults;

/* Twenty words, as a user has them. */
static const char *const names[][2] = {
    {"jellyfin", "JH EH L IY F IH N"},
    {"kowalczyk", "K OW V AA L CH IH K"},
    {"niamh", "N IY V"},
    {"plex", "P L EH K S"},
    {"tahini", "T AH HH IY N IY"},
    {"sonos", "S OW N OW S"},
    {"aarav", "AA R AA V"},
    {"kombucha", "K AA M B UW CH AH"},
    {"szymon", "SH IH M AO N"},
    {"zigbee", "Z IH G B IY"},
    {"hiroshi", "HH IH R OW SH IY"},
    {"caoimhe", "K W IY V AH"},
    {"room twelve", "R UW M T W EH L V"},
    {"ecobee", "IY K OW B IY"},
    {"vaultwarden", "V AO L T W AO R D AH N"},
    {"navidrome", "N AE V IH D R OW M"},
    {"anna lisa", "AE N AH L IY S AH"},
    {"tempeh", "T EH M P EY"},
    {"timer", ""},
    {"siobhan", ""},
};
enum { NAMES = sizeof names / sizeof *names };

static struct asr_saying sayings[NAMES];
static uint8_t sounds[NAMES][ASR_OWN_PHONES];

static uint32_t read_sounds(const char *text, uint8_t *phones)
{
    char copy[256], *rest = NULL;
    uint32_t count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *p = strtok_r(copy, " ", &rest); p; p = strtok_r(NULL, " ", &rest)) {
        phones[count] = (uint8_t)phone_from_name(p);
        CHECK(phones[count++] < PHONE_COUNT);
    }
    return count;
}

static struct asr_own *make_own(void)
{
    struct asr_own *own;
    for (uint32_t i = 0; i < NAMES; i++)
        sayings[i] =
            (struct asr_saying){names[i][0], sounds[i], read_sounds(names[i][1], sounds[i])};
    CHECK_OK(asr_own_create(&language.lexicon, 40, sayings, NAMES, &defaults, &own, NULL));
    return own;
}

static struct asr_search *open_search(const struct asr_own *own)
{
    struct asr_search_config config = fixture_search(&language);
    struct asr_search *search = NULL;
    config.own = own;
    CHECK_OK(asr_search_create(&config, &search, NULL));
    return search;
}

static const char *text_of(const struct asr_own *own, uint32_t word)
{
    const struct asr_own_word *found = own ? asr_own_find(own, word) : NULL;
    return found ? found->text : asr_lexicon_word(&language.lexicon, word);
}

/* What is heard in the frames of `spoken`. */
static const char *hear(struct asr_search *search, const struct asr_own *own)
{
    static char text[2048];
    struct asr_lattice_word words[LIMIT];
    size_t used = 0;
    asr_search_reset(search);
    for (uint32_t f = 0; f < spoken.frames; f++)
        asr_search_step(search, spoken.scores[f]);
    uint32_t count = asr_search_finish(search, words, LIMIT);
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        CHECK(words[i].begin < words[i].end && words[i].confidence > 0 && words[i].confidence <= 1);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                                 text_of(own, words[i].word));
    }
    return text;
}

/* Known words, then the sounds of a name, then more known words. */
static void speak(const char *before, uint32_t name, const char *after, struct test_random *random)
{
    static struct synthetic rest;
    synthetic_speak(&spoken, &language.lexicon, before, clear, random);
    for (uint32_t i = 0; i < sayings[name].count; i++)
        synthetic_hold(&spoken, sayings[name].phones[i], (uint32_t)test_random_range(random, 1, 4),
                       clear, random);
    synthetic_speak(&rest, &language.lexicon, after, clear, random);
    CHECK(spoken.frames + rest.frames <= SYNTHETIC_FRAMES);
    memcpy(spoken.scores[spoken.frames], rest.scores, rest.frames * sizeof rest.scores[0]);
    spoken.frames += rest.frames;
}

TEST(new_words_are_heard_where_they_are_said)
{
    struct test_random random = test_random_init();
    fixture_language(&language, "assistant");
    struct asr_own *own = make_own();
    struct asr_search *with = open_search(own), *without = open_search(NULL);
    for (uint32_t i = 0; sayings[i].count > 0; i++) {
        char expected[256];
        speak("send a message to", i, "tomorrow morning", &random);
        snprintf(expected, sizeof expected, "send a message to %s tomorrow morning", names[i][0]);
        CHECK_STR(hear(with, own), expected);
        CHECK(asr_search_match(with) > -0.5f);
        if (!strchr(names[i][0], ' ')) /* the parts of a phrase may be known */
            CHECK(strcmp(hear(without, NULL), expected) != 0);
    }
    asr_search_destroy(with);
    asr_search_destroy(without);
    asr_own_destroy(own);
}

TEST(what_was_not_said_is_not_heard)
{
    static const char *const sentences[] = {
        "what time is it in tokyo",          "set a timer for twenty five minutes",
        "convert seven miles to kilometers", "cancel the pasta timer",
        "how many grams are in a pound",     "play some music in the living room",
        "my knee is better than my back",    "never mind",
    };
    struct test_random random = test_random_init();
    fixture_language(&language, "assistant");
    struct asr_own *own = make_own();
    struct asr_search *search = open_search(own);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
            synthetic_speak(&spoken, &language.lexicon, sentences[i], clear, &random);
            CHECK_STR(hear(search, own), sentences[i]);
        }
    asr_search_destroy(search);
    asr_own_destroy(own);
}

/* Two words of the lexicon that sound the same: the language model's choice, and the user's. */
TEST(a_known_word_is_raised)
{
    struct test_random random = test_random_init();
    struct asr_own *own;
    fixture_language_of(&language, "tests/data/asr_tiny_lm.gguf", "assistant");
    const char *pair[2] = {"ate", "eight"};
    struct asr_search *search = open_search(NULL);
    synthetic_speak(&spoken, &language.lexicon, pair[0], clear, &random);
    bool first = strcmp(hear(search, NULL), pair[0]) == 0;
    CHECK_STR(hear(search, NULL), pair[first ? 0 : 1]);
    const struct asr_saying other = {pair[first ? 1 : 0], NULL, 0};
    const struct asr_own_limits limits = {.boost = 8};
    CHECK_OK(asr_own_create(&language.lexicon, 40, &other, 1, &limits, &own, NULL));
    asr_search_use_own(search, own);
    CHECK_STR(hear(search, own), other.text);
    asr_search_use_own(search, NULL);
    CHECK_STR(hear(search, NULL), pair[first ? 0 : 1]);
    asr_search_destroy(search);
    asr_own_destroy(own);
}

TEST(a_boost_is_never_less_than_the_model)
{
    fixture_language(&language, "general");
    struct asr_own *own = make_own();
    const struct asr_ngram *ngram = &language.ngram;
    uint32_t timer = asr_lexicon_find(&language.lexicon, "timer"), next, wanted;
    const struct asr_own_word *word = asr_own_find(own, timer);
    CHECK(word != NULL);
    CHECK_EQ(word->number, timer);
    CHECK(asr_own_find(own, asr_lexicon_find(&language.lexicon, "time")) == NULL);
    CHECK(asr_own_find(own, own->first - 1) == NULL);
    CHECK(asr_own_find(own, own->first + own->words) == NULL);
    for (uint32_t state = 0; state < asr_ngram_states(ngram); state += 997) {
        float plain = asr_ngram_score(ngram, state, timer, &wanted);
        float raised = asr_own_score(own, ngram, state, word, &next);
        CHECK_EQ(next, wanted);
        CHECK(raised >= plain + own->boost - 1e-4f);
        CHECK(raised <= fmaxf(plain + own->boost, asr_own_back_off(ngram, state)) + 1e-4f);
    }
    asr_own_destroy(own);
}

/* A phrase ends like its last word; a new word like nothing that the model knows. */
TEST(the_state_after_an_own_word)
{
    struct asr_saying two[2] = {{"anna lisa", sounds[0], 0}, {"green room", sounds[1], 0}};
    struct asr_own *own;
    fixture_language(&language, "assistant");
    two[0].count = read_sounds("AE N AH L IY S AH", sounds[0]);
    two[1].count = read_sounds("G R IY N R UW M", sounds[1]);
    CHECK_OK(asr_own_create(&language.lexicon, 40, two, 2, &defaults, &own, NULL));
    CHECK_EQ(own->word[1].after, asr_lexicon_find(&language.lexicon, "room"));
    uint32_t lisa = asr_lexicon_find(&language.lexicon, "lisa");
    CHECK_EQ(own->word[0].after, lisa < language.lexicon.words ? lisa : ASR_NGRAM_EMPTY);
    asr_own_destroy(own);
}

TEST_TIMEOUT(ten_thousand_words_are_taken, 120)
{
    enum { MANY = 10000 };
    static char text[MANY][16];
    static uint8_t phones[MANY][8];
    static struct asr_saying many[MANY];
    struct test_random random = test_random_init();
    struct asr_own *own;
    fixture_language(&language, "assistant");
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "own%u", i % 7000);
        for (uint32_t p = 0; p < 8; p++)
            phones[i][p] = (uint8_t)test_random_range(&random, 1, 39);
        many[i] = (struct asr_saying){text[i], phones[i], 8};
    }
    CHECK_OK(asr_own_create(&language.lexicon, 40, many, MANY, &defaults, &own, NULL));
    CHECK_EQ(own->words, 7000);
    struct asr_search *search = open_search(own);
    synthetic_speak(&spoken, &language.lexicon, "set a timer for ten minutes", clear, &random);
    CHECK_STR(hear(search, own), "set a timer for ten minutes");
    asr_search_destroy(search);
    asr_own_destroy(own);
}

static void expect(const struct asr_saying *saying, uint32_t count, enum status wanted)
{
    struct asr_own *own = NULL;
    struct error error = {.text = ""};
    enum status status =
        asr_own_create(&language.lexicon, 40, saying, count, &defaults, &own, &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, wanted);
    CHECK((own != NULL) == (wanted == STATUS_OK));
    asr_own_destroy(own);
}

TEST(hostile_sayings_are_refused)
{
    static char longer[ASR_OWN_TEXT + 1];
    static uint8_t phones[ASR_OWN_PHONES + 1];
    fixture_language_of(&language, "tests/data/asr_tiny_lm.gguf", "assistant");
    memset(longer, 'x', ASR_OWN_TEXT);
    memset(phones, 5, sizeof phones);
    static const uint8_t silence = 0, unknown = 40;
    expect(NULL, 0, STATUS_OK);
    expect(&(struct asr_saying){"", phones, 3}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){" x", phones, 3}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){"x  y", phones, 3}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){"x\ny", phones, 3}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){"new", NULL, 0}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){"new", &silence, 1}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){"new", &unknown, 1}, 1, STATUS_INVALID_ARGUMENT);
    expect(&(struct asr_saying){longer, phones, 3}, 1, STATUS_LIMIT);
    expect(&(struct asr_saying){"new", phones, ASR_OWN_PHONES + 1}, 1, STATUS_LIMIT);
    expect(&(struct asr_saying){"n\xC3\xAB", phones, ASR_OWN_PHONES}, 1, STATUS_OK);
    expect(&(struct asr_saying){"cat", NULL, 0}, 1, STATUS_OK);
    expect(NULL, ASR_OWN_SAYINGS + 1, STATUS_LIMIT);
}

/* A session keeps its words over resets, allocates nothing while it hears, and forgets them. */
TEST(a_session_takes_words_and_gives_them_back)
{
    struct fixture_reference speech = fixture_reference("tests/data/asr_ref.bin");
    struct asr_model *model;
    struct asr_session *session;
    struct asr_options options = asr_options_defaults();
    CHECK_OK(asr_model_create(fixture_gguf("assets/models/asr-f16.gguf"),
                              fixture_gguf("assets/models/asr-lm.gguf"), NULL, &model, NULL));
    CHECK(asr_model_knows(model, "timer") && !asr_model_knows(model, "jellyfin"));
    CHECK_OK(asr_session_create(model, &options, &session, NULL));
    asr_session_feed(session, speech.mel, speech.frames);
    char *plain = strdup(asr_session_finish(session).text);
    fixture_language(&language, "assistant");
    asr_own_destroy(make_own());
    CHECK_OK(asr_session_use_words(session, sayings, NAMES, NULL, NULL));
    size_t before = mallinfo2().uordblks;
    for (int round = 0; round < 2; round++) {
        asr_session_reset(session);
        asr_session_feed(session, speech.mel, speech.frames);
        CHECK(asr_session_partial(session).count > 0);
        CHECK(asr_end_of_sentence_score(session) >= 0);
        CHECK_STR(asr_session_finish(session).text, plain);
    }
    CHECK_EQ(mallinfo2().uordblks, before);
    struct asr_saying bad = {"", NULL, 0};
    CHECK_STATUS(asr_session_use_words(session, &bad, 1, NULL, NULL), STATUS_INVALID_ARGUMENT);
    CHECK_OK(asr_session_use_words(session, NULL, 0, NULL, NULL));
    asr_session_feed(session, speech.mel, speech.frames);
    CHECK_STR(asr_session_finish(session).text, plain);
    asr_session_destroy(session);
    asr_model_destroy(model);
    free(plain);
    free(speech.mel);
    free(speech.logp);
}
