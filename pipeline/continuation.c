#include "continuation.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Bytes of multi-byte characters count as letters. */
static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static char folded(char c)
{
    return (char)tolower((unsigned char)c);
}

/* Keep the last ends when there are more words than places; the last word alone is no end, unless
 * it is the only one. */
void continuation_init(struct continuation *c, const char *spoken)
{
    memset(c, 0, sizeof(*c));
    size_t length = strlen(spoken);
    if (length >= CONTINUATION_BYTES)
        spoken += length - (CONTINUATION_BYTES - 1);
    bool inside = false;
    for (; *spoken; spoken++) {
        bool letter = is_letter(*spoken) || (inside && *spoken == '\'' && is_letter(spoken[1]));
        if (letter && !inside) {
            if (c->end_count == CONTINUATION_ENDS_MAX) {
                memmove(c->begin, c->begin + 1, sizeof(c->begin) - sizeof(c->begin[0]));
                c->end_count--;
            }
            c->begin[c->end_count++] = c->length;
        }
        if (letter && is_letter(*spoken))
            c->spoken[c->length++] = folded(*spoken);
        inside = letter;
    }
    if (c->end_count > 1)
        c->end_count--;
    c->passing = c->end_count == 0;
}

/* The next letter: which ends still agree? True when one of them was reached. */
static bool match(struct continuation *c, char letter)
{
    int kept = 0;
    for (int i = 0; i < c->end_count; i++) {
        if (c->spoken[c->begin[i] + c->matched] == letter)
            c->begin[kept++] = c->begin[i];
    }
    c->end_count = kept;
    c->matched++;
    for (int i = 0; i < kept; i++) {
        if (c->begin[i] + c->matched == c->length)
            return true;
    }
    return false;
}

/* One character while nothing is decided. */
static void consider(struct continuation *c, char character)
{
    c->held[c->held_length++] = character;
    if (!is_letter(character))
        return;
    if (match(c, folded(character))) {
        c->held_length = 0;
        c->passing = true;
    } else if (c->end_count == 0) {
        c->passing = true;
    }
}

void continuation_feed(struct continuation *c, const char *text, char *ret_out, size_t size)
{
    while (*text && !c->passing) {
        consider(c, *text++);
        if (c->held_length == CONTINUATION_BYTES - 1)
            c->passing = true;
    }
    if (!c->passing) {
        *ret_out = '\0';
        return;
    }
    c->held[c->held_length] = '\0';
    snprintf(ret_out, size, "%s%s", c->held, text);
    c->held_length = 0;
}
