/* Base64 as JSON messages carry sound: the standard alphabet is written; the standard and the
 * URL-safe one are read, with or without padding (proto-JSON allows all of these).
 *
 * Thread: any. */
#ifndef LINNET_NET_BASE64_H
#define LINNET_NET_BASE64_H

#include "status.h"
#include "strbuf.h"

#include <stddef.h>

/* Append the letters of `bytes`; a failure is out's (strbuf_status). */
void base64_append(struct strbuf *out, const void *bytes, size_t count);

/* Bytes of a text of `length` letters; free() them. A 0 follows that is not counted. FORMAT: a
 * letter outside the alphabets, padding in the middle, a length that no bytes have; NO_MEMORY. */
enum status base64_decode(const char *text, size_t length, unsigned char **ret_bytes,
                          size_t *ret_count);

#endif
