#include "phones.h"

#include <string.h>

static const char *const names[PHONE_COUNT] = {
#define NAME(name, vowel) #name,
    PHONE_MAP(NAME)
#undef NAME
};

static const bool vowels[PHONE_COUNT] = {
#define VOWEL(name, vowel) vowel,
    PHONE_MAP(VOWEL)
#undef VOWEL
};

const char *phone_name(unsigned phone)
{
    return phone < PHONE_COUNT ? names[phone] : "?";
}

unsigned phone_from_name(const char *name)
{
    for (unsigned i = 0; i < PHONE_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return PHONE_COUNT;
}

bool phone_is_vowel(unsigned phone)
{
    return phone < PHONE_COUNT && vowels[phone];
}
