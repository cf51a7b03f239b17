/* Any bytes as a rule's expression (the first line) and a text (the rest): judged without a crash
 * and in bounded time; what is not redacted stays as it was; the readings lead back into the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "privacy.h"
#include "privacy_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4096 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_readings(const char *text, size_t length)
{
    struct digit_view digits;
    struct word_view words;
    require(digit_view_create(text, length, &digits, NULL) == STATUS_OK);
    require(digits.length <= length);
    for (size_t i = 0; i < digits.length; i++)
        require(digits.span[i].from < digits.span[i].to && digits.span[i].to <= length);
    digit_view_finish(&digits);
    require(word_view_create(text, length, &words, NULL) == STATUS_OK);
    for (size_t i = 0; i < words.count; i++)
        require(words.word[i].span.from < words.word[i].span.to && words.word[i].span.to <= length);
    word_view_finish(&words);
}

static void check_rules(const struct privacy_rule *rules, size_t count, const char *text)
{
    struct privacy *privacy;
    struct privacy_ruling ruling;
    if (privacy_create(rules, count, &privacy, NULL) != STATUS_OK)
        return;
    require(privacy_judge(privacy, "cloud", text, &ruling, NULL) == STATUS_OK);
    require((ruling.text == NULL) == (ruling.verdict == PRIVACY_DENIED));
    if (ruling.verdict == PRIVACY_ALLOWED)
        require(strcmp(ruling.text, text) == 0);
    if (ruling.verdict == PRIVACY_REDACTED)
        require(strchr(ruling.text, '[') != NULL && *ruling.rule);
    privacy_ruling_finish(&ruling);
    privacy_destroy(privacy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = calloc(1, TEXT_MAX + 1);
    require(copy != NULL);
    memcpy(copy, data, size < TEXT_MAX ? size : TEXT_MAX);
    char *text = copy, *expression = strsep(&text, "\n");
    const struct privacy_rule rules[] = {
        {.match = "numbers", .action = PRIVACY_REDACT},
        {.match = "location", .action = PRIVACY_REDACT},
        {.match = "health", .action = PRIVACY_DENY},
        {.match = expression, .action = PRIVACY_REDACT},
    };
    if (text) {
        check_readings(text, strlen(text));
        check_rules(rules, 3, text);
        check_rules(rules + 3, 1, text);
        (void)privacy_wish(text);
    }
    free(copy);
    return 0;
}
