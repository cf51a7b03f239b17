#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "harness.h"
#include "privacy.h"
#include "privacy_classes.h"
#include "privacy_pattern.h"
#include "privacy_view.h"
#include "yaml_tree.h"

/* ---- help ---- */

static struct privacy *rules_of(const char *yaml)
{
    struct yaml_tree *tree;
    struct privacy *privacy;
    struct error error = {0};
    if (yaml_tree_parse(yaml, strlen(yaml), "test.yaml", &tree, &error) != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s", error.text);
    if (privacy_read(tree, yaml_item_find(yaml_tree_root(tree), "privacy"), "", &privacy, &error) !=
        STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s", error.text);
    yaml_tree_destroy(tree);
    return privacy;
}

static struct privacy_ruling judge_for(const struct privacy *privacy, const char *target,
                                       const char *text)
{
    struct privacy_ruling ruling;
    CHECK_OK(privacy_judge(privacy, target, text, &ruling, NULL));
    CHECK((ruling.text != NULL) == (ruling.verdict != PRIVACY_DENIED));
    return ruling;
}

static void check_text(const struct privacy *privacy, const char *text, const char *expected)
{
    struct privacy_ruling ruling = judge_for(privacy, "cloud", text);
    if (!ruling.text || strcmp(ruling.text, expected) != 0)
        test_fail(__FILE__, __LINE__, "\"%s\": expected \"%s\", got \"%s\" (%s)", text, expected,
                  ruling.text ? ruling.text : "a denial", ruling.rule);
    CHECK_EQ(ruling.verdict, strcmp(text, expected) == 0 ? PRIVACY_ALLOWED : PRIVACY_REDACTED);
    privacy_ruling_finish(&ruling);
}

static void check_verdict(const struct privacy *privacy, const char *text,
                          enum privacy_verdict expected)
{
    struct privacy_ruling ruling = judge_for(privacy, "cloud", text);
    if (ruling.verdict != expected)
        test_fail(__FILE__, __LINE__, "\"%s\": expected verdict %d, got %d (%s)", text, expected,
                  ruling.verdict, ruling.rule);
    privacy_ruling_finish(&ruling);
}

/* ---- readings ---- */

static void check_digits(const char *text, const char *expected)
{
    struct digit_view view;
    CHECK_OK(digit_view_create(text, strlen(text), &view, NULL));
    CHECK_STR(view.text, expected);
    CHECK(view.length <= strlen(text));
    digit_view_finish(&view);
}

TEST(digits_are_joined_however_they_are_said)
{
    check_digits("four two double one", "4211");
    check_digits("4242 4242-42.42", "424242424242");
    check_digits("forty two", "42");
    check_digits("forty-two seventeen", "4217");
    check_digits("nineteen eighty four", "1984");
    check_digits("two hundred", "200");
    check_digits("a hundred", "a hundred");
    check_digits("Oh seven triple EIGHT", "07888");
    check_digits("double trouble 5", "double trouble 5");
    check_digits("(555) 123-4567 please", "(5551234567 please");
    check_digits("on 2026-11-21 at 10", "on 2026-11-21 at 10");
    check_digits("4    2", "4    2");
    check_digits("someone phoned", "someone phoned");
    check_digits("\xd9\xa4\xd9\xa2", "42");          /* Arabic-Indic */
    check_digits("\xef\xbc\x94 \xef\xbc\x92", "42"); /* full width */
    check_digits("", "");
    check_digits("twenty", "20");
    check_digits("5 double", "5 double");
}

TEST(a_reading_leads_back_to_the_text)
{
    struct digit_view view;
    const char *text = "pin forty two, double one";
    CHECK_OK(digit_view_create(text, strlen(text), &view, NULL));
    CHECK_STR(view.text, "pin 42, 11");
    CHECK_EQ(view.span[4].from, 4);
    CHECK_EQ(view.span[5].to, 13);
    CHECK_EQ(view.span[8].from, 15);
    CHECK_EQ(view.span[9].to, 25);
    digit_view_finish(&view);
}

TEST(words_are_folded)
{
    struct word_view view;
    const char *text = "Ask Jos\xc3\xa9's M\xc3\x9cLLER, o'neil-\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd";
    CHECK_OK(word_view_create(text, strlen(text), &view, NULL));
    CHECK_EQ(view.count, 5);
    CHECK_STR(view.word[1].folded, "jose");
    CHECK_STR(view.word[2].folded, "muller");
    CHECK_STR(view.word[3].folded, "o'neil");
    CHECK_STR(view.word[4].folded, "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd");
    CHECK_EQ(view.word[1].span.to - view.word[1].span.from, 5);
    word_view_finish(&view);
}

TEST(card_numbers_have_a_check_digit)
{
    CHECK(is_card_number("4242424242424242", 16));
    CHECK(is_card_number("79927398713", 11));
    CHECK(!is_card_number("4242424242424241", 16));
    CHECK(!is_card_number("", 0));
    CHECK(!is_card_number("42x2", 4));
}

/* ---- rules ---- */

TEST(numbers_are_redacted)
{
    struct privacy *p = rules_of("privacy: [{match: numbers, action: redact}]");
    check_text(p, "charge 4242 4242 4242 4242 now", "charge [number] now");
    check_text(p, "charge four two four two four two four two four two now", "charge [number] now");
    check_text(p, "call +44 20 7946 0958", "call [number]");
    check_text(p, "call five five five one two three four", "call [number]");
    check_text(p, "my pin is 1234", "my [number]");
    check_text(p, "the password is swordfish now", "the [number]");
    check_text(p, "pay to DE89 3704 0044 0532 0130 00 today", "pay to [number] today");
    check_text(p, "set a timer for 20 minutes", "set a timer for 20 minutes");
    check_text(p, "it was 1984 in London", "it was 1984 in London");
    check_text(p, "on 2026-11-21 we met", "on 2026-11-21 we met");
    privacy_destroy(p);
}

TEST(names_of_the_address_book_are_redacted)
{
    struct privacy *p = rules_of("privacy:\n"
                                 "  - {match: names, action: redact,\n"
                                 "     words: [Jos\xc3\xa9 van Dyke, Will Smith, Anna]}\n");
    check_text(p, "write to jose van dyke", "write to [name]");
    check_text(p, "write to jose", "write to [name]");
    check_text(p, "what will van gogh say to Dyke", "what will van gogh say to [name]");
    check_text(p, "is will smith in", "is [name] in");
    check_text(p, "tell ANNA's mother", "tell [name]'s mother");
    check_text(p, "annabel", "annabel");
    privacy_destroy(p);
}

TEST(names_come_from_files)
{
    static const char card[] =
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Mira Kovac\r\nTEL:+1\r\nEND:VCARD\r\n";
    static const char list[] = "# people\nOda Berg\n\nPer Lind\n";
    char yaml[512];
    CHECK_OK(file_write_atomic(test_path("people.vcf"), card, sizeof(card) - 1, NULL));
    CHECK_OK(file_write_atomic(test_path("people.txt"), list, sizeof(list) - 1, NULL));
    snprintf(yaml, sizeof(yaml),
             "privacy:\n- {match: names, action: redact, file: %s}\n"
             "- {match: names, action: redact, file: %s}\n",
             test_path("people.vcf"), test_path("people.txt"));
    struct privacy *p = rules_of(yaml);
    check_text(p, "ask mira or oda berg or lind", "ask [name] or [name] or [name]");
    check_text(p, "version people card", "version people card");
    privacy_destroy(p);
}

TEST(health_stays_on_the_device)
{
    struct privacy *p = rules_of("privacy: [{match: health, allow: device}]");
    check_verdict(p, "is ibuprofen bad for diabetics", PRIVACY_DENIED);
    check_verdict(p, "I think I have high blood pressure", PRIVACY_DENIED);
    check_verdict(p, "what are the symptoms of measles", PRIVACY_DENIED);
    check_verdict(p, "who wrote hamlet", PRIVACY_ALLOWED);
    check_verdict(p, "how high is the pressure at sea level", PRIVACY_ALLOWED);
    struct privacy_ruling ruling = judge_for(p, "hub", "my migraine is back");
    CHECK_EQ(ruling.verdict, PRIVACY_DENIED);
    CHECK_STR(ruling.rule, "health (line 1)");
    CHECK(!ruling.text);
    privacy_destroy(p);
}

TEST(places_are_redacted)
{
    struct privacy *p = rules_of("privacy: [{match: location, action: redact}]");
    check_text(p, "a taxi to 12 Old Mill Road please", "a taxi to [place] please");
    check_text(p, "a taxi to twelve old mill road please", "a taxi to [place] please");
    check_text(p, "it is near SW1A 2AA", "it is near [place]");
    check_text(p, "go to 51.5007, -0.1246 now", "go to [place] now");
    check_text(p, "i live in upper hutt", "[place]");
    check_text(p, "the road is long and 5 minutes away", "the road is long and 5 minutes away");
    privacy_destroy(p);
}

TEST(a_rule_may_let_some_have_it)
{
    struct privacy *p = rules_of("privacy: [{match: health, allow: [hub]}, "
                                 "{match: numbers, action: redact, allow: hub}]");
    struct privacy_ruling hub = judge_for(p, "hub", "my insulin order 123456789");
    struct privacy_ruling cloud = judge_for(p, "cloud", "my insulin order 123456789");
    CHECK_EQ(hub.verdict, PRIVACY_ALLOWED);
    CHECK_STR(hub.text, "my insulin order 123456789");
    CHECK_EQ(cloud.verdict, PRIVACY_DENIED);
    privacy_ruling_finish(&hub);
    privacy_ruling_finish(&cloud);
    check_text(p, "order 123456789", "order [number]");
    privacy_destroy(p);
}

TEST(the_first_rule_decides_about_a_piece)
{
    struct privacy *p =
        rules_of("privacy:\n"
                 "  - {match: flu season, action: allow}\n"
                 "  - {match: health, allow: device}\n"
                 "  - {match: \"\\\\d{12,}\", action: redact}\n"
                 "  - {match: words, action: deny, words: [project blue, secre*]}\n");
    check_verdict(p, "when is flu season", PRIVACY_ALLOWED);
    check_verdict(p, "when is flu season and do i have the flu", PRIVACY_DENIED);
    check_verdict(p, "tell me of Project Blue", PRIVACY_DENIED);
    check_verdict(p, "tell me secrets", PRIVACY_DENIED);
    check_text(p, "order 123456789012 went", "order [private] went");
    check_text(p, "order 1234 5678 9012 went", "order [private] went");
    check_text(p, "order 12345678901 went", "order 12345678901 went");
    privacy_destroy(p);
}

TEST(overlapping_pieces_become_one)
{
    struct privacy *p = rules_of("privacy: [{match: abcd, action: redact}, "
                                 "{match: cdef, action: redact}, {match: d, action: redact}]");
    check_text(p, "xabcdefx", "x[private]x");
    check_text(p, "d abcd cdef", "[private] [private] [private]");
    privacy_destroy(p);
}

TEST(an_expression_that_gives_up_denies)
{
    struct privacy *p = rules_of("privacy: [{match: \"^(a+)+$\", action: redact}]");
    check_verdict(p, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", PRIVACY_DENIED);
    struct privacy_ruling ruling =
        judge_for(p, "cloud", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    CHECK(strstr(ruling.rule, "gave up") != NULL);
    check_verdict(p, "abc", PRIVACY_ALLOWED);
    privacy_destroy(p);
}

TEST(bad_rules_are_refused_with_their_place)
{
    static const struct {
        const char *yaml, *expected;
    } cases[] = {
        {"privacy: [{match: \"(\", action: redact}]", "test.yaml:1:"},
        {"privacy:\n- {match: names}", "matches nothing"},
        {"privacy:\n- {action: deny}", "expected \"match"},
        {"privacy:\n- {match: health, action: hide}", "deny|redact|allow"},
        {"privacy:\n- {mach: health}", "match"},
        {"privacy: health", "a list"},
        {"privacy:\n- {match: names, file: /nonexistent/people}", "/nonexistent/people"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct yaml_tree *tree;
        struct privacy *privacy = NULL;
        struct error error = {0};
        CHECK_OK(yaml_tree_parse(cases[i].yaml, strlen(cases[i].yaml), "test.yaml", &tree, NULL));
        CHECK(privacy_read(tree, yaml_item_find(yaml_tree_root(tree), "privacy"), "", &privacy,
                           &error) != STATUS_OK);
        if (!strstr(error.text, cases[i].expected) || strncmp(error.text, "test.yaml:", 10) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].yaml, error.text);
        CHECK(!privacy);
        yaml_tree_destroy(tree);
    }
}

/* ---- property: what was hidden is not in what is sent ---- */

/* A random secret number, written in one of the ways people write or say it. */
static void write_number(struct test_random *random, const char *digits, char *out, size_t size)
{
    static const char *const words[] = {"zero", "one", "two",   "three", "four",
                                        "five", "six", "seven", "eight", "nine"};
    int style = (int)test_random_range(random, 0, 3);
    size_t used = 0;
    for (size_t i = 0; digits[i]; i++) {
        const char *gap = i == 0 ? "" : style == 1 && i % 4 == 0 ? " " : style == 2 ? "-" : "";
        if (style == 3)
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
                                     words[digits[i] - '0']);
        else
            used += (size_t)snprintf(out + used, size - used, "%s%c", gap, digits[i]);
    }
}

TEST(a_redacted_text_never_holds_the_secret)
{
    static const char *const around[] = {"please send", "is",   "the", "to my", "and",
                                         "caf\xc3\xa9", "now,", "ok.", "(yes)"};
    struct privacy *p = rules_of("privacy: [{match: numbers, action: redact}]");
    struct test_random random = test_random_init();
    for (int round = 0; round < 3000; round++) {
        char digits[24], number[256], text[1024] = "";
        size_t n = (size_t)test_random_range(&random, 7, 19);
        for (size_t i = 0; i < n; i++)
            digits[i] = (char)('0' + test_random_range(&random, 0, 9));
        digits[n] = '\0';
        write_number(&random, digits, number, sizeof(number));
        for (int64_t i = test_random_range(&random, 0, 3); i > 0; i--)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
                     around[test_random_range(&random, 0, 8)]);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s", number,
                 around[test_random_range(&random, 0, 8)]);
        struct privacy_ruling ruling = judge_for(p, "cloud", text);
        if (ruling.verdict != PRIVACY_REDACTED || strstr(ruling.text, number) ||
            strpbrk(ruling.text, "0123456789"))
            test_fail(__FILE__, __LINE__, "\"%s\" became \"%s\"", text, ruling.text);
        privacy_ruling_finish(&ruling);
    }
    privacy_destroy(p);
}

/* ---- wishes ---- */

TEST(wishes_are_understood)
{
    CHECK_EQ(privacy_wish("keep this private"), PRIVACY_WISH_ON);
    CHECK_EQ(privacy_wish("Please keep this private: what is love?"), PRIVACY_WISH_ON);
    CHECK_EQ(privacy_wish("what is love, and keep that private please"), PRIVACY_WISH_ON);
    CHECK_EQ(privacy_wish("private mode"), PRIVACY_WISH_ON);
    CHECK_EQ(privacy_wish("stop being private"), PRIVACY_WISH_OFF);
    CHECK_EQ(privacy_wish("okay you can stop being private now"), PRIVACY_WISH_OFF);
    CHECK_EQ(privacy_wish("could you turn off private mode please"), PRIVACY_WISH_OFF);
    CHECK_EQ(privacy_wish("why should i stop being private"), PRIVACY_NO_WISH);
    CHECK_EQ(privacy_wish("who is private ryan"), PRIVACY_NO_WISH);
    CHECK_EQ(privacy_wish(""), PRIVACY_NO_WISH);
}
