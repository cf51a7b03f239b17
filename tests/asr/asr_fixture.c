#include "asr_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

static const char *source_path(const char *relative, char *path, size_t size)
{
    const char *source = getenv("LINNET_SOURCE");
    snprintf(path, size, "%s/%s", source ? source : ".", relative);
    return path;
}

/* Files stay open; listed here, a leak checker can see that they are meant to. */
static struct gguf *opened[64];
static size_t opened_count;

struct gguf *fixture_gguf(const char *relative)
{
    char path[1024];
    struct gguf *gguf = NULL;
    struct error error;
    source_path(relative, path, sizeof path);
    if (gguf_create_from_file(path, &gguf, &error) != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s", error.text);
    opened[opened_count++ % 64] = gguf;
    return gguf;
}

void fixture_language(struct fixture_language *ret_language, const char *name)
{
    fixture_language_of(ret_language, "assets/models/asr-lm.gguf", name);
}

void fixture_language_of(struct fixture_language *ret_language, const char *file, const char *name)
{
    struct fixture_language *l = ret_language;
    uint32_t words;
    l->gguf = fixture_gguf(file);
    CHECK_OK(gguf_get_u32(l->gguf, "linnet-asr-lm.words", &words, NULL));
    CHECK_OK(asr_lexicon_init(&l->lexicon, l->gguf, words, 40, NULL));
    CHECK_OK(asr_ngram_init(&l->ngram, l->gguf, name, words, NULL));
    CHECK_OK(asr_ahead_base_init(&l->base, &l->lexicon, &l->ngram, NULL));
}

struct asr_search_config fixture_search(const struct fixture_language *language)
{
    static const uint32_t one_class[40];
    struct asr_search_config config = asr_search_defaults();
    config.lexicon = &language->lexicon;
    config.ngram = &language->ngram;
    config.ahead_base = &language->base;
    config.phones = config.outputs = 40;
    config.left_class = one_class;
    return config;
}

static void read_values(FILE *file, void *values, size_t size, size_t count)
{
    CHECK_EQ(fread(values, size, count, file), count);
}

struct fixture_reference fixture_reference(const char *relative)
{
    char path[1024];
    struct fixture_reference r;
    FILE *file = fopen(source_path(relative, path, sizeof path), "rb");
    if (!file)
        test_fail(__FILE__, __LINE__, "%s: expected a reference dump", path);
    read_values(file, &r.frames, 4, 1);
    read_values(file, &r.bins, 4, 1);
    r.mel = malloc((size_t)r.frames * r.bins * sizeof(float));
    CHECK(r.mel != NULL);
    read_values(file, r.mel, 4, (size_t)r.frames * r.bins);
    read_values(file, &r.rows, 4, 1);
    read_values(file, &r.outputs, 4, 1);
    r.logp = malloc((size_t)r.rows * r.outputs * sizeof(float));
    CHECK(r.logp != NULL);
    read_values(file, r.logp, 4, (size_t)r.rows * r.outputs);
    fclose(file);
    return r;
}
