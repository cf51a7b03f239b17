#include "base64.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes encoded at a time: a multiple of three, so that only the last piece is padded. */
enum { PIECE = 768, LETTERS_MAX = 1 << 28 };

void base64_append(struct strbuf *out, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;
    while (count > 0) {
        unsigned char letters[PIECE / 3 * 4 + 1];
        size_t piece = count < PIECE ? count : PIECE;
        int length = EVP_EncodeBlock(letters, from, (int)piece);
        strbuf_append_bytes(out, (const char *)letters, (size_t)length);
        from += piece;
        count -= piece;
    }
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* The same letters in the standard alphabet; false when there are others. */
static bool standard_letters(const char *text, size_t length, unsigned char *ret_letters)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        if (!is_letter(c))
            return false;
        ret_letters[i] = (unsigned char)c;
    }
    return true;
}

static size_t without_padding(const char *text, size_t length)
{
    if (length % 4 == 0 && length > 0 && text[length - 1] == '=')
        length -= text[length - 2] == '=' ? 2 : 1;
    return length;
}

enum status base64_decode(const char *text, size_t length, unsigned char **ret_bytes,
                          size_t *ret_count)
{
    length = without_padding(text, length);
    if (length % 4 == 1 || length > LETTERS_MAX)
        return STATUS_FORMAT;
    size_t padded = (length + 3) / 4 * 4, count = length * 3 / 4;
    unsigned char *letters = malloc(padded + 1), *bytes = malloc(padded / 4 * 3 + 1);
    enum status status = letters && bytes ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        memset(letters, '=', padded);
        if (!standard_letters(text, length, letters) ||
            EVP_DecodeBlock(bytes, letters, (int)padded) < 0)
            status = STATUS_FORMAT;
    }
    free(letters);
    if (status != STATUS_OK) {
        free(bytes);
        return status;
    }
    bytes[count] = 0;
    *ret_bytes = bytes;
    *ret_count = count;
    return STATUS_OK;
}
