#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud_config.h"
#include "harness.h"
#include "option.h"

static enum status read_text(struct cloud_config *config, const char *text, struct error *error)
{
    struct yaml_tree *tree;
    enum status status = yaml_tree_parse(text, strlen(text), "test.yaml", &tree, error);
    if (status != STATUS_OK)
        return status;
    status = cloud_config_read(config, tree, error);
    yaml_tree_destroy(tree);
    return status;
}

static const char hybrid[] =
    "name: assistant\n"
    "routing: prefer-device\n"
    "stages:\n"
    "  - {stage: wake, model: jarvis, target: device}\n"
    "  - {stage: transcribe, model: linnet-asr, prefer: device, fallback: [hub]}\n"
    "  - {stage: generate, model: linnet-lm, prefer: device, fallback: [cloud, hub]}\n"
    "  - {stage: synthesize, model: linnet-tts, prefer: device}\n"
    "providers:\n"
    "  cloud: {kind: openai-realtime, url: \"wss://api.example/v1/realtime\", model: m,\n"
    "          key_env: KEY, send_audio: yes, price: {in: 4, out: 16.5}}\n"
    "  hub:\n"
    "    kind: openai-chat\n"
    "    url: http://127.0.0.1:11434/v1\n"
    "    deadline_ms: 1500\n";

TEST(the_tree_keeps_order_and_places)
{
    struct yaml_tree *tree;
    struct error error = {0};
    CHECK_OK(yaml_tree_parse(hybrid, strlen(hybrid), "test.yaml", &tree, &error));
    const struct yaml_item *root = yaml_tree_root(tree);
    const struct yaml_item *stages = yaml_item_find(root, "stages");
    CHECK_EQ(stages->kind, YAML_KIND_LIST);
    CHECK_EQ(stages->first->line, 4);
    CHECK_EQ(stages->first->column, 5);
    CHECK_STR(yaml_item_find(stages->first->next, "model")->text, "linnet-asr");
    CHECK_STR(yaml_item_first(yaml_item_find(root, "providers"))->next->key, "hub");
    CHECK(yaml_item_find(root, "nothing") == NULL);
    CHECK(yaml_item_find(NULL, "x") == NULL && yaml_item_find(stages, "x") == NULL);
    CHECK_STATUS(yaml_item_fail(tree, stages->first, &error, "no %d", 7), STATUS_FORMAT);
    CHECK_STR(error.text, "test.yaml:4:5: no 7");
    yaml_tree_destroy(tree);
}

TEST(an_empty_document_is_an_empty_configuration)
{
    struct cloud_config config, defaults;
    static const char *const texts[] = {"", "# nothing\n", "---\n...\n", "providers:\nstages:\n"};
    cloud_config_defaults(&defaults);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error error = {0};
        enum status status = read_text(&config, texts[i], &error);
        if (i == 2) { /* an empty scalar is no map */
            CHECK_STATUS(status, STATUS_FORMAT);
            continue;
        }
        test_note("%s", error.text);
        CHECK_OK(status);
        CHECK_EQ(config.provider_count, 0);
        for (int s = 0; s < STAGE_COUNT; s++)
            CHECK(memcmp(&config.order[s], &defaults.order[s], sizeof(config.order[s])) == 0);
    }
}

TEST(the_hybrid_example_is_read)
{
    struct cloud_config config;
    struct error error = {0};
    enum status status = read_text(&config, hybrid, &error);
    test_note("%s", error.text);
    CHECK_OK(status);
    CHECK_EQ(config.provider_count, 2);
    CHECK_STR(config.wake_word, "jarvis");
    const struct cloud_provider *cloud = &config.providers[0], *hub = &config.providers[1];
    CHECK_STR(cloud->name, "cloud");
    CHECK_STR(cloud->kind, "openai-realtime");
    CHECK(cloud->send_audio && !hub->send_audio);
    CHECK_NEAR(cloud->price.out, 16.5, 1e-12);
    CHECK_NEAR(cloud->price.cached, 4, 0);
    CHECK_NEAR(hub->price.out, 0, 0);
    CHECK_EQ(cloud->deadline_ms, 4000);
    CHECK_EQ(hub->deadline_ms, 1500);
    const struct cloud_order *order = &config.order[STAGE_GENERATE];
    CHECK_EQ(order->count, 3);
    CHECK_EQ(order->place[0], CLOUD_DEVICE);
    CHECK_EQ(order->place[1], 0);
    CHECK_EQ(order->place[2], 1);
    CHECK(config.order[STAGE_WAKE].fixed && !order->fixed);
    CHECK_EQ(config.order[STAGE_TRANSCRIBE].place[1], 1);
    CHECK_EQ(config.order[STAGE_SYNTHESIZE].count, 1);
    struct config options;
    config_defaults(&options);
    CHECK_OK(config_parse(&options, hybrid, strlen(hybrid), "test.yaml", &error));
    CHECK_STR(options.name, "assistant");
}

TEST(providers_without_stages_follow_the_device)
{
    struct cloud_config config;
    CHECK_OK(read_text(&config,
                       "providers:\n  a: {kind: openai-chat, url: x}\n"
                       "  b: {kind: linnet, url: y}\n",
                       NULL));
    CHECK_EQ(config.order[STAGE_GENERATE].count, 3);
    CHECK_EQ(config.order[STAGE_GENERATE].place[2], 1);
    CHECK_EQ(config.order[STAGE_TRANSCRIBE].count, 1);
}

/* One that lends its ears or its voice alone does not answer. */
TEST(ears_and_voices_are_asked_by_their_stages)
{
    struct cloud_config config;
    struct error error;
    CHECK_OK(read_text(&config,
                       "providers:\n  a: {kind: linnet, url: x, model: ears}\n"
                       "  b: {kind: linnet, url: y}\n"
                       "stages:\n  - {stage: transcribe, prefer: a, fallback: [b, device]}\n"
                       "  - {stage: synthesize, prefer: device, fallback: [b]}\n",
                       NULL));
    CHECK_EQ(config.order[STAGE_GENERATE].count, 2);
    CHECK_EQ(config.order[STAGE_GENERATE].place[1], 1);
    CHECK_EQ(config.order[STAGE_TRANSCRIBE].count, 3);
    CHECK_EQ(config.order[STAGE_TRANSCRIBE].place[0], 0);
    CHECK_EQ(config.order[STAGE_TRANSCRIBE].place[2], CLOUD_DEVICE);
    CHECK_EQ(config.order[STAGE_SYNTHESIZE].place[1], 1);
    CHECK_STATUS(read_text(&config,
                           "providers:\n  a: {kind: linnet, url: x, price: {audio_in: 1}}\n"
                           "stages:\n  - {stage: transcribe, prefer: a}\n",
                           &error),
                 STATUS_FORMAT);
    CHECK(strstr(error.text, "\"a\" has a price") != NULL);
}

TEST(bad_sections_say_where_and_change_nothing)
{
    static const struct {
        const char *text, *where, *what;
    } cases[] = {
        {"providers: 3\n", "test.yaml:1:12", "expected"},
        {"providers: [a]\n", "test.yaml:1:12", "found a list"},
        {"providers:\n  a: {kind: openai-chat}\n", "test.yaml:2:6", "a: expected \"url: ...\""},
        {"providers:\n  a: {url: x}\n", "test.yaml:2:6", "a: expected \"kind: ...\""},
        {"providers:\n  a: {kind: openai, url: x}\n", "test.yaml:2:13", "openai-realtime|"},
        {"providers:\n  a: {kind: linnet, url: x, modle: y}\n", "test.yaml:2:36",
         "unknown option \"modle\"; the nearest one is \"model\""},
        {"providers:\n  a: {kind: linnet, url: x, price: {int: 1}}\n",
         "test.yaml:2:", "unknown option \"price.int\"; the nearest one is \"price.in\""},
        {"providers:\n  a: {kind: linnet, url: x, price: {in: -1}}\n", "test.yaml:2:", "0..10000"},
        {"providers:\n  a: {kind: linnet, url: x, price: 3}\n", "test.yaml:2:", "key: value"},
        {"providers:\n  a: {kind: linnet, url: [x]}\n", "test.yaml:2:", "found a list"},
        {"providers:\n  a: {kind: linnet, url: x, send_audio: maybe}\n",
         "test.yaml:2:", "\"maybe\" is not true or false"},
        {"providers:\n  device: {kind: linnet, url: x}\n", "test.yaml:2:", "not \"device\""},
        {"providers:\n  a: {kind: linnet, url: x}\n  a: {kind: linnet, url: x}\n", "test.yaml:3:3",
         "stands twice"},
        {"stages: {wake: x}\n", "test.yaml:1:9", "list of stages"},
        {"stages:\n  - generate\n", "test.yaml:2:5", "key: value"},
        {"stages:\n  - {model: linnet-lm}\n", "test.yaml:2:5", "expected \"stage: wake|"},
        {"stages:\n  - {stage: speak}\n", "test.yaml:2:13", "is not one of wake|"},
        {"stages:\n  - {stage: generate, prefer: clod}\nproviders:\n  cloud: {kind: linnet, url: "
         "x}\n",
         "test.yaml:2:5", "the nearest name is \"cloud\""},
        {"stages:\n  - {stage: generate, fallback: [device]}\n", "test.yaml:2:5", "stands twice"},
        {"stages:\n  - {stage: generate, target: device, prefer: device}\n", "test.yaml:2:5",
         "either"},
        {"stages:\n  - {stage: wake, target: a}\nproviders: {a: {kind: linnet, url: x}}\n",
         "test.yaml:2:5", "on the device alone"},
        {"stages:\n  - {stage: wake}\n  - {stage: wake}\n", "test.yaml:3:5", "stands twice"},
        {"stages:\n  - {stage: wake, model: alexa}\n", "test.yaml:2:5", "any|jarvis|computer"},
        {"stages:\n  - {stage: generate, fallback: [[x]]}\n", "test.yaml:2:", "deep"},
        {"stages:\n  - {stage: generate, fallback: [a,b,c,d,e,f,g,h,i]}\n",
         "test.yaml:2:", "more than 8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cloud_config config, before;
        struct error error = {0};
        memset(&config, 0x5a, sizeof(config));
        before = config;
        enum status status = read_text(&config, cases[i].text, &error);
        test_note("%s", error.text);
        CHECK(status != STATUS_OK);
        CHECK(strstr(error.text, cases[i].where) != NULL);
        CHECK(strstr(error.text, cases[i].what) != NULL);
        CHECK(memcmp(&config, &before, sizeof(config)) == 0);
    }
}

TEST(an_unknown_section_is_an_error)
{
    struct config config;
    struct error error = {0};
    config_defaults(&config);
    const char *text = "provider:\n  a: {kind: linnet}\n";
    CHECK(config_parse(&config, text, strlen(text), "test.yaml", &error) != STATUS_OK);
    CHECK(strstr(error.text, "the nearest one is \"providers\"") != NULL);
}

/* The sample file, uncommented, is a valid configuration of sections too. */
TEST(the_sample_file_configures_a_provider)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    option_write_sample(stream);
    fclose(stream);
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (line[0] == '#' && (line[1] != ' ' || (line[2] == ' ')))
            memmove(line, line + 1, strlen(line));
    }
    struct cloud_config config;
    struct error error = {0};
    enum status status = read_text(&config, text, &error);
    test_note("%s", error.text);
    CHECK_OK(status);
    CHECK_EQ(config.provider_count, 1);
    CHECK_STR(config.providers[0].name, "hub");
    free(text);
}

/* Too much of everything is refused, never cut. */
TEST(the_tree_is_bounded)
{
    enum { LINES = YAML_ITEMS_MAX + 1 };
    char *text = malloc(LINES * 16);
    size_t used = 0;
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(text + used, 16, "k%d: 1\n", i);
    struct yaml_tree *tree;
    struct error error = {0};
    CHECK_STATUS(yaml_tree_parse(text, used, "test.yaml", &tree, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "too many entries") != NULL);
    memset(text, 'k', 4 * YAML_KEY_BYTES);
    memcpy(text + 4 * YAML_KEY_BYTES, ": 1\n", 5);
    CHECK_STATUS(yaml_tree_parse(text, strlen(text), "test.yaml", &tree, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "key too long") != NULL);
    free(text);
    const char *two = "a: 1\n---\nb: 2\n";
    CHECK_STATUS(yaml_tree_parse(two, strlen(two), "test.yaml", &tree, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "second document") != NULL);
}
