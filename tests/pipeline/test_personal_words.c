#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asr_recogniser.h"
#include "harness.h"
#include "personal_words.h"

static char lexicon[1024];

/* The committed files, whose weights are as good as the quantised ones here. */
static struct asr_recogniser open_recogniser(void)
{
    char acoustic[1024], language[1024];
    struct asr_recogniser r;
    struct asr_options options = asr_options_defaults();
    const char *source = getenv("LINNET_SOURCE");
    CHECK(source != NULL);
    snprintf(acoustic, sizeof(acoustic), "%s/assets/models/asr-f16.gguf", source);
    snprintf(language, sizeof(language), "%s/assets/models/asr-lm.gguf", source);
    snprintf(lexicon, sizeof(lexicon), "%s/assets/text/en-us.gguf", source);
    CHECK_OK(asr_recogniser_init(&r, acoustic, language, &options, NULL));
    return r;
}

static enum status teach(struct asr_recogniser *r, const char *list, struct error *error)
{
    error->text[0] = '\0';
    enum status status = personal_words_teach(list, lexicon, r->model, r->session, error);
    test_note("%.40s: %s", list, error->text);
    return status;
}

TEST(lists_as_people_write_them)
{
    static const char *const lists[] = {
        "",
        "\n\n  \n",
        "# only a remark\n",
        "Jellyfin",
        "Jellyfin\nJellyfin\njellyfin = jelly fin\n",
        "Siobhan = shi vawn\r\nRoom 12\nAC/DC\nthe living room\n",
        "Zo\xC3\xAB\n\xC5\x81ukasz = wookash\n",
        "timer\n",
        "Dr. O'Neill's\n",
    };
    struct asr_recogniser r = open_recogniser();
    struct error error;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        CHECK_STATUS(teach(&r, lists[i], &error), STATUS_OK);
    asr_recogniser_finish(&r);
}

TEST(entries_without_sounds_are_named)
{
    static const char *const lists[] = {
        "Jellyfin\n\xE6\x9D\xB1\xE4\xBA\xAC\n",
        "!!!\n",
        "Plex =\n",
        "= shi vawn\n",
        "Plex = ?\n",
        "\xFF\xFE\n",
    };
    struct asr_recogniser r = open_recogniser();
    struct error error;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        CHECK_STATUS(teach(&r, lists[i], &error), STATUS_INVALID_ARGUMENT);
        CHECK(strstr(error.text, "own word \"") != NULL);
    }
    asr_recogniser_finish(&r);
}

static char *repeated(const char *text, size_t times, const char *end)
{
    size_t length = strlen(text), last = strlen(end) + 1;
    char *all = malloc(length * times + last);
    CHECK(all != NULL);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, text, length);
    memcpy(all + times * length, end, last);
    return all;
}

TEST(too_much_is_refused_and_changes_nothing)
{
    struct asr_recogniser r = open_recogniser();
    struct error error;
    char *many = repeated("timer\n", PERSONAL_WORDS_MAX, "");
    char *more = repeated("timer\n", 10000, "");
    char *word = repeated("x", 5000, "\n");
    char *phrase = repeated("one two ", 17, "\n");
    char *sounds = repeated("w", 120, " = elephant elephant elephant elephant\n");
    char *digits = repeated("9", 60, "\n");
    CHECK_STATUS(teach(&r, many, &error), STATUS_OK);
    CHECK_STATUS(teach(&r, more, &error), STATUS_LIMIT);
    CHECK_STATUS(teach(&r, word, &error), STATUS_LIMIT);
    CHECK_STATUS(teach(&r, phrase, &error), STATUS_LIMIT);
    CHECK_STATUS(teach(&r, digits, &error), STATUS_LIMIT);
    CHECK_STATUS(teach(&r, sounds, &error), STATUS_OK); /* a guess has at most 48 sounds */
    free(many);
    free(more);
    free(word);
    free(phrase);
    free(sounds);
    free(digits);
    asr_recogniser_finish(&r);
}

TEST(a_missing_lexicon_is_named)
{
    struct asr_recogniser r = open_recogniser();
    struct error error;
    CHECK(personal_words_teach("plex", "/no/such.gguf", r.model, r.session, &error) != STATUS_OK);
    CHECK(strstr(error.text, "/no/such.gguf") != NULL);
    CHECK_OK(personal_words_teach("", "/no/such.gguf", r.model, r.session, &error));
    asr_recogniser_finish(&r);
}
