#include "expression.h"

#include <math.h>

#include "spoken_number.h"

/* Recursive descent over the words: sum -> product -> power -> factor. */
struct parser {
    struct words words;
    int at;
    int depth;
    enum status status;
};

enum { DEPTH_MAX = 16 };

static double parse_sum(struct parser *p);

static double fail(struct parser *p, enum status status)
{
    if (p->status == STATUS_OK)
        p->status = status;
    return 0;
}

/* Read one of the phrases; they are tried in order, so longer ones stand first. */
static bool accept(struct parser *p, const char *const *phrases)
{
    for (; *phrases; phrases++) {
        int n = words_phrase(&p->words, p->at, *phrases);
        if (n) {
            p->at += n;
            return true;
        }
    }
    return false;
}

static double parse_root(struct parser *p, double (*root)(double), bool negative_allowed);

static double cube_root(double x)
{
    return cbrt(x);
}

static double square_root(double x)
{
    return sqrt(x);
}

/* "fifteen percent of two hundred", or "plus ten percent" as a plain fraction. */
static double parse_percent(struct parser *p, double value)
{
    static const char *const of[] = {"of", NULL};
    p->at++;
    return accept(p, of) ? value / 100 * parse_sum(p) : value / 100;
}

static double parse_factor(struct parser *p)
{
    static const char *const square[] = {"the square root of", "square root of", "root of", NULL};
    static const char *const cube[] = {"the cube root of", "cube root of", NULL};
    static const char *const half[] = {"half of", NULL};
    double value;
    if (accept(p, square))
        return parse_root(p, square_root, false);
    if (accept(p, cube))
        return parse_root(p, cube_root, true);
    if (accept(p, half))
        return parse_factor(p) / 2;
    int n = spoken_number_parse(&p->words, p->at, &value);
    if (n == 0)
        return fail(p, STATUS_FORMAT);
    p->at += n;
    if (words_is(&p->words, p->at, "percent"))
        return parse_percent(p, value);
    return value;
}

static double parse_root(struct parser *p, double (*root)(double), bool negative_allowed)
{
    if (++p->depth > DEPTH_MAX)
        return fail(p, STATUS_LIMIT);
    double value = parse_factor(p);
    p->depth--;
    if (value < 0 && !negative_allowed)
        return fail(p, STATUS_LIMIT);
    return root(value);
}

static double parse_power(struct parser *p)
{
    static const char *const squared[] = {"squared", NULL};
    static const char *const cubed[] = {"cubed", NULL};
    static const char *const power[] = {"to the power of", "raised to the power of", "to the",
                                        NULL};
    static const char *const ordinal[] = {"power", NULL};
    double value = parse_factor(p);
    if (accept(p, squared))
        return value * value;
    if (accept(p, cubed))
        return value * value * value;
    if (!accept(p, power))
        return value;
    double exponent = parse_factor(p);
    accept(p, ordinal);
    return pow(value, exponent);
}

static double parse_product(struct parser *p)
{
    static const char *const times[] = {"times", "multiplied by", "multiply by", "x", "by", NULL};
    static const char *const over[] = {"divided by", "divide by", "over", NULL};
    double value = parse_power(p);
    while (p->status == STATUS_OK) {
        if (accept(p, times)) {
            value *= parse_power(p);
        } else if (accept(p, over)) {
            double divisor = parse_power(p);
            if (divisor == 0)
                return fail(p, STATUS_LIMIT);
            value /= divisor;
        } else {
            break;
        }
    }
    return value;
}

static double parse_sum(struct parser *p)
{
    static const char *const plus[] = {"plus", "and", "added to", "add", NULL};
    static const char *const minus[] = {"minus", "subtract", "take away", "less", NULL};
    if (++p->depth > DEPTH_MAX)
        return fail(p, STATUS_LIMIT);
    double value = parse_product(p);
    while (p->status == STATUS_OK) {
        if (accept(p, plus))
            value += parse_product(p);
        else if (accept(p, minus))
            value -= parse_product(p);
        else
            break;
    }
    p->depth--;
    return value;
}

/* "subtract three from ten", "add four to six", "divide ten by two", "multiply six by seven". */
static bool parse_verb_first(struct parser *p, double *value)
{
    static const char *const subtract[] = {"subtract", "take", NULL};
    static const char *const divide[] = {"divide", NULL};
    static const char *const add[] = {"add", "the sum of", "sum of", NULL};
    static const char *const multiply[] = {"multiply", "the product of", NULL};
    static const char *const link[] = {"from", "by", "to", "and", "with", "away from", NULL};
    int verb = accept(p, subtract)   ? 1
               : accept(p, divide)   ? 2
               : accept(p, add)      ? 3
               : accept(p, multiply) ? 4
                                     : 0;
    if (verb == 0)
        return false;
    double a = parse_power(p);
    if (!accept(p, link))
        return fail(p, STATUS_FORMAT), true;
    double b = parse_power(p);
    if (verb == 2 && b == 0)
        return fail(p, STATUS_LIMIT), true;
    *value = verb == 1 ? b - a : verb == 2 ? a / b : verb == 3 ? a + b : a * b;
    return true;
}

static void skip_politeness(struct parser *p)
{
    static const char *const lead[] = {"what's",      "what is",   "whats",         "what does",
                                       "how much is", "calculate", "compute",       "work out",
                                       "tell me",     "please",    "the result of", NULL};
    while (accept(p, lead))
        continue;
}

enum status expression_evaluate(const char *text, double *ret_value)
{
    static const char *const tail[] = {"equal", "equals", "make", "please", "is", NULL};
    struct parser p = {.status = STATUS_OK};
    words_split(&p.words, text);
    skip_politeness(&p);
    double value = 0;
    if (!parse_verb_first(&p, &value))
        value = parse_sum(&p);
    accept(&p, tail);
    if (p.status != STATUS_OK)
        return p.status;
    if (p.at != p.words.count)
        return STATUS_FORMAT;
    if (!isfinite(value))
        return STATUS_LIMIT;
    *ret_value = value;
    return STATUS_OK;
}
