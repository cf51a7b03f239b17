#include <stdio.h>
#include <string.h>

#include "clause.h"
#include "harness.h"

/* Feed `text` in pieces of `step` bytes and join the clauses with '|'. */
static void split(const char *text, size_t step, char *out, size_t size)
{
    struct clause_splitter splitter;
    char clause[256], piece[64];
    clause_init(&splitter);
    out[0] = '\0';
    for (size_t at = 0; at < strlen(text); at += step) {
        snprintf(piece, sizeof(piece), "%.*s", (int)step, text + at);
        CHECK(clause_feed(&splitter, piece));
        while (clause_next(&splitter, false, clause, sizeof(clause)))
            snprintf(out + strlen(out), size - strlen(out), "%s|", clause);
    }
    while (clause_next(&splitter, true, clause, sizeof(clause)))
        snprintf(out + strlen(out), size - strlen(out), "%s|", clause);
}

TEST(clauses_end_where_a_speaker_breathes)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"Hello there. How are you?", "Hello there.|How are you?|"},
        {"It's 6:25 and 3.5 degrees.", "It's 6:25 and 3.5 degrees.|"},
        {"Well, yes.", "Well, yes.|"},
        {"When the pasta has cooked enough, drain it; then serve.",
         "When the pasta has cooked enough,|drain it; then serve.|"},
        {"Mr. Smith and Dr. J. Jones came. They left",
         "Mr. Smith and Dr. J. Jones came.|They left|"},
        {"", ""},
        {"   ", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t step = 1; step < 60; step += 7) {
            char out[512];
            split(cases[i].text, step, out, sizeof(out));
            CHECK_STR(out, cases[i].expected);
        }
    }
}

TEST(an_endless_sentence_is_passed_on_in_parts)
{
    struct clause_splitter splitter;
    char clause[CLAUSE_BUFFER_BYTES];
    clause_init(&splitter);
    size_t got = 0, fed = 0;
    for (int i = 0; i < 500; i++) {
        if (clause_feed(&splitter, "abcdefgh"))
            fed += 8;
        while (clause_next(&splitter, false, clause, sizeof(clause)))
            got += strlen(clause);
    }
    while (clause_next(&splitter, true, clause, sizeof(clause)))
        got += strlen(clause);
    CHECK(got >= fed);
}
