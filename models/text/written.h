/* Spoken words to the way people write them, for display: numbers, clock times, money, years.
 *
 *     char text[512];
 *     TRY(written_text("wake me at twenty five past six", text, sizeof(text), ret_error));
 *     (text: "wake me at 6:25")
 *
 * The input is what the recogniser gives: lower-case words between single spaces. What is no number
 * stays as it is. Covered: cardinals from ten on, and smaller ones before a unit ("five minutes" ->
 * "5 minutes"; "one of them" stays); ordinals from tenth on, and smaller ones after a month; clock
 * times ("half past six", "ten to five", "six thirty pm", "seven o'clock"); years; decimals,
 * negative numbers, percentages; dollars and cents; digits said one by one (three or more). The
 * reverse, for the voice, is normalise.h.
 *
 * Thread: any, for all functions; no allocation. */
#ifndef LINNET_MODELS_WRITTEN_H
#define LINNET_MODELS_WRITTEN_H

#include <stddef.h>

#include "status.h"

enum { WRITTEN_WORDS_MAX = 1024, WRITTEN_TEXT_MAX = 8192 };

/* Fill ret_text (`size` bytes, NUL-terminated). Errors: LIMIT (input longer than the limits above,
 * or the result does not fit); ret_text is then empty. */
enum status written_text(const char *words, char *ret_text, size_t size, struct error *ret_error);

#endif
