#include "normalise_rules.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool normalise_equals(const char *text, size_t length, const char *other)
{
    return strlen(other) == length && strncasecmp(text, other, length) == 0;
}

size_t normalise_lower(const char *text, size_t length, char *ret, size_t size)
{
    size_t n = length < size - 1 ? length : size - 1;
    for (size_t i = 0; i < n; i++)
        ret[i] = (char)tolower((unsigned char)text[i]);
    ret[n] = '\0';
    return n;
}

bool normalise_is_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return length > 0;
}

/* With `always`, the short form is no word of its own and needs no dot. */
static const struct {
    const char *from, *to;
    bool always;
} abbreviations[] = {
    {"mr", "mister", true},
    {"mrs", "missus", true},
    {"ms", "miz", false},
    {"dr", "doctor", true},
    {"prof", "professor", false},
    {"st", "saint", true},
    {"jr", "junior", true},
    {"sr", "senior", true},
    {"ave", "avenue", false},
    {"rd", "road", false},
    {"blvd", "boulevard", true},
    {"apt", "apartment", false},
    {"etc", "et cetera", true},
    {"vs", "versus", true},
    {"approx", "approximately", true},
    {"dept", "department", true},
    {"est", "established", false},
    {"govt", "government", true},
    {"inc", "incorporated", false},
    {"ltd", "limited", true},
    {"corp", "corporation", false},
    {"co", "company", false},
    {"no", "number", false},
    {"fig", "figure", false},
    {"vol", "volume", false},
    {"gen", "general", false},
    {"col", "colonel", false},
    {"capt", "captain", false},
    {"sgt", "sergeant", true},
    {"lt", "lieutenant", false},
    {"gov", "governor", false},
    {"sen", "senator", false},
    {"rep", "representative", false},
    {"rev", "reverend", false},
    {"hon", "honorable", false},
    {"min", "minutes", false},
    {"max", "maximum", false},
    {"e.g", "for example", true},
    {"i.e", "that is", true},
    {"a.k.a", "also known as", true},
    {"w/o", "without", true},
    {"w/", "with", true},
    {"mon", "monday", false},
    {"tue", "tuesday", false},
    {"tues", "tuesday", false},
    {"wed", "wednesday", false},
    {"thu", "thursday", false},
    {"thurs", "thursday", false},
    {"fri", "friday", false},
    {"sat", "saturday", false},
    {"sun", "sunday", false},
    {"ok", "okay", true},
    {"tv", "t. v.", true},
    {"wifi", "wi fi", true},
    {"wi-fi", "wi fi", true},
    {"mt", "mount", true},
    {"ft", "fort", false},
};

const char *normalise_abbreviation(const char *word, bool dotted)
{
    for (size_t i = 0; i < COUNT(abbreviations); i++)
        if ((dotted || abbreviations[i].always) && strcmp(word, abbreviations[i].from) == 0)
            return abbreviations[i].to;
    return NULL;
}

static const struct unit_name units[] = {
    {"%", "percent", "percent", true},
    {"\1", "degree", "degrees", true},
    {"\1C", "degree celsius", "degrees celsius", true},
    {"\1F", "degree fahrenheit", "degrees fahrenheit", true},
    {"km", "kilometer", "kilometers", true},
    {"cm", "centimeter", "centimeters", true},
    {"mm", "millimeter", "millimeters", true},
    {"m", "meter", "meters", true},
    {"mi", "mile", "miles", true},
    {"ft", "foot", "feet", true},
    {"in", "inch", "inches", false},
    {"\"", "inch", "inches", false},
    {"yd", "yard", "yards", true},
    {"kg", "kilogram", "kilograms", true},
    {"g", "gram", "grams", true},
    {"mg", "milligram", "milligrams", true},
    {"lb", "pound", "pounds", true},
    {"lbs", "pound", "pounds", true},
    {"oz", "ounce", "ounces", true},
    {"tsp", "teaspoon", "teaspoons", true},
    {"tbsp", "tablespoon", "tablespoons", true},
    {"l", "liter", "liters", true},
    {"ml", "milliliter", "milliliters", true},
    {"gal", "gallon", "gallons", true},
    {"km/h", "kilometer per hour", "kilometers per hour", true},
    {"kmh", "kilometer per hour", "kilometers per hour", true},
    {"kph", "kilometer per hour", "kilometers per hour", true},
    {"mph", "mile per hour", "miles per hour", true},
    {"m/s", "meter per second", "meters per second", true},
    {"km\7", "square kilometer", "square kilometers", true},
    {"m\7", "square meter", "square meters", true},
    {"m\10", "cubic meter", "cubic meters", true},
    {"Hz", "hertz", "hertz", true},
    {"kHz", "kilohertz", "kilohertz", true},
    {"MHz", "megahertz", "megahertz", true},
    {"GHz", "gigahertz", "gigahertz", true},
    {"W", "watt", "watts", true},
    {"kW", "kilowatt", "kilowatts", true},
    {"MW", "megawatt", "megawatts", true},
    {"kWh", "kilowatt hour", "kilowatt hours", true},
    {"V", "volt", "volts", true},
    {"KB", "kilobyte", "kilobytes", true},
    {"kB", "kilobyte", "kilobytes", true},
    {"MB", "megabyte", "megabytes", true},
    {"GB", "gigabyte", "gigabytes", true},
    {"TB", "terabyte", "terabytes", true},
    {"dB", "decibel", "decibels", true},
    {"s", "second", "seconds", false},
    {"sec", "second", "seconds", true},
    {"secs", "second", "seconds", true},
    {"min", "minute", "minutes", true},
    {"mins", "minute", "minutes", true},
    {"h", "hour", "hours", true},
    {"hr", "hour", "hours", true},
    {"hrs", "hour", "hours", true},
    {"ms", "millisecond", "milliseconds", true},
    {"x", "time", "times", false},
    {"\11", "cent", "cents", false},
};

/* Case matters for units (MW, mW), but a sloppy "KG" or "Km" is understood as well. */
const struct unit_name *normalise_unit(const char *text, size_t length)
{
    for (size_t i = 0; i < COUNT(units); i++)
        if (strlen(units[i].symbol) == length && memcmp(units[i].symbol, text, length) == 0)
            return &units[i];
    for (size_t i = 0; i < COUNT(units); i++)
        if (length > 1 && normalise_equals(text, length, units[i].symbol))
            return &units[i];
    return NULL;
}

static const char *const months[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};

const char *normalise_month(const char *text, size_t length)
{
    for (size_t i = 0; i < COUNT(months); i++)
        if (normalise_equals(text, length, months[i]) ||
            (length == 3 && strncasecmp(text, months[i], 3) == 0) ||
            (i == 8 && normalise_equals(text, length, "sept")))
            return months[i];
    return NULL;
}

const char *normalise_month_number(unsigned month)
{
    return month >= 1 && month <= 12 ? months[month - 1] : NULL;
}

static const struct {
    char symbol;
    const char *name;
} symbols[] = {{'&', "and"},
               {'+', "plus"},
               {'=', "equals"},
               {'@', "at"},
               {'#', "number"},
               {'*', "times"},
               {SYMBOL_TIMES, "times"},
               {'/', "divided by"},
               {SYMBOL_DIVIDE, "divided by"},
               {'<', "less than"},
               {'>', "greater than"},
               {'%', "percent"},
               {'$', "dollars"},
               {SYMBOL_POUND, "pounds"},
               {SYMBOL_EURO, "euros"},
               {SYMBOL_DEGREE, "degrees"}};

const char *normalise_symbol(char c)
{
    for (size_t i = 0; i < COUNT(symbols); i++)
        if (symbols[i].symbol == c)
            return symbols[i].name;
    return NULL;
}

bool normalise_is_spoken_acronym(const char *lower)
{
    static const char *const spoken[] = {"nasa", "nato",  "unicef", "unesco", "laser", "radar",
                                         "aids", "covid", "opec",   "nafta",  "fifa",  "yahoo",
                                         "asap", "sim",   "ram",    "rom",    "pin",   "zip",
                                         "gif",  "jpeg",  "lan",    "wan",    "swat",  "scuba"};
    for (size_t i = 0; i < COUNT(spoken); i++)
        if (strcmp(spoken[i], lower) == 0)
            return true;
    return false;
}

const char *normalise_scale(const char *text, size_t length)
{
    static const struct {
        const char *from, *to;
    } scales[] = {{"k", "thousand"},       {"thousand", "thousand"}, {"m", "million"},
                  {"mn", "million"},       {"million", "million"},   {"bn", "billion"},
                  {"b", "billion"},        {"billion", "billion"},   {"tn", "trillion"},
                  {"trillion", "trillion"}};
    for (size_t i = 0; i < COUNT(scales); i++)
        if (normalise_equals(text, length, scales[i].from))
            return scales[i].to;
    return NULL;
}
