/* Any text as a request's words: the parsers of skills stay within bounds, and what they read is
 * sane. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clause.h"
#include "expression.h"
#include "spoken_number.h"
#include "unit_words.h"
#include "when_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_numbers(const char *text)
{
    struct words words;
    char said[64];
    words_split(&words, text);
    require(words.count >= 0 && words.count <= WORDS_MAX);
    for (int at = 0; at < words.count; at++) {
        double value;
        int n = spoken_number_parse(&words, at, &value);
        require(n >= 0 && at + n <= words.count);
        if (n)
            spoken_number_format(value, 3, said, sizeof(said));
    }
}

static void check_times(const char *text)
{
    double seconds;
    struct clock_time time;
    struct day day;
    char said[128];
    if (duration_parse(text, &seconds)) {
        require(seconds > 0);
        if (seconds < 1e9)
            duration_format(seconds, said, sizeof(said));
    }
    if (clock_time_parse(text, &time))
        require(time.hour >= 0 && time.hour < 24 && time.minute >= 0 && time.minute < 60);
    if (day_parse(text, &day) && day.kind == DAY_WEEKDAY)
        require(day.value >= 0 && day.value < 7);
}

static void check_clauses(const char *text)
{
    struct clause_splitter splitter;
    char clause[CLAUSE_BUFFER_BYTES];
    clause_init(&splitter);
    clause_feed(&splitter, text);
    while (clause_next(&splitter, true, clause, sizeof(clause)))
        require(strlen(clause) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[2048];
    size_t used = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    memcpy(text, data, used);
    text[used] = '\0';
    double value;
    check_numbers(text);
    check_times(text);
    check_clauses(text);
    unit_find(text);
    if (expression_evaluate(text, &value) == STATUS_OK)
        require(isfinite(value));
    return 0;
}
