/* Test vectors that tools/train/tts wrote: flat files in tests/tts/vectors. */
#ifndef LINNET_TESTS_TTS_VECTORS_H
#define LINNET_TESTS_TTS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

/* Read up to `size` bytes of a vector; returns how many. */
static inline size_t vector_read(const char *name, void *ret, size_t size)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/tests/tts/vectors/%s", getenv("LINNET_SOURCE"), name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    size_t n = fread(ret, 1, size, f);
    fclose(f);
    return n;
}

#endif
