/* Any text: what it normalises to keeps to the alphabet, fits, and needs no normalising again to be
 * cut into sentences. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "normalise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char words[4 * NORMALISE_TEXT_MAX], cut[64];
    char *text = strndup((const char *)data, size);
    require(text != NULL);
    enum status s = normalise_text(text, words, sizeof(words), NULL);
    require(s == STATUS_OK || s == STATUS_LIMIT);
    require(strspn(words, "abcdefghijklmnopqrstuvwxyz' .,?!") == strlen(words));
    require(words[0] != ' ' && strstr(words, "  ") == NULL);
    require(normalise_text(text, cut, sizeof(cut), NULL) == STATUS_LIMIT ||
            strcmp(cut, words) == 0);
    free(text);
    return 0;
}
