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
    struct fixture_language *l = ret_language;
    uint32_t words;
    l->gguf = fixture_gguf("assets/models/asr-lm.gguf");
    CHECK_OK(gguf_get_u32(l->gguf, "linnet-asr-lm.words", &words, NULL));
    CHECK_OK(asr_lexicon_init(&l->lexicon, l->gguf, words, 40, NULL));
    CHECK_OK(asr_ngram_init(&l->ngram, l->gguf, name, words, NULL));
    CHECK_OK(asr_ahead_base_init(&l->base, &l->lexicon, &l->ngram, NULL));
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
    read_values(file, &r.phones, 4, 1);
    r.logp = malloc((size_t)r.rows * r.phones * sizeof(float));
    CHECK(r.logp != NULL);
    read_values(file, r.logp, 4, (size_t)r.rows * r.phones);
    fclose(file);
    return r;
}
