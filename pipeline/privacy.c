#include "privacy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "privacy_classes.h"
#include "privacy_pattern.h"
#include "privacy_phrases.h"
#include "privacy_view.h"
#include "strbuf.h"

enum { MATCHERS_MAX = 16, SPANS_MAX = 4096 };

struct matcher {
    struct pattern *pattern;
    bool (*accept)(const char *match, size_t length);
};

struct rule {
    char *match;
    enum privacy_action action;
    char **target;
    size_t target_count;
    int line;
    const char *replacement;
    struct phrases phrases;
    struct matcher matcher[MATCHERS_MAX];
    int matcher_count;
};

struct privacy {
    struct rule *rule;
    size_t count;
};

/* ---- rules ---- */

static enum status out_of_memory(struct error *ret_error)
{
    return error_set(ret_error, STATUS_NO_MEMORY, "privacy: out of memory");
}

static enum status add_matcher(struct rule *rule, const struct class_pattern *pattern,
                               struct error *ret_error)
{
    struct matcher *matcher = &rule->matcher[rule->matcher_count];
    if (rule->matcher_count == MATCHERS_MAX)
        return error_set(ret_error, STATUS_LIMIT, "privacy: more than %d expressions in one rule",
                         MATCHERS_MAX);
    TRY(pattern_create(pattern->expression, &matcher->pattern, ret_error));
    matcher->accept = pattern->accept;
    rule->matcher_count++;
    return STATUS_OK;
}

static enum status add_class(struct rule *rule, const struct privacy_class *class,
                             struct error *ret_error)
{
    rule->replacement = class->replacement;
    for (const char *const *word = class->words; word && *word; word++)
        TRY(phrases_add(&rule->phrases, *word, ret_error));
    for (int i = 0; class->patterns[i]; i++) {
        for (const struct class_pattern *p = class->patterns[i]; p->expression; p++)
            TRY(add_matcher(rule, p, ret_error));
    }
    return STATUS_OK;
}

static enum status add_words(struct rule *rule, const struct privacy_rule *source, bool are_names,
                             struct error *ret_error)
{
    for (size_t i = 0; i < source->word_count; i++)
        TRY(are_names ? phrases_add_name(&rule->phrases, source->words[i], ret_error)
                      : phrases_add(&rule->phrases, source->words[i], ret_error));
    phrases_sort(&rule->phrases);
    return STATUS_OK;
}

static enum status copy_targets(struct rule *rule, const struct privacy_rule *source,
                                struct error *ret_error)
{
    rule->target = calloc(source->target_count + 1, sizeof(rule->target[0]));
    if (!rule->target)
        return out_of_memory(ret_error);
    for (size_t i = 0; i < source->target_count; i++) {
        rule->target[i] = strdup(source->targets[i]);
        if (!rule->target[i])
            return out_of_memory(ret_error);
        rule->target_count++;
    }
    return STATUS_OK;
}

static enum status make_rule(struct rule *rule, const struct privacy_rule *source,
                             struct error *ret_error)
{
    const struct privacy_class *class = privacy_class_find(source->match);
    const struct class_pattern own = {.expression = source->match};
    rule->action = source->action;
    rule->line = source->line;
    rule->replacement = "[private]";
    rule->match = strdup(source->match);
    if (!rule->match)
        return out_of_memory(ret_error);
    TRY(copy_targets(rule, source, ret_error));
    TRY(class ? add_class(rule, class, ret_error) : add_matcher(rule, &own, ret_error));
    TRY(add_words(rule, source, class && class->are_names, ret_error));
    if (rule->matcher_count == 0 && rule->phrases.count == 0)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "\"%s\" matches nothing without words or a file of them", source->match);
    return STATUS_OK;
}

static void finish_rule(struct rule *rule)
{
    for (int i = 0; i < rule->matcher_count; i++)
        pattern_destroy(rule->matcher[i].pattern);
    for (size_t i = 0; i < rule->target_count; i++)
        free(rule->target[i]);
    phrases_finish(&rule->phrases);
    free(rule->target);
    free(rule->match);
}

enum status privacy_create(const struct privacy_rule *rules, size_t count,
                           struct privacy **ret_privacy, struct error *ret_error)
{
    if (count > PRIVACY_RULES_MAX)
        return error_set(ret_error, STATUS_LIMIT, "privacy: more than %d rules", PRIVACY_RULES_MAX);
    struct privacy *privacy = calloc(1, sizeof(*privacy));
    if (privacy)
        privacy->rule = calloc(count + 1, sizeof(privacy->rule[0]));
    enum status status = privacy && privacy->rule ? STATUS_OK : out_of_memory(ret_error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        privacy->count++;
        status = make_rule(&privacy->rule[i], &rules[i], ret_error);
    }
    if (status != STATUS_OK) {
        privacy_destroy(privacy);
        return status;
    }
    *ret_privacy = privacy;
    return STATUS_OK;
}

void privacy_destroy(struct privacy *privacy)
{
    if (!privacy)
        return;
    for (size_t i = 0; i < privacy->count; i++)
        finish_rule(&privacy->rule[i]);
    free(privacy->rule);
    free(privacy);
}

/* ---- one text ---- */

struct finding {
    struct text_span span;
    const struct rule *rule;
    enum privacy_action action; /* for this target */
};

struct hearing {
    const char *text;
    size_t length;
    struct digit_view digits;
    struct word_view words;
    struct finding *finding;
    size_t count;
    size_t earlier; /* findings of the rules before the present one */
};

static bool is_target(const struct rule *rule, const char *target)
{
    for (size_t i = 0; i < rule->target_count; i++) {
        if (strcmp(rule->target[i], target) == 0)
            return true;
    }
    return false;
}

bool privacy_binds(const struct privacy *privacy, const char *target)
{
    for (size_t i = 0; i < privacy->count; i++) {
        const struct rule *rule = &privacy->rule[i];
        if (rule->action != PRIVACY_ALLOW && !is_target(rule, target))
            return true;
    }
    return false;
}

static bool decided_before(const struct hearing *h, struct text_span span)
{
    for (size_t i = 0; i < h->earlier; i++) {
        if (h->finding[i].span.from <= span.from && span.to <= h->finding[i].span.to)
            return true;
    }
    return false;
}

/* LIMIT when there are more findings than anybody's text has. */
static enum status add_finding(struct hearing *h, const struct rule *rule,
                               enum privacy_action action, struct text_span span)
{
    if (decided_before(h, span))
        return STATUS_OK;
    if (h->count == SPANS_MAX)
        return STATUS_LIMIT;
    h->finding[h->count++] = (struct finding){span, rule, action};
    return STATUS_OK;
}

static enum status find_phrases(struct hearing *h, const struct rule *rule,
                                enum privacy_action action)
{
    for (size_t i = 0; i < h->words.count;) {
        size_t n = phrases_find(&rule->phrases, &h->words, i);
        if (n > 0) {
            const struct text_span span = {h->words.word[i].span.from,
                                           h->words.word[i + n - 1].span.to};
            TRY(add_finding(h, rule, action, span));
        }
        i += n > 0 ? n : 1;
    }
    return STATUS_OK;
}

/* In the text as it is (spans NULL), or in another reading of it. */
static enum status find_pattern(struct hearing *h, const struct rule *rule,
                                const struct matcher *matcher, const struct digit_view *reading,
                                enum privacy_action action)
{
    const char *text = reading ? reading->text : h->text;
    size_t length = reading ? reading->length : h->length;
    size_t at = 0, from, to;
    enum status status;
    while ((status = pattern_next(matcher->pattern, text, length, at, &from, &to)) == STATUS_OK) {
        struct text_span span = {(uint32_t)from, (uint32_t)to};
        if (reading)
            span = (struct text_span){reading->span[from].from, reading->span[to - 1].to};
        if (!matcher->accept || matcher->accept(text + from, to - from))
            TRY(add_finding(h, rule, action, span));
        at = to > at ? to : at + 1;
        if (at > length)
            return STATUS_OK;
    }
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status apply_rule(struct hearing *h, const struct rule *rule, const char *target)
{
    enum privacy_action action = is_target(rule, target) ? PRIVACY_ALLOW : rule->action;
    h->earlier = h->count;
    TRY(find_phrases(h, rule, action));
    for (int i = 0; i < rule->matcher_count; i++) {
        TRY(find_pattern(h, rule, &rule->matcher[i], NULL, action));
        TRY(find_pattern(h, rule, &rule->matcher[i], &h->digits, action));
    }
    return STATUS_OK;
}

static void name_rule(struct privacy_ruling *ruling, const struct rule *rule, const char *remark)
{
    char line[32] = "";
    if (rule->line > 0)
        snprintf(line, sizeof(line), " (line %d)", rule->line);
    snprintf(ruling->rule, sizeof(ruling->rule), "%.40s%s%s", rule->match, line, remark);
}

static int by_place(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (x->span.from != y->span.from)
        return x->span.from < y->span.from ? -1 : 1;
    return x->span.to < y->span.to ? 1 : x->span.to > y->span.to ? -1 : 0;
}

/* Copy the text with the pieces replaced; overlapping pieces become one. */
static enum status write_redacted(struct hearing *h, char **ret_text, struct error *ret_error)
{
    struct strbuf out;
    size_t at = 0;
    strbuf_init(&out, 12 * PRIVACY_TEXT_BYTES_MAX);
    qsort(h->finding, h->count, sizeof(h->finding[0]), by_place);
    for (size_t i = 0; i < h->count; i++) {
        const struct finding *f = &h->finding[i];
        if (f->action != PRIVACY_REDACT || f->span.to <= at)
            continue;
        if (f->span.from >= at) {
            strbuf_append_bytes(&out, h->text + at, f->span.from - at);
            strbuf_append(&out, f->rule->replacement);
        }
        at = f->span.to;
    }
    strbuf_append_bytes(&out, h->text + at, h->length - at);
    enum status status = strbuf_status(&out);
    *ret_text = status == STATUS_OK ? strbuf_take(&out) : NULL;
    strbuf_finish(&out);
    return *ret_text ? STATUS_OK : out_of_memory(ret_error);
}

static enum status rule_on(struct hearing *h, struct privacy_ruling *ruling,
                           struct error *ret_error)
{
    enum privacy_action strictest = PRIVACY_ALLOW;
    for (size_t i = 0; i < h->count; i++) {
        const struct finding *f = &h->finding[i];
        if (f->action > strictest || !*ruling->rule)
            name_rule(ruling, f->rule, "");
        strictest = f->action > strictest ? f->action : strictest;
    }
    ruling->matches = (int)h->count;
    ruling->verdict = (enum privacy_verdict)strictest;
    return strictest == PRIVACY_DENY ? STATUS_OK : write_redacted(h, &ruling->text, ret_error);
}

static enum status prepare(struct hearing *h, struct error *ret_error)
{
    h->finding = malloc(SPANS_MAX * sizeof(h->finding[0]));
    if (!h->finding)
        return out_of_memory(ret_error);
    TRY(digit_view_create(h->text, h->length, &h->digits, ret_error));
    return word_view_create(h->text, h->length, &h->words, ret_error);
}

static enum status judge(const struct privacy *privacy, const char *target, struct hearing *h,
                         struct privacy_ruling *ruling, struct error *ret_error)
{
    TRY(prepare(h, ret_error));
    for (size_t i = 0; i < privacy->count; i++) {
        enum status status = apply_rule(h, &privacy->rule[i], target);
        if (status == STATUS_NO_MEMORY)
            return out_of_memory(ret_error);
        if (status != STATUS_OK) {
            ruling->verdict = PRIVACY_DENIED;
            name_rule(ruling, &privacy->rule[i], ", which gave up");
            return STATUS_OK;
        }
    }
    return rule_on(h, ruling, ret_error);
}

enum status privacy_judge(const struct privacy *privacy, const char *target, const char *text,
                          struct privacy_ruling *ret_ruling, struct error *ret_error)
{
    struct hearing h = {.text = text, .length = strlen(text)};
    struct privacy_ruling ruling = {.verdict = PRIVACY_DENIED};
    if (h.length > PRIVACY_TEXT_BYTES_MAX)
        return error_set(ret_error, STATUS_LIMIT, "privacy: a text is longer than %d bytes",
                         PRIVACY_TEXT_BYTES_MAX);
    enum status status = judge(privacy, target, &h, &ruling, ret_error);
    digit_view_finish(&h.digits);
    word_view_finish(&h.words);
    free(h.finding);
    if (status == STATUS_OK)
        *ret_ruling = ruling;
    return status;
}

void privacy_ruling_finish(struct privacy_ruling *ruling)
{
    if (ruling->text)
        explicit_bzero(ruling->text, strlen(ruling->text));
    free(ruling->text);
    *ruling = (struct privacy_ruling){0};
}
