#include "personal_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asr.h"
#include "g2p.h"
#include "gguf.h"
#include "lexicon.h"
#include "normalise.h"

enum { LINE_BYTES = 256, WAYS_MAX = 8, VARIANTS_MAX = 3, GUESSES_MAX = 3 };

/* A way to say an entry, owned; sayings point into these. */
struct way {
    char text[ASR_OWN_TEXT];
    uint8_t phones[ASR_OWN_PHONES];
    uint32_t count;
};

struct teacher {
    struct gguf *file;
    struct lexicon *lexicon;
    struct g2p *g2p;
    const struct asr_model *model;
    struct way *way;
    uint32_t ways, room, entries;
};

static enum status open_teacher(struct teacher *t, const char *path, struct error *ret_error)
{
    TRY(gguf_create_from_file(path, &t->file, ret_error));
    TRY(lexicon_create(t->file, &t->lexicon, ret_error));
    return g2p_create(t->file, t->lexicon, &t->g2p, ret_error);
}

static void close_teacher(struct teacher *t)
{
    g2p_destroy(t->g2p);
    lexicon_destroy(t->lexicon);
    gguf_destroy(t->file);
    free(t->way);
}

/* The words of a text as the voice says them, without its breaks: "room twelve", "a. c.". */
static enum status spoken_words(const char *text, char *ret_words, size_t size,
                                struct error *ret_error)
{
    char lower[LINE_BYTES], all[4 * LINE_BYTES], *rest = NULL;
    size_t used = 0;
    snprintf(lower, sizeof(lower), "%s", text);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    TRY(normalise_text(lower, all, sizeof(all), ret_error));
    ret_words[0] = '\0';
    for (char *word = strtok_r(all, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!isalpha((unsigned char)word[0]))
            continue;
        if (used + strlen(word) + 2 > size)
            return error_set(ret_error, STATUS_LIMIT, "longer than %zu bytes", size - 1);
        used += (size_t)snprintf(ret_words + used, size - used, "%s%s", used ? " " : "", word);
    }
    return used ? STATUS_OK
                : error_set(ret_error, STATUS_INVALID_ARGUMENT,
                            "nothing to say; expected Latin letters or digits");
}

static struct way *new_way(struct teacher *t, const char *text, struct error *ret_error)
{
    if (t->ways == t->room) {
        uint32_t room = t->room ? 2 * t->room : 16;
        struct way *more = realloc(t->way, room * sizeof(*more));
        if (!more) {
            error_set(ret_error, STATUS_NO_MEMORY, "%u words", room);
            return NULL;
        }
        t->way = more;
        t->room = room;
    }
    struct way *way = &t->way[t->ways++];
    memset(way, 0, sizeof(*way));
    /* Letters have no dots in what the recogniser writes. */
    size_t used = 0;
    for (; *text && used + 1 < sizeof(way->text); text++)
        if (*text != '.')
            way->text[used++] = *text;
    return way;
}

/* Known pronunciations of a word; where it is a whole entry, and so much depends on it, also what
 * somebody who only reads it might say. */
static uint32_t variants(const struct teacher *t, const char *word, bool alone,
                         struct pronunciation ret_said[VARIANTS_MAX + GUESSES_MAX])
{
    struct pronunciation guess[GUESSES_MAX];
    size_t count = g2p_variants(t->g2p, word, ret_said, VARIANTS_MAX);
    size_t guesses = alone ? g2p_guesses(t->g2p, word, guess, GUESSES_MAX) : 0;
    for (size_t i = 0; i < guesses; i++) {
        bool is_new = true;
        for (size_t k = 0; k < count; k++)
            is_new &= !pronunciation_same(&guess[i], &ret_said[k]);
        if (is_new)
            ret_said[count++] = guess[i];
    }
    return (uint32_t)count;
}

/* Every way since `first` with every pronunciation of one more word, the most usual ones first. */
static enum status extend(struct teacher *t, uint32_t first, const char *word, bool alone,
                          struct error *ret_error)
{
    struct pronunciation said[VARIANTS_MAX + GUESSES_MAX];
    struct way longer[WAYS_MAX];
    uint32_t count = 0, known = variants(t, word, alone, said);
    if (known == 0)
        return STATUS_OK;
    for (uint32_t v = 0; v < known; v++)
        for (uint32_t w = first; w < t->ways && count < WAYS_MAX; w++) {
            struct way *way = &longer[count++];
            *way = t->way[w];
            if (way->count + said[v].count > ASR_OWN_PHONES)
                return error_set(ret_error, STATUS_LIMIT, "more than %d sounds", ASR_OWN_PHONES);
            for (uint32_t p = 0; p < said[v].count; p++)
                way->phones[way->count++] = (uint8_t)phone_of_code(said[v].phones[p]);
        }
    char text[ASR_OWN_TEXT];
    memcpy(text, t->way[first].text, sizeof(text));
    t->ways = first;
    for (uint32_t w = 0; w < count; w++) {
        struct way *way = new_way(t, text, ret_error);
        if (!way)
            return STATUS_NO_MEMORY;
        *way = longer[w];
    }
    return STATUS_OK;
}

static enum status add_entry(struct teacher *t, const char *written, const char *sound,
                             struct error *ret_error)
{
    char words[ASR_OWN_TEXT], *rest = NULL;
    uint32_t first = t->ways;
    TRY(spoken_words(written, words, sizeof(words), ret_error));
    if (!new_way(t, words, ret_error))
        return STATUS_NO_MEMORY;
    if (!sound && asr_model_knows(t->model, t->way[first].text))
        return STATUS_OK;
    if (sound)
        TRY(spoken_words(sound, words, sizeof(words), ret_error));
    bool alone = !strchr(words, ' ') && !sound;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        TRY(extend(t, first, word, alone, ret_error));
    return STATUS_OK;
}

static enum status read_line(struct teacher *t, char *line, struct error *ret_error)
{
    line += strspn(line, " \t\r");
    if (!*line || *line == '#')
        return STATUS_OK;
    if (t->entries++ == PERSONAL_WORDS_MAX)
        return error_set(ret_error, STATUS_LIMIT, "more than %d own words", PERSONAL_WORDS_MAX);
    char whole[64];
    snprintf(whole, sizeof(whole), "%s", line);
    char *sound = strchr(line, '=');
    if (sound)
        *sound++ = '\0';
    enum status status = add_entry(t, line, sound, ret_error);
    return status == STATUS_OK ? status : error_prefix(ret_error, status, "own word \"%s\"", whole);
}

static enum status read_list(struct teacher *t, const char *list, struct error *ret_error)
{
    while (*list) {
        char line[LINE_BYTES];
        size_t length = strcspn(list, "\n");
        if (length >= sizeof(line))
            return error_set(ret_error, STATUS_LIMIT, "own word \"%.40s\": longer than %d bytes",
                             list, LINE_BYTES - 1);
        memcpy(line, list, length);
        line[length] = '\0';
        TRY(read_line(t, line, ret_error));
        list += length + (list[length] == '\n');
    }
    return STATUS_OK;
}

static enum status teach(struct teacher *t, struct asr_session *session, struct error *ret_error)
{
    struct asr_saying *sayings = calloc(t->ways + 1, sizeof(*sayings));
    if (!sayings)
        return error_set(ret_error, STATUS_NO_MEMORY, "%u own words", t->ways);
    for (uint32_t w = 0; w < t->ways; w++)
        sayings[w] = (struct asr_saying){t->way[w].text, t->way[w].phones, t->way[w].count};
    enum status status = asr_session_use_words(session, sayings, t->ways, NULL, ret_error);
    free(sayings);
    return status;
}

enum status personal_words_teach(const char *list, const char *lexicon_path,
                                 const struct asr_model *model, struct asr_session *session,
                                 struct error *ret_error)
{
    struct teacher teacher = {.model = model};
    if (!*list)
        return asr_session_use_words(session, NULL, 0, NULL, ret_error);
    enum status status = open_teacher(&teacher, lexicon_path, ret_error);
    if (status == STATUS_OK)
        status = read_list(&teacher, list, ret_error);
    if (status == STATUS_OK)
        status = teach(&teacher, session, ret_error);
    close_teacher(&teacher);
    return status;
}
