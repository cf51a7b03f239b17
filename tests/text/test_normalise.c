#include "harness.h"

#include <string.h>

#include "normalise.h"

struct row {
    const char *text, *words;
};

static void check_rows(const struct row *rows, size_t count)
{
    char words[2048];
    struct error error;
    for (size_t i = 0; i < count; i++) {
        test_note("%s", rows[i].text);
        CHECK_OK(normalise_text(rows[i].text, words, sizeof(words), &error));
        CHECK_STR(words, rows[i].words);
    }
}

#define CHECK_ROWS(...)                                                                            \
    do {                                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                            \
        check_rows(rows, sizeof(rows) / sizeof(rows[0]));                                          \
    } while (0)

TEST(plain_sentences)
{
    CHECK_ROWS({"Hello.", "hello ."}, {"Is it raining?", "is it raining ?"},
               {"Stop, please!", "stop , please !"},
               {"I don't know; ask Tom's brother.", "i don't know , ask tom's brother ."},
               {"\"Quoted\" text (in brackets) here", "quoted text , in brackets , here"},
               {"Wait... what?!", "wait . what ?"}, {"  spaces\tand\nlines ", "spaces and lines"},
               {"It\xe2\x80\x99s caf\xc3\xa9 \xe2\x80\x94 na\xc3\xafve", "it's cafe , naive"},
               {"", ""}, {"...", ""}, {"\xf0\x9f\x98\x80 smile", "smile"},
               {"the boys' room", "the boys' room"}, {"twenty-five", "twenty five"},
               {"STOP THAT RIGHT NOW", "stop that right now"});
}

TEST(cardinals)
{
    CHECK_ROWS({"0", "zero"}, {"7", "seven"}, {"13", "thirteen"}, {"20", "twenty"},
               {"42", "forty two"}, {"100", "one hundred"}, {"101 dogs", "one hundred one dogs"},
               {"999", "nine hundred ninety nine"}, {"1,000", "one thousand"},
               {"12,345", "twelve thousand three hundred forty five"}, {"1,000,000", "one million"},
               {"3000000000", "three zero zero zero zero zero zero zero zero zero"},
               {"2,500,000,000", "two billion five hundred million"}, {"-5", "minus five"},
               {"\xe2\x88\x92"
                "5",
                "minus five"},
               {"10 people", "ten people"}, {"2000 people", "two thousand people"},
               {"1500 calories", "one thousand five hundred calories"});
}

TEST(decimals_and_fractions)
{
    CHECK_ROWS({"3.14", "three point one four"}, {"0.5", "zero point five"},
               {".5", "zero point five"}, {"-1.25", "minus one point two five"},
               {"1/2", "one half"}, {"3/4", "three quarters"}, {"2/3 of it", "two thirds of it"},
               {"1 1/2 cups", "one and a half cups"}, {"2\xc2\xbd hours", "two and a half hours"},
               {"2 3/4", "two and three quarters"}, {"22/7", "twenty two over seven"},
               {"version 1.2.3", "version one point two point three"},
               {"192.168.0.1",
                "one hundred ninety two point one hundred sixty eight point zero point one"});
}

TEST(ordinals_and_years)
{
    CHECK_ROWS({"1st", "first"}, {"the 2nd one", "the second one"}, {"3rd", "third"},
               {"12th", "twelfth"}, {"20th", "twentieth"}, {"21st", "twenty first"},
               {"100th", "one hundredth"}, {"103rd", "one hundred third"},
               {"in 1984", "in nineteen eighty four"}, {"in 2024.", "in twenty twenty four ."},
               {"2000", "two thousand"}, {"2005", "two thousand five"},
               {"1900", "nineteen hundred"}, {"1905", "nineteen oh five"}, {"2010", "twenty ten"},
               {"the 1990s", "the nineteen nineties"}, {"the '80s", "the eighties"},
               {"the 1900s", "the nineteen hundreds"},
               {"1914-1918", "nineteen fourteen to nineteen eighteen"}, {"3000", "three thousand"});
}

TEST(dates)
{
    CHECK_ROWS(
        {"May 5", "may fifth"}, {"May 5th", "may fifth"},
        {"May 5, 2024", "may fifth , twenty twenty four"},
        {"On March 3rd, 1999, it began.", "on march third , nineteen ninety nine , it began ."},
        {"5 May 2024", "may fifth , twenty twenty four"},
        {"2024-05-17", "may seventeenth , twenty twenty four"},
        {"5/17/2024", "may seventeenth , twenty twenty four"},
        {"12/25/24", "december twenty fifth , twenty twenty four"}, {"Sept. 3", "september third"},
        {"Dec 24", "december twenty fourth"}, {"May I come?", "may i come ?"},
        {"Jan. was cold", "january was cold"},
        {"October 31 is Halloween", "october thirty first is halloween"});
}

TEST(clock_times)
{
    CHECK_ROWS({"6:25", "six twenty five"}, {"6:25 pm", "six twenty five p. m."},
               {"It's 6:25 p.m.", "it's six twenty five p. m. ."}, {"6:00", "six o'clock"},
               {"6:00 pm", "six p. m."}, {"6:05", "six oh five"}, {"18:30", "eighteen thirty"},
               {"7pm", "seven p. m."}, {"7 AM", "seven a. m."},
               {"at 11 a.m. sharp", "at eleven a. m. sharp"}, {"10:15am", "ten fifteen a. m."},
               {"12:00:30", "twelve o'clock and thirty seconds"}, {"00:15", "zero fifteen"},
               {"ratio 3:1", "ratio three one"});
}

TEST(money)
{
    CHECK_ROWS(
        {"$5", "five dollars"}, {"$1", "one dollar"}, {"$3.50", "three dollars and fifty cents"},
        {"$0.99", "ninety nine cents"}, {"$1,200", "one thousand two hundred dollars"},
        {"$3.5 million", "three point five million dollars"}, {"$20k", "twenty thousand dollars"},
        {"\xc2\xa3"
         "7",
         "seven pounds"},
        {"\xe2\x82\xac"
         "2.01",
         "two euros and one cent"},
        {"-$4", "minus four dollars"}, {"$5 million.", "five million dollars ."},
        {"50\xc2\xa2", "fifty cents"});
}

TEST(units)
{
    CHECK_ROWS({"5km", "five kilometers"}, {"1 km", "one kilometer"},
               {"72%", "seventy two percent"},
               {"21.5 \xc2\xb0"
                "C",
                "twenty one point five degrees celsius"},
               {"68\xc2\xb0"
                "F",
                "sixty eight degrees fahrenheit"},
               {"20\xc2\xb0", "twenty degrees"},
               {"-3\xc2\xb0"
                "C",
                "minus three degrees celsius"},
               {"60 mph", "sixty miles per hour"}, {"2.4 GHz", "two point four gigahertz"},
               {"500MB", "five hundred megabytes"}, {"10 kg", "ten kilograms"},
               {"1 lb", "one pound"}, {"250ml", "two hundred fifty milliliters"},
               {"5-10", "five to ten"}, {"20-25%", "twenty to twenty five percent"},
               {"30 min", "thirty minutes"}, {"40 m\xc2\xb2", "forty square meters"},
               {"3 in the morning", "three in the morning"}, {"6\" pipe", "six inches pipe"},
               {"5\xe2\x80\x93"
                "10",
                "five to ten"});
}

TEST(digit_strings)
{
    CHECK_ROWS(
        {"555-1234", "five five five , one two three four"},
        {"+1-800-555-0199", "plus one , eight zero zero , five five five , zero one nine nine"},
        {"code 0420", "code zero four two zero"},
        {"(212) 555-0100", "two hundred twelve , five five five , zero one zero zero"},
        {"007", "zero zero seven"});
}

TEST(abbreviations_and_acronyms)
{
    CHECK_ROWS({"Dr. Hall", "doctor hall"}, {"Mr. and Mrs. Smith", "mister and missus smith"},
               {"St. Paul", "saint paul"}, {"Main St. is closed", "main street is closed"},
               {"tea, milk, etc.", "tea , milk , et cetera ."}, {"e.g. this", "for example this"},
               {"i.e. that", "that is that"}, {"cats vs. dogs", "cats versus dogs"},
               {"No. 5", "number five"}, {"No.", "no ."}, {"The USB port", "the u. s. b. port"},
               {"NASA", "nasa"}, {"U.S.A.", "u. s. a. ."}, {"the U.S. team", "the u. s. team"},
               {"FAQs", "f. a. q.'s"}, {"OK", "okay"}, {"the TV", "the t. v."},
               {"mp3", "m. p. three"}, {"B2B", "b. two b."}, {"World War II", "world war two"},
               {"Henry VIII", "henry eight"}, {"4K", "four k."}, {"A4 paper", "a. four paper"});
}

TEST(symbols_and_addresses)
{
    CHECK_ROWS({"salt & pepper", "salt and pepper"}, {"2 + 2 = 4", "two plus two equals four"},
               {"3 \xc3\x97 4", "three times four"}, {"12 / 4", "twelve divided by four"},
               {"and/or", "and slash or"}, {"#1", "number one"}, {"#music", "hashtag music"},
               {"example.com", "example dot com"}, {"me@example.org", "me at example dot org"},
               {"https://www.linnet.dev/start", "w. w. w. dot linnet dot dev slash start"},
               {"*bold*", "bold"});
}

/* No input may break it: random bytes, cut UTF-8, everything fits or is refused. */
TEST(random_bytes_are_harmless)
{
    struct test_random random = test_random_init();
    for (int i = 0; i < 3000; i++) {
        static const char alphabet[] = "aZ09 .,:;/-+$%'\"(@\xc2\xb0\xe2\x80\x99 \xf0";
        char text[80], words[300];
        size_t n = (size_t)test_random_range(&random, 0, 79);
        for (size_t k = 0; k < n; k++)
            text[k] = i % 2 ? (char)test_random_range(&random, 1, 255)
                            : alphabet[test_random_range(&random, 0, sizeof(alphabet) - 2)];
        text[n] = '\0';
        enum status s = normalise_text(text, words, sizeof(words), NULL);
        CHECK(s == STATUS_OK || (s == STATUS_LIMIT && words[0] == '\0'));
        CHECK(strlen(words) < sizeof(words));
        for (const char *c = words; *c != '\0'; c++)
            if (!((*c >= 'a' && *c <= 'z') || strchr(" .,?!'", *c) != NULL))
                test_fail(__FILE__, __LINE__, "\"%s\" from \"%s\"", words, text);
        CHECK(words[0] != ' ' && strstr(words, "  ") == NULL);
    }
}

TEST(limits_are_told)
{
    char words[16];
    struct error error;
    static char text[NORMALISE_TEXT_MAX + 3];
    memset(text, 'a', sizeof(text) - 1);
    CHECK_STATUS(normalise_text(text, words, sizeof(words), &error), STATUS_LIMIT);
    CHECK(strstr(error.text, "4096") != NULL);
    CHECK_STATUS(normalise_text("one two three four", words, sizeof(words), &error), STATUS_LIMIT);
    CHECK_STR(words, "");
    CHECK_OK(normalise_text("one two", words, sizeof(words), &error));
}
