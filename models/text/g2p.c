#include "g2p.h"

#include <stdlib.h>

enum {
    LETTERS = 27, /* a-z and the apostrophe */
    BEAM = 24,
    UNITS_OF_LETTER_MAX = 48,
    ORDER_MAX = 8,
    UNIT_OPEN = 0, /* begins a word */
    UNIT_CLOSE = 1,
    NODE_NONE = -1,
    BACKOFF_ZERO = 64, /* quantised back-off weight that stands for 1 */
    LETTER_NONE = 255
};

/* One row of g2p.units: letter, number of phones (0-2), the phones. */
struct unit {
    uint8_t letter;
    uint8_t count;
    uint8_t phones[2];
};

struct g2p {
    const struct lexicon *lexicon;
    const struct unit *units;
    size_t unit_count;
    /* The n-gram as a trie in breadth-first order: the children of node i are first[i] to
     * first[i + 1] - 1, sorted by unit. Node 0 is the root. */
    const int16_t *unit;
    const uint8_t *logp; /* -ln p * step */
    const uint8_t *backoff;
    const int32_t *first;
    size_t nodes;
    size_t order;
    int16_t of_letter[LETTERS][UNITS_OF_LETTER_MAX];
    size_t of_letter_count[LETTERS];
};

/* A partial spelling: the last order - 1 units, the cost so far, the phones so far. */
struct hypothesis {
    int32_t cost;
    uint8_t length; /* units in history */
    uint8_t count;
    int16_t history[ORDER_MAX];
    uint8_t phones[PRONUNCIATION_MAX];
};

static int32_t find_child(const struct g2p *g, int32_t node, int16_t unit)
{
    int32_t low = g->first[node], high = g->first[node + 1];
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (g->unit[middle] < unit)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->first[node + 1] && g->unit[low] == unit ? low : NODE_NONE;
}

static int32_t find_path(const struct g2p *g, const int16_t *units, size_t count)
{
    int32_t node = 0;
    for (size_t i = 0; i < count && node != NODE_NONE; i++)
        node = find_child(g, node, units[i]);
    return node;
}

/* Cost of `unit` after a history, backing off to shorter ones. */
static int32_t unit_cost(const struct g2p *g, const int16_t *history, size_t length, int16_t unit)
{
    int32_t cost = 0;
    for (size_t skip = 0; skip <= length; skip++) {
        int32_t node = find_path(g, history + skip, length - skip);
        if (node == NODE_NONE)
            continue;
        int32_t child = find_child(g, node, unit);
        if (child != NODE_NONE)
            return cost + g->logp[child];
        cost += g->backoff[node] - BACKOFF_ZERO;
    }
    return cost + UINT8_MAX;
}

static struct hypothesis extended(const struct g2p *g, const struct hypothesis *from, int16_t unit)
{
    const struct unit *u = &g->units[unit];
    struct hypothesis to = *from;
    size_t keep = g->order - 1;
    to.cost += unit_cost(g, from->history, from->length, unit);
    if (to.length == keep) {
        memmove(to.history, to.history + 1, (keep - 1) * sizeof(to.history[0]));
        to.length--;
    }
    to.history[to.length++] = unit;
    for (size_t i = 0; i < u->count && to.count < PRONUNCIATION_MAX; i++)
        to.phones[to.count++] = u->phones[i];
    return to;
}

/* Insert into a list sorted by cost that holds at most BEAM. */
static void insert(struct hypothesis *list, size_t *count, const struct hypothesis *h)
{
    if (*count == BEAM && h->cost >= list[BEAM - 1].cost)
        return;
    size_t at = *count < BEAM ? (*count)++ : BEAM - 1;
    for (; at > 0 && list[at - 1].cost > h->cost; at--)
        list[at] = list[at - 1];
    list[at] = *h;
}

static int letter_index(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return c == '\'' ? 26 : -1;
}

/* Whole spellings of a word, the likeliest first, into one of the two lists, which is returned. */
static struct hypothesis *spellings(const struct g2p *g, const char *word,
                                    struct hypothesis lists[2][BEAM], size_t *ret_count)
{
    size_t count = 1, now = 0, whole = 0;
    lists[0][0] = (struct hypothesis){.length = 1, .history = {UNIT_OPEN}};
    for (; *word != '\0'; word++) {
        int letter = letter_index(*word);
        if (letter < 0 || g->of_letter_count[letter] == 0)
            continue;
        size_t next = 0;
        for (size_t h = 0; h < count; h++)
            for (size_t u = 0; u < g->of_letter_count[letter]; u++) {
                struct hypothesis to = extended(g, &lists[now][h], g->of_letter[letter][u]);
                insert(lists[1 - now], &next, &to);
            }
        now = 1 - now;
        count = next;
    }
    for (size_t h = 0; h < count; h++) {
        struct hypothesis *x = &lists[now][h];
        x->cost += unit_cost(g, x->history, x->length, UNIT_CLOSE);
        insert(lists[1 - now], &whole, x);
    }
    *ret_count = whole;
    return lists[1 - now];
}

size_t g2p_guess(const struct g2p *g, const char *word, uint8_t *ret_phones, size_t max)
{
    struct hypothesis lists[2][BEAM];
    size_t count;
    const struct hypothesis *best = spellings(g, word, lists, &count);
    size_t written = best->count < max ? best->count : max;
    memcpy(ret_phones, best->phones, written);
    return written;
}

bool pronunciation_same(const struct pronunciation *a, const struct pronunciation *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (phone_of_code(a->phones[i]) != phone_of_code(b->phones[i]))
            return false;
    return a->count == b->count;
}

size_t g2p_guesses(const struct g2p *g, const char *word, struct pronunciation *ret_found,
                   size_t max)
{
    struct hypothesis lists[2][BEAM];
    size_t count, kept = 0;
    const struct hypothesis *list = spellings(g, word, lists, &count);
    for (size_t h = 0; h < count && kept < max; h++) {
        struct pronunciation *p = &ret_found[kept];
        bool is_new = list[h].count > 0;
        p->count = list[h].count;
        memcpy(p->phones, list[h].phones, p->count);
        for (size_t k = 0; k < kept; k++)
            is_new &= !pronunciation_same(p, &ret_found[k]);
        kept += is_new;
    }
    return kept;
}

/* ---- rules for words built from known ones ---- */

static bool is_one_of(unsigned phone, const uint8_t *set)
{
    for (; *set != PHONE_SIL; set++)
        if (*set == phone)
            return true;
    return false;
}

/* The sounds of a final -s after `last`. */
static void append_s(struct pronunciation *p)
{
    static const uint8_t hissing[] = {PHONE_S,  PHONE_Z,  PHONE_SH, PHONE_ZH,
                                      PHONE_CH, PHONE_JH, PHONE_SIL};
    static const uint8_t voiceless[] = {PHONE_P, PHONE_T, PHONE_K, PHONE_F, PHONE_TH, PHONE_SIL};
    unsigned last = phone_of_code(p->phones[p->count - 1]);
    if (p->count + 2 > PRONUNCIATION_MAX)
        return;
    if (is_one_of(last, hissing))
        p->phones[p->count++] = PHONE_IH;
    p->phones[p->count++] = is_one_of(last, voiceless) ? PHONE_S : PHONE_Z;
}

/* "linnet's" and "linnets'" from "linnet(s)". Returns the number of variants. */
static size_t possessive(const struct g2p *g, const char *word, struct pronunciation *ret,
                         size_t max)
{
    size_t length = strlen(word);
    bool s = length > 2 && strcmp(word + length - 2, "'s") == 0;
    bool bare = length > 2 && word[length - 1] == '\'';
    if ((!s && !bare) || length >= LEXICON_WORD_MAX)
        return 0;
    char base[LEXICON_WORD_MAX];
    size_t kept = length - (s ? 2 : 1);
    memcpy(base, word, kept);
    base[kept] = '\0';
    size_t count = g2p_variants(g, base, ret, max);
    for (size_t i = 0; s && i < count; i++)
        append_s(&ret[i]);
    return count;
}

size_t g2p_variants(const struct g2p *g, const char *word, struct pronunciation *ret_found,
                    size_t max)
{
    if (max == 0)
        return 0;
    size_t count = g->lexicon == NULL ? 0 : lexicon_find(g->lexicon, word, ret_found, max);
    if (count == 0)
        count = possessive(g, word, ret_found, max);
    if (count > 0)
        return count < max ? count : max;
    ret_found->count = (uint8_t)g2p_guess(g, word, ret_found->phones, PRONUNCIATION_MAX);
    return ret_found->count > 0;
}

size_t g2p_word(const struct g2p *g, const char *word, uint8_t *ret_phones, size_t max)
{
    struct pronunciation p;
    if (g2p_variants(g, word, &p, 1) == 0)
        return 0;
    size_t count = p.count < max ? p.count : max;
    memcpy(ret_phones, p.phones, count);
    return count;
}

/* ---- creation ---- */

static enum status wrong(const struct gguf *file, const char *what, struct error *ret_error)
{
    return error_set(ret_error, STATUS_FORMAT, "%s: letter-to-sound model: expected %s",
                     gguf_name(file), what);
}

static enum status open_trie(const struct gguf *file, struct g2p *g, struct error *ret_error)
{
    const struct gguf_tensor *unit, *logp, *backoff, *first;
    uint32_t order;
    TRY(gguf_require_tensor(file, "g2p.node.unit", (uint64_t[2]){0, 1}, &unit, ret_error));
    uint64_t nodes = unit->ne[0];
    TRY(gguf_require_tensor(file, "g2p.node.logp", (uint64_t[2]){nodes, 1}, &logp, ret_error));
    TRY(gguf_require_tensor(file, "g2p.node.backoff", (uint64_t[2]){nodes, 1}, &backoff,
                            ret_error));
    TRY(gguf_require_tensor(file, "g2p.node.first", (uint64_t[2]){nodes + 1, 1}, &first,
                            ret_error));
    TRY(gguf_get_u32(file, "linnet-text.g2p.order", &order, ret_error));
    if (unit->type != GGUF_TYPE_I16 || logp->type != GGUF_TYPE_I8 ||
        backoff->type != GGUF_TYPE_I8 || first->type != GGUF_TYPE_I32)
        return wrong(file, "I16 units, I8 costs and I32 children", ret_error);
    if (order < 2 || order > ORDER_MAX || nodes > INT32_MAX)
        return wrong(file, "an order of 2 to 8", ret_error);
    g->unit = unit->data;
    g->logp = logp->data;
    g->backoff = backoff->data;
    g->first = first->data;
    g->nodes = (size_t)nodes;
    g->order = order;
    return STATUS_OK;
}

/* Children lie behind their parent and inside the table, so that no walk can leave it or loop. */
static enum status check_trie(const struct gguf *file, const struct g2p *g, struct error *ret_error)
{
    for (size_t i = 0; i < g->nodes; i++) {
        if (g->first[i] <= (int32_t)i && g->first[i] != g->first[i + 1])
            return wrong(file, "children behind their parent", ret_error);
        if (g->first[i] < 0 || g->first[i] > g->first[i + 1] || (size_t)g->first[i + 1] > g->nodes)
            return wrong(file, "children in ascending order", ret_error);
        if (g->unit[i] < 0 || (size_t)g->unit[i] >= g->unit_count)
            return wrong(file, "unit numbers inside the table of units", ret_error);
    }
    return STATUS_OK;
}

static enum status open_units(const struct gguf *file, struct g2p *g, struct error *ret_error)
{
    const struct gguf_tensor *units;
    TRY(gguf_require_tensor(file, "g2p.units", (uint64_t[2]){4, 0}, &units, ret_error));
    if (units->type != GGUF_TYPE_I8 || units->ne[1] < 3 || units->ne[1] > INT16_MAX)
        return wrong(file, "I8 units", ret_error);
    g->units = units->data;
    g->unit_count = (size_t)units->ne[1];
    for (size_t i = 0; i < g->unit_count; i++) {
        const struct unit *u = &g->units[i];
        if (u->letter == LETTER_NONE)
            continue;
        if (u->letter >= LETTERS || u->count > 2 || phone_of_code(u->phones[0]) >= PHONE_COUNT ||
            phone_of_code(u->phones[1]) >= PHONE_COUNT ||
            g->of_letter_count[u->letter] == UNITS_OF_LETTER_MAX)
            return wrong(file, "units of a letter and up to two phones", ret_error);
        g->of_letter[u->letter][g->of_letter_count[u->letter]++] = (int16_t)i;
    }
    return STATUS_OK;
}

static enum status open_all(const struct gguf *file, struct g2p *g, struct error *ret_error)
{
    TRY(open_units(file, g, ret_error));
    TRY(open_trie(file, g, ret_error));
    return check_trie(file, g, ret_error);
}

enum status g2p_create(const struct gguf *file, const struct lexicon *lexicon, struct g2p **ret_g2p,
                       struct error *ret_error)
{
    struct g2p *g = calloc(1, sizeof(*g));
    if (g == NULL)
        return error_set(ret_error, STATUS_NO_MEMORY, "letter-to-sound model: out of memory");
    enum status s = open_all(file, g, ret_error);
    if (s != STATUS_OK) {
        g2p_destroy(g);
        return s;
    }
    g->lexicon = lexicon;
    *ret_g2p = g;
    return STATUS_OK;
}

void g2p_destroy(struct g2p *g2p)
{
    free(g2p);
}
