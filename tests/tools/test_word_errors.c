/* Word errors against alignments counted by hand. */
#include "harness.h"
#include "word_errors.h"

static struct word_errors errors_of(const char *said, const char *heard)
{
    struct word_errors e = {0};
    CHECK_OK(word_errors_add(&e, said, heard, NULL));
    return e;
}

static void expect(const char *said, const char *heard, const unsigned sub_del_ins[3])
{
    struct word_errors e = errors_of(said, heard);
    CHECK_EQ(e.substituted, sub_del_ins[0]);
    CHECK_EQ(e.deleted, sub_del_ins[1]);
    CHECK_EQ(e.inserted, sub_del_ins[2]);
    CHECK_EQ(e.right, sub_del_ins[0] + sub_del_ins[1] + sub_del_ins[2] == 0);
}

TEST(errors_are_told_apart)
{
    expect("the cat sat", "the cat sat", (const unsigned[]){0, 0, 0});
    expect("the cat sat", "a cat sat down", (const unsigned[]){1, 0, 1});
    expect("the cat sat", "cat", (const unsigned[]){0, 2, 0});
    expect("the cat sat", "", (const unsigned[]){0, 3, 0});
    expect("", "well yes", (const unsigned[]){0, 0, 2});
    expect("one two three four", "two three four five", (const unsigned[]){0, 1, 1});
}

TEST(writing_does_not_count)
{
    expect("The 3 cats sat, at 6:25!", "the three cats sat at six twenty five",
           (const unsigned[]){0, 0, 0});
}

TEST(sums_and_shares)
{
    struct word_errors e = {0};
    CHECK_NEAR(word_errors_percent(&e), 0, 1e-9);
    CHECK_OK(word_errors_add(&e, "a b c d", "a x c d", NULL));
    CHECK_OK(word_errors_add(&e, "e f g h", "e f g h", NULL));
    CHECK_EQ(e.said, 8);
    CHECK_EQ(e.sentences, 2);
    CHECK_EQ(e.right, 1);
    CHECK_NEAR(word_errors_percent(&e), 12.5, 1e-9);
}
