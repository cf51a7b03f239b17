#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "option.h"

static enum status parse(struct config *config, const char *text, struct error *error)
{
    return config_parse(config, text, strlen(text), "test.yaml", error);
}

TEST(defaults_are_inside_their_ranges)
{
    struct config config, again;
    size_t count;
    const struct option_row *rows = option_table(&count);
    config_defaults(&config);
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        again = config;
        CHECK_STATUS(config_set(&again, rows[i].key, rows[i].initial, &error), STATUS_OK);
        CHECK(memcmp(&again, &config, sizeof(config)) == 0);
    }
}

TEST(the_sample_file_reads_back_as_the_defaults)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    option_write_sample(stream);
    fclose(stream);
    /* Uncomment every option line: "#key: value", "#  key: value", "#group:". */
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (line[0] == '#' && (line[1] != ' ' || (line[2] == ' ')))
            memmove(line, line + 1, strlen(line));
    }
    struct config defaults, config;
    config_defaults(&defaults);
    config_defaults(&config);
    config.volume = 3;
    struct error error = {0};
    enum status status = parse(&config, text, &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, STATUS_OK);
    CHECK(memcmp(&config, &defaults, sizeof(config)) == 0);
    free(text);
}

TEST(nested_keys_are_read)
{
    struct config config;
    config_defaults(&config);
    CHECK_STATUS(
        parse(&config,
              "volume: 30\nendpoint:\n  short_pause_ms: 250\n  no_speech_ms: 7000\nzone: UTC\n",
              NULL),
        STATUS_OK);
    CHECK_EQ(config.volume, 30);
    CHECK_EQ(config.short_pause_ms, 250);
    CHECK_EQ(config.no_speech_ms, 7000);
    CHECK_STR(config.zone, "UTC");
}

TEST(bad_files_say_where_and_change_nothing)
{
    static const struct {
        const char *text, *where, *what;
    } cases[] = {
        {"volume: 101\n", "test.yaml:1:9", "0..100"},
        {"volum: 10\n", "test.yaml:1:8", "\"volume\""},
        {"volume: loud\n", "test.yaml:1:9", "whole number"},
        {"volume: 1.5\n", "test.yaml:1:9", "whole number"},
        {"wake:\n  word: alexa\n", "test.yaml:2:9", "any|jarvis|computer"},
        {"volume: [1, 2]\n", "test.yaml:1:9", "list"},
        {"just words\n", "test.yaml:1:1", "option: value"},
        {"a: {b: {c: {d: {e: 1}}}}\n", "test.yaml:1:", "deep"},
        {"volume: 10\n  zone: x\n", "test.yaml:2:7", "mapping values are not allowed"},
        {"volume: 10\nvolume: 20\n", "test.yaml:2:1", "line 1"},
        {"x: *y\n", "test.yaml:1:", "alias"},
        {"zone: \"\xff\xfe\"\n", "test.yaml:", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config config, before;
        struct error error = {0};
        config_defaults(&config);
        before = config;
        enum status status = parse(&config, cases[i].text, &error);
        test_note("%s -> %s", cases[i].text, error.text);
        CHECK(status != STATUS_OK);
        CHECK(strstr(error.text, cases[i].where) != NULL);
        CHECK(strstr(error.text, cases[i].what) != NULL);
        CHECK(memcmp(&config, &before, sizeof(config)) == 0);
    }
}

TEST(a_missing_file_is_named)
{
    struct config config;
    struct error error = {0};
    config_defaults(&config);
    CHECK_STATUS(config_load(&config, "/no/such.yaml", &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "/no/such.yaml") != NULL);
}

TEST(help_and_man_name_every_option)
{
    size_t count;
    const struct option_row *rows = option_table(&count);
    void (*const writers[])(FILE *) = {option_write_help, option_write_man};
    for (int w = 0; w < 2; w++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        writers[w](stream);
        fclose(stream);
        for (size_t i = 0; i < count; i++)
            CHECK(strstr(text, rows[i].key) != NULL);
        free(text);
    }
}

TEST(own_words_are_a_list_of_phrases)
{
    struct config config;
    struct error error = {0};
    config_defaults(&config);
    CHECK_OK(parse(&config, "ears:\n  words:\n    - Jellyfin\n    - Siobhan = shi vawn\n", NULL));
    CHECK_STR(config.own_words, "Jellyfin\nSiobhan = shi vawn\n");
    CHECK_OK(parse(&config, "ears: {words: [plex]}\n", NULL));
    CHECK_STR(config.own_words, "plex\n");
    CHECK_OK(config_set(&config, "ears.words", "room 12, Siobhan = shi vawn,, ", NULL));
    CHECK_STR(config.own_words, "room 12\nSiobhan = shi vawn\n");
    CHECK_OK(parse(&config, "ears: {words: []}\n", NULL));
    CHECK_STR(config.own_words, "");
    CHECK(parse(&config, "ears: {words: [[plex]]}\n", &error) != STATUS_OK);
    CHECK(parse(&config, "ears: {words: [\"a\\nb\"]}\n", &error) != STATUS_OK);
    static char x[OPTION_PHRASES_BYTES], longer[OPTION_PHRASES_BYTES + 32];
    memset(x, 'x', sizeof(x) - 1);
    snprintf(longer, sizeof(longer), "ears: {words: [%s]}\n", x);
    CHECK(parse(&config, longer, &error) != STATUS_OK);
    test_note("%s", error.text);
    CHECK_STR(config.own_words, "");
    x[300] = '\0';
    CHECK_STATUS(config_set(&config, "ears.words", x, &error), STATUS_LIMIT);
    CHECK(strstr(error.text, "ears.words") != NULL);
}
