/* The word search with other settings: decode DIR ACOUSTIC.gguf LANGUAGE.gguf MODEL SETTINGS...
 *
 * DIR holds a manifest.tsv (see tools/linnet/manifest.h); each SETTINGS is a list such as
 * "lm=0.9,bonus=-1,beam=14,word_beam=9,tokens=4000,scale=1,silence=-0.5,break=-4". The net runs
 * once, the search once for every SETTINGS; a line of word errors and cost comes for each. With
 * "show=1" every sentence is printed too. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "asr_net.h"
#include "asr_search.h"
#include "manifest.h"
#include "mel.h"
#include "source.h"
#include "word_errors.h"

enum { RATE = 16000, WORDS = 1024, TEXT_BYTES = 8192, OUTPUTS_MAX = 4096, CHUNK = 1600 };

struct bench {
    struct manifest manifest;
    struct gguf *acoustic, *language;
    struct asr_net *net;
    struct asr_encoder *encoder;
    struct mel *mel;
    struct asr_lexicon lexicon;
    struct asr_ngram ngram;
    struct asr_ahead_base base;
    float *rows;   /* log-posteriors of all recordings */
    size_t *first; /* [count + 1] first row of each recording */
    size_t row_count, row_room;
    struct asr_lattice_word words[WORDS];
    float scores[OUTPUTS_MAX];
    char text[TEXT_BYTES];
};

struct settings {
    struct asr_search_config search;
    float scale;
    bool show;
};

static double processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
}

static enum status open_language(struct bench *b, const char *path, const char *model,
                                 struct error *ret_error)
{
    uint32_t words;
    TRY(gguf_create_from_file(path, &b->language, ret_error));
    TRY(gguf_get_u32(b->language, "linnet-asr-lm.words", &words, ret_error));
    TRY(asr_lexicon_init(&b->lexicon, b->language, words, asr_net_info(b->net)->phones, ret_error));
    TRY(asr_ngram_init(&b->ngram, b->language, model, words, ret_error));
    return asr_ahead_base_init(&b->base, &b->lexicon, &b->ngram, ret_error);
}

static enum status open_all(struct bench *b, char **argv, struct error *ret_error)
{
    TRY(manifest_init(&b->manifest, argv[1], ret_error));
    TRY(gguf_create_from_file(argv[2], &b->acoustic, ret_error));
    TRY(asr_net_create(b->acoustic, &b->net, ret_error));
    TRY(asr_encoder_create(b->net, &b->encoder, ret_error));
    TRY(mel_create(&b->mel, ret_error));
    TRY(open_language(b, argv[3], argv[4], ret_error));
    b->first = calloc(b->manifest.count + 1, sizeof(*b->first));
    return b->first ? STATUS_OK : error_set(ret_error, STATUS_NO_MEMORY, "decode");
}

/* Room for the rows of one more feed. */
static enum status make_room(struct bench *b, struct error *ret_error)
{
    size_t outputs = asr_net_info(b->net)->outputs;
    if (b->row_count + ASR_FEED_ROWS <= b->row_room)
        return STATUS_OK;
    b->row_room = 2 * b->row_room + ASR_FEED_ROWS;
    float *more = realloc(b->rows, b->row_room * outputs * sizeof(float));
    if (!more)
        return error_set(ret_error, STATUS_NO_MEMORY, "decode: %zu rows", b->row_room);
    b->rows = more;
    return STATUS_OK;
}

static enum status encode_samples(struct bench *b, const float *samples, size_t count,
                                  struct error *ret_error)
{
    size_t outputs = asr_net_info(b->net)->outputs;
    float frame[MEL_BANDS];
    while (count > 0) {
        size_t taken = mel_feed(b->mel, samples, count);
        samples += taken;
        count -= taken;
        while (mel_poll(b->mel, frame, NULL)) {
            TRY(make_room(b, ret_error));
            b->row_count +=
                asr_encoder_feed(b->encoder, frame, 1, b->rows + b->row_count * outputs);
        }
    }
    return STATUS_OK;
}

static enum status encode(struct bench *b, size_t number, struct error *ret_error)
{
    char path[512];
    float samples[CHUNK];
    size_t got;
    struct source *source;
    TRY(manifest_path(&b->manifest, number, path, sizeof(path), ret_error));
    TRY(source_create(path, &source, ret_error));
    mel_reset(b->mel);
    asr_encoder_reset(b->encoder);
    b->first[number] = b->row_count;
    enum status status;
    while ((status = source_read(source, samples, CHUNK, &got, ret_error)) == STATUS_OK)
        if ((status = encode_samples(b, samples, got, ret_error)) != STATUS_OK)
            break;
    source_destroy(source);
    if (status != STATUS_END)
        return status;
    TRY(make_room(b, ret_error));
    size_t outputs = asr_net_info(b->net)->outputs;
    b->row_count += asr_encoder_flush(b->encoder, b->rows + b->row_count * outputs);
    b->first[number + 1] = b->row_count;
    return STATUS_OK;
}

static enum status read_settings(const struct bench *b, const char *text, struct settings *s,
                                 struct error *ret_error)
{
    const struct asr_net_info *info = asr_net_info(b->net);
    float tokens = 0, show = 0;
    s->search = asr_search_defaults();
    s->search.lexicon = &b->lexicon;
    s->search.ngram = &b->ngram;
    s->search.ahead_base = &b->base;
    s->search.phones = info->phones;
    s->search.outputs = info->outputs;
    s->search.left_class = info->left_class;
    s->scale = info->acoustic_scale;
    const struct {
        const char *name;
        float *value;
    } known[] = {{"lm", &s->search.lm_weight},
                 {"bonus", &s->search.word_bonus},
                 {"beam", &s->search.beam},
                 {"word_beam", &s->search.word_beam},
                 {"silence", &s->search.silence_cost},
                 {"break", &s->search.break_cost},
                 {"tokens", &tokens},
                 {"scale", &s->scale},
                 {"show", &show}};
    for (const char *at = text; *at; at += strcspn(at, ","), at += *at == ',') {
        size_t i = 0, length = strcspn(at, "=");
        for (; i < sizeof(known) / sizeof(known[0]); i++)
            if (strlen(known[i].name) == length && strncmp(at, known[i].name, length) == 0)
                break;
        if (i == sizeof(known) / sizeof(known[0]) || at[length] != '=')
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "settings: %s", at);
        *known[i].value = strtof(at + length + 1, NULL);
    }
    s->search.max_tokens = tokens > 0 ? (uint32_t)tokens : s->search.max_tokens;
    s->show = show > 0;
    return STATUS_OK;
}

static void write_words(const struct bench *b, const struct asr_lattice_word *words, uint32_t count,
                        char *text)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < count && used < TEXT_BYTES; i++)
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%s", i ? " " : "",
                                 asr_lexicon_word(&b->lexicon, words[i].word));
}

static enum status decode_one(struct bench *b, struct asr_search *search, const struct settings *s,
                              size_t number, struct word_errors *errors, struct error *ret_error)
{
    const struct asr_net_info *info = asr_net_info(b->net);
    asr_search_reset(search);
    for (size_t r = b->first[number]; r < b->first[number + 1]; r++) {
        const float *row = b->rows + r * info->outputs;
        for (uint32_t o = 0; o < info->outputs; o++)
            b->scores[o] = s->scale * (row[o] - info->prior[o]);
        asr_search_step(search, b->scores);
    }
    write_words(b, b->words, asr_search_finish(search, b->words, WORDS), b->text);
    const char *said = b->manifest.rows[number].text;
    if (s->show)
        printf("%s\n  said  %s\n  heard %s\n", b->manifest.rows[number].file, said, b->text);
    return word_errors_add(errors, said, b->text, ret_error);
}

static enum status decode_all(struct bench *b, const char *text, struct error *ret_error)
{
    struct settings s;
    struct asr_search *search;
    struct word_errors errors = {0};
    TRY(read_settings(b, text, &s, ret_error));
    if (asr_net_info(b->net)->outputs > OUTPUTS_MAX)
        return error_set(ret_error, STATUS_LIMIT, "more than %d outputs", OUTPUTS_MAX);
    TRY(asr_search_create(&s.search, &search, ret_error));
    double begin = processor_time();
    enum status status = STATUS_OK;
    for (size_t i = 0; i < b->manifest.count && status == STATUS_OK; i++)
        status = decode_one(b, search, &s, i, &errors, ret_error);
    double seconds = processor_time() - begin, sound = 0.03 * (double)b->row_count;
    asr_search_destroy(search);
    printf("%6.2f %% of %u (sub %u, del %u, ins %u)  %4.1f %% right  cost %.4f  %s\n",
           word_errors_percent(&errors), errors.said, errors.substituted, errors.deleted,
           errors.inserted, 100.0 * errors.right / fmax(errors.sentences, 1), seconds / sound,
           text);
    fflush(stdout);
    return status;
}

static enum status run(struct bench *b, int argc, char **argv, struct error *ret_error)
{
    TRY(open_all(b, argv, ret_error));
    for (size_t i = 0; i < b->manifest.count; i++)
        TRY(encode(b, i, ret_error));
    for (int i = 5; i < argc; i++)
        TRY(decode_all(b, argv[i], ret_error));
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    struct error error;
    if (argc < 6) {
        fprintf(stderr, "usage: decode DIR ACOUSTIC LANGUAGE general|assistant SETTINGS...\n");
        return 2;
    }
    struct bench *b = calloc(1, sizeof(*b));
    if (!b)
        return 1;
    enum status status = run(b, argc, argv, &error);
    if (status != STATUS_OK)
        fprintf(stderr, "decode: %s\n", error.text);
    asr_ahead_base_finish(&b->base);
    asr_lexicon_finish(&b->lexicon);
    mel_destroy(b->mel);
    asr_encoder_destroy(b->encoder);
    asr_net_destroy(b->net);
    gguf_destroy(b->language);
    gguf_destroy(b->acoustic);
    manifest_finish(&b->manifest);
    free(b->first);
    free(b->rows);
    free(b);
    return status == STATUS_OK ? 0 : 1;
}
