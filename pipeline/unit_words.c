#include "unit_words.h"

#include <stdio.h>
#include <string.h>

#include "words.h"

enum dimension {
    LENGTH,
    MASS,
    VOLUME,
    TEMPERATURE,
    SPEED,
    AREA,
    TIME,
    DATA,
    ENERGY,
    PRESSURE,
    ANGLE
};

/* value in base unit = amount * factor + offset. Factors are exact by definition (NIST SP 811)
 * unless irrational. */
struct unit {
    enum dimension dimension;
    double factor;
    double offset;
    const char *one;
    const char *many;
    const char *others; /* further names, separated by '|' */
};

static const struct unit units[] = {
    {LENGTH, 1, 0, "meter", "meters", "metre|metres|m"},
    {LENGTH, 1000, 0, "kilometer", "kilometers", "kilometre|kilometres|km|kms|k"},
    {LENGTH, 0.01, 0, "centimeter", "centimeters", "centimetre|centimetres|cm"},
    {LENGTH, 0.001, 0, "millimeter", "millimeters", "millimetre|millimetres|mm"},
    {LENGTH, 1609.344, 0, "mile", "miles", "mi"},
    {LENGTH, 1852, 0, "nautical mile", "nautical miles", ""},
    {LENGTH, 0.9144, 0, "yard", "yards", "yd"},
    {LENGTH, 0.3048, 0, "foot", "feet", "ft"},
    {LENGTH, 0.0254, 0, "inch", "inches", "in"},
    {MASS, 1, 0, "kilogram", "kilograms", "kilo|kilos|kg|kgs|kilogramme|kilogrammes"},
    {MASS, 0.001, 0, "gram", "grams", "gramme|grammes|g"},
    {MASS, 1e-6, 0, "milligram", "milligrams", "mg"},
    {MASS, 1000, 0, "tonne", "tonnes", "metric ton|metric tons"},
    {MASS, 907.18474, 0, "ton", "tons", "short ton|short tons"},
    {MASS, 0.45359237, 0, "pound", "pounds", "lb|lbs"},
    {MASS, 0.028349523125, 0, "ounce", "ounces", "oz"},
    {MASS, 6.35029318, 0, "stone", "stone", "stones"},
    {VOLUME, 1, 0, "liter", "liters", "litre|litres|l"},
    {VOLUME, 0.001, 0, "milliliter", "milliliters", "millilitre|millilitres|ml"},
    {VOLUME, 3.785411784, 0, "gallon", "gallons", "us gallon|us gallons"},
    {VOLUME, 0.946352946, 0, "quart", "quarts", ""},
    {VOLUME, 0.473176473, 0, "pint", "pints", ""},
    {VOLUME, 0.2365882365, 0, "cup", "cups", ""},
    {VOLUME, 0.0295735295625, 0, "fluid ounce", "fluid ounces", ""},
    {VOLUME, 0.01478676478125, 0, "tablespoon", "tablespoons", "tbsp"},
    {VOLUME, 0.00492892159375, 0, "teaspoon", "teaspoons", "tsp"},
    {VOLUME, 1000, 0, "cubic meter", "cubic meters", "cubic metre|cubic metres"},
    {TEMPERATURE, 1, 0, "degree Celsius", "degrees Celsius",
     "celsius|centigrade|degrees celsius|degree celsius|degrees centigrade|c"},
    {TEMPERATURE, 5.0 / 9.0, -160.0 / 9.0, "degree Fahrenheit", "degrees Fahrenheit",
     "fahrenheit|degrees fahrenheit|degree fahrenheit|f"},
    {TEMPERATURE, 1, -273.15, "kelvin", "kelvins", "degrees kelvin"},
    {SPEED, 1, 0, "meter per second", "meters per second", "metres per second|metre per second"},
    {SPEED, 1 / 3.6, 0, "kilometer per hour", "kilometers per hour",
     "kilometres per hour|kilometre per hour|kph|km h|kilometers an hour|kilometres an hour"},
    {SPEED, 0.44704, 0, "mile per hour", "miles per hour", "mph|miles an hour"},
    {SPEED, 1852 / 3600.0, 0, "knot", "knots", ""},
    {AREA, 1, 0, "square meter", "square meters", "square metre|square metres"},
    {AREA, 1e6, 0, "square kilometer", "square kilometers", "square kilometre|square kilometres"},
    {AREA, 0.09290304, 0, "square foot", "square feet", ""},
    {AREA, 2589988.110336, 0, "square mile", "square miles", ""},
    {AREA, 4046.8564224, 0, "acre", "acres", ""},
    {AREA, 10000, 0, "hectare", "hectares", ""},
    {TIME, 1, 0, "second", "seconds", "sec|secs"},
    {TIME, 60, 0, "minute", "minutes", "min|mins"},
    {TIME, 3600, 0, "hour", "hours", "hr|hrs"},
    {TIME, 86400, 0, "day", "days", ""},
    {TIME, 604800, 0, "week", "weeks", ""},
    {TIME, 31557600, 0, "year", "years", ""},
    {DATA, 1, 0, "byte", "bytes", ""},
    {DATA, 0.125, 0, "bit", "bits", ""},
    {DATA, 1e3, 0, "kilobyte", "kilobytes", "kb"},
    {DATA, 1e6, 0, "megabyte", "megabytes", "mb|megs"},
    {DATA, 1e9, 0, "gigabyte", "gigabytes", "gb|gigs"},
    {DATA, 1e12, 0, "terabyte", "terabytes", "tb"},
    {ENERGY, 1, 0, "joule", "joules", ""},
    {ENERGY, 1000, 0, "kilojoule", "kilojoules", "kj"},
    {ENERGY, 4184, 0, "calorie", "calories", "kilocalorie|kilocalories|kcal"},
    {ENERGY, 3.6e6, 0, "kilowatt hour", "kilowatt hours", "kwh"},
    {PRESSURE, 1, 0, "pascal", "pascals", ""},
    {PRESSURE, 1e5, 0, "bar", "bars", ""},
    {PRESSURE, 6894.757293168, 0, "pound per square inch", "pounds per square inch", "psi"},
    {PRESSURE, 101325, 0, "atmosphere", "atmospheres", ""},
    {ANGLE, 1, 0, "degree", "degrees", ""},
    {ANGLE, 57.29577951308232, 0, "radian", "radians", ""},
};

static bool name_in_list(const char *list, const char *name)
{
    size_t length = strlen(name);
    while (*list) {
        size_t item = strcspn(list, "|");
        if (item == length && memcmp(list, name, length) == 0)
            return true;
        list += item;
        list += *list == '|';
    }
    return false;
}

static void join_words(const struct words *words, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < words->count; i++) {
        int n = snprintf(text + used, size - used, "%s%s", i ? " " : "", words->word[i]);
        if (n < 0 || used + (size_t)n >= size)
            return;
        used += (size_t)n;
    }
}

const struct unit *unit_find(const char *name)
{
    struct words words;
    char clean[128];
    words_split(&words, name);
    if (words_is(&words, 0, "a") || words_is(&words, 0, "an") || words_is(&words, 0, "the"))
        words_skip(&words, 1);
    join_words(&words, clean, sizeof(clean));
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const struct unit *u = &units[i];
        if (strcasecmp(u->one, clean) == 0 || strcasecmp(u->many, clean) == 0 ||
            name_in_list(u->others, clean))
            return u;
    }
    return NULL;
}

const char *unit_name(const struct unit *unit, double amount)
{
    return amount == 1 ? unit->one : unit->many;
}

enum status unit_convert(double amount, const struct unit *from, const struct unit *to,
                         double *ret_amount)
{
    if (from->dimension != to->dimension)
        return STATUS_INVALID_ARGUMENT;
    *ret_amount = (amount * from->factor + from->offset - to->offset) / to->factor;
    return STATUS_OK;
}
