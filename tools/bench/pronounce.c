/* pronounce TEXT.gguf < WORDS: one word a line in, "word PHONE PHONE ..." out, by the lexicon and
 * the letter-to-sound model of the voice. The recogniser's lexicon is built with it
 * (tools/train/asr_lm/build.py --pronounce). */
#include <stdio.h>
#include <string.h>

#include "g2p.h"
#include "gguf.h"
#include "phones.h"

static void pronounce(const struct g2p *g2p, const char *word)
{
    uint8_t phones[PRONUNCIATION_MAX];
    size_t count = g2p_word(g2p, word, phones, PRONUNCIATION_MAX);
    printf("%s", word);
    for (size_t i = 0; i < count; i++)
        printf(" %s", phone_name(phone_of_code(phones[i])));
    printf("\n");
}

static enum status run(const char *path, struct error *ret_error)
{
    struct gguf *file;
    struct lexicon *lexicon;
    struct g2p *g2p;
    char line[256];
    TRY(gguf_create_from_file(path, &file, ret_error));
    TRY(lexicon_create(file, &lexicon, ret_error));
    TRY(g2p_create(file, lexicon, &g2p, ret_error));
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        pronounce(g2p, line);
    }
    g2p_destroy(g2p);
    lexicon_destroy(lexicon);
    gguf_destroy(file);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    struct error error;
    if (argc != 2) {
        fprintf(stderr, "usage: pronounce TEXT.gguf < WORDS\n");
        return 2;
    }
    if (run(argv[1], &error) != STATUS_OK) {
        fprintf(stderr, "pronounce: %s\n", error.text);
        return 1;
    }
    return 0;
}
