/* Damaged lexicons and language models are refused with a reason, never read past their ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asr_fixture.h"
#include "harness.h"

struct copy {
    void *bytes;
    size_t size;
    struct gguf *gguf;
};

/* The values of one tensor in a private copy of the file. */
static void *open_copy(struct copy *copy, const char *tensor)
{
    struct gguf *original = fixture_gguf("assets/models/asr-lm.gguf");
    FILE *file = fopen(gguf_name(original), "rb");
    CHECK(file != NULL);
    fseek(file, 0, SEEK_END);
    copy->size = (size_t)ftell(file);
    copy->bytes = aligned_alloc(64, (copy->size + 63) / 64 * 64);
    CHECK(copy->bytes != NULL);
    rewind(file);
    CHECK_EQ(fread(copy->bytes, 1, copy->size, file), copy->size);
    fclose(file);
    gguf_destroy(original);
    CHECK_OK(gguf_create_from_memory(copy->bytes, copy->size, "copy", &copy->gguf, NULL));
    const struct gguf_tensor *found = gguf_find_tensor(copy->gguf, tensor);
    CHECK(found != NULL);
    return (char *)copy->bytes + ((const char *)found->data - (const char *)copy->bytes);
}

static void close_copy(struct copy *copy)
{
    gguf_destroy(copy->gguf);
    free(copy->bytes);
}

static enum status load(const struct copy *copy, struct error *ret_error)
{
    struct asr_lexicon lexicon;
    struct asr_ngram ngram;
    uint32_t words;
    TRY(gguf_get_u32(copy->gguf, "linnet-asr-lm.words", &words, ret_error));
    TRY(asr_lexicon_init(&lexicon, copy->gguf, words, 40, ret_error));
    asr_lexicon_finish(&lexicon);
    return asr_ngram_init(&ngram, copy->gguf, "general", words, ret_error);
}

/* With the bytes from `offset` to `end` set to a value. */
static void expect_refusal_of(const char *tensor, size_t offset, size_t end, uint8_t value)
{
    struct copy copy;
    struct error error = {.text = ""};
    uint8_t *values = open_copy(&copy, tensor);
    CHECK_OK(load(&copy, NULL));
    memset(values + offset, value, end - offset);
    CHECK_STATUS(load(&copy, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "copy") != NULL);
    test_note("%s", error.text);
    close_copy(&copy);
}

static void expect_refusal(const char *tensor, size_t offset, uint8_t value)
{
    expect_refusal_of(tensor, offset, offset + 1, value);
}

TEST(tree_with_too_many_children)
{
    expect_refusal("lexicon.children", 5, 255);
}

TEST(tree_that_ends_too_early)
{
    expect_refusal("lexicon.children", 0, 0);
}

TEST(phone_outside_the_set)
{
    expect_refusal("lexicon.phone", 9, 40);
}

TEST(ending_of_an_unknown_word)
{
    expect_refusal_of("lexicon.word", 0, 2, 255);
}

TEST(text_without_a_closing_nul)
{
    expect_refusal("lexicon.text", 1, 'z');
}

TEST(offsets_that_fall)
{
    expect_refusal("ngram.general.bigram.first", 9, 255);
}

TEST(offsets_below_zero)
{
    expect_refusal("ngram.general.context.trigram", 7, 255);
}

TEST(word_numbers_too_large)
{
    expect_refusal_of("ngram.general.trigram.word", 0, 2, 255);
}

TEST(another_model_is_not_found)
{
    struct gguf *gguf = fixture_gguf("assets/models/asr-lm.gguf");
    struct asr_ngram ngram;
    struct error error = {.text = ""};
    CHECK_STATUS(asr_ngram_init(&ngram, gguf, "martian", 50, &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "martian") != NULL);
    gguf_destroy(gguf);
}
