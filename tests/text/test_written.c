/* Spoken words as people write them. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "normalise.h"
#include "written.h"

static const char *const pairs[][2] = {
    {"wake me at twenty five past six", "wake me at 6:25"},
    {"half past six", "6:30"},
    {"it's a quarter to seven", "it's 6:45"},
    {"quarter to one", "12:45"},
    {"meet me at ten to five", "meet me at 4:50"},
    {"five to ten people", "five to 10 people"},
    {"nine minutes past four", "4:09"},
    {"set an alarm for six thirty pm", "set an alarm for 6:30 pm"},
    {"wake me up at six oh five", "wake me up at 6:05"},
    {"seven o'clock", "7:00"},
    {"nine am tomorrow", "9 am tomorrow"},
    {"at seven thirty people came", "at 7:30 people came"},
    {"set a timer for five minutes", "set a timer for 5 minutes"},
    {"set a timer for twenty five minutes", "set a timer for 25 minutes"},
    {"one of them had three", "one of them had three"},
    {"two hundred and five", "205"},
    {"three thousand two hundred and sixty", "3260"},
    {"one million five hundred thousand", "1500000"},
    {"a hundred and one dalmatians", "101 dalmatians"},
    {"a thousand miles", "1000 miles"},
    {"in nineteen eighty four", "in 1984"},
    {"in nineteen oh five", "in 1905"},
    {"twenty twenty six", "2026"},
    {"nineteen twenty minutes", "19 20 minutes"},
    {"two thousand five", "2005"},
    {"three point one four", "3.14"},
    {"minus five degrees", "-5 degrees"},
    {"twelve minus five", "12 minus five"},
    {"twenty percent", "20%"},
    {"fifteen percent of eighty", "15% of 80"},
    {"three dollars and fifty cents", "$3.50"},
    {"twenty dollars", "$20"},
    {"ten pounds in grams", "10 pounds in grams"},
    {"may twenty first", "may 21st"},
    {"march third", "march 3rd"},
    {"the first and the twelfth", "the first and the 12th"},
    {"the hundred and the thousand", "the hundred and the thousand"},
    {"call five five five oh one two", "call 555012"},
    {"one two", "one two"},
    {"", ""},
    {"and and and", "and and and"},
    {"to past half", "to past half"},
};

TEST(words_become_numbers)
{
    char text[256];
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        CHECK_OK(written_text(pairs[i][0], text, sizeof(text), NULL));
        CHECK_STR(text, pairs[i][1]);
    }
}

/* Any order of the words it knows: nothing is lost, nothing overruns, and what is written can be
 * said again. */
TEST(any_words_are_survived)
{
    static const char *const some[] = {
        "oh",  "one",   "ten",     "twenty", "hundred", "thousand", "and",    "a",   "past",
        "to",  "half",  "quarter", "point",  "minus",   "am",       "third",  "may", "dollars",
        "six", "cents", "o'clock", "cat",    "percent", "million",  "minutes"};
    struct test_random random = test_random_init();
    char words[512], text[512], said[2048];
    for (int round = 0; round < 5000; round++) {
        size_t used = 0;
        int count = (int)test_random_range(&random, 1, 12);
        for (int i = 0; i < count; i++) {
            int64_t pick = test_random_range(&random, 0, sizeof(some) / sizeof(some[0]) - 1);
            used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s", i ? " " : "",
                                     some[pick]);
        }
        CHECK_OK(written_text(words, text, sizeof(text), NULL));
        CHECK(text[0] != '\0');
        CHECK_EQ(strstr(words, "cat") != NULL, strstr(text, "cat") != NULL);
        CHECK_OK(normalise_text(text, said, sizeof(said), NULL));
    }
}

TEST(limits_are_named)
{
    char text[8], many[2 * WRITTEN_WORDS_MAX + 16];
    CHECK_STATUS(written_text("ten to seventeen people", text, sizeof(text), NULL), STATUS_LIMIT);
    CHECK_STR(text, "");
    for (size_t i = 0; i < sizeof(many) - 1; i++)
        many[i] = i % 2 ? ' ' : 'a';
    many[sizeof(many) - 1] = '\0';
    struct error error;
    CHECK_STATUS(written_text(many, text, sizeof(text), &error), STATUS_LIMIT);
    CHECK(strstr(error.text, "words") != NULL);
}
