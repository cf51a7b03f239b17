/* tts_say VOICE TEXT.gguf OUT [SPEED]: speak each line of stdin into OUT-NN.wav (NN from 00). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tts.h"

static void put32(uint8_t *to, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(x >> 8 * i);
}

/* PCM16 mono header for `count` samples. */
static void make_header(uint8_t header[44], uint32_t count)
{
    memcpy(header, "RIFF....WAVEfmt ", 16);
    put32(header + 4, 36 + 2 * count);
    put32(header + 16, 16);
    put32(header + 20, 1 | 1 << 16);
    put32(header + 24, TTS_RATE);
    put32(header + 28, 2 * TTS_RATE);
    put32(header + 32, 2 | 16 << 16);
    memcpy(header + 36, "data", 4);
    put32(header + 40, 2 * count);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Returns the samples written; *ret_first is the time until the first 20 ms were there. */
static size_t speak(struct tts_session *voice, const char *text, FILE *out, double *ret_first)
{
    double start = now();
    uint8_t header[44];
    float block[480];
    size_t total = 0, n;
    struct error error;
    if (tts_begin(voice, text, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    fwrite(header, 1, sizeof(header), out);
    while ((n = tts_pull(voice, block, 480)) > 0) {
        if (total == 0)
            *ret_first = now() - start;
        for (size_t i = 0; i < n; i++) {
            int16_t x = (int16_t)(block[i] * 32767.0f);
            fwrite(&x, 2, 1, out);
        }
        total += n;
    }
    make_header(header, (uint32_t)total);
    rewind(out);
    fwrite(header, 1, sizeof(header), out);
    return total;
}

int main(int argc, char **argv)
{
    struct tts_model *model;
    struct tts_session *voice;
    struct error error;
    if (argc < 4)
        return 2;
    struct tts_options options = {.speed = argc > 4 ? strtof(argv[4], NULL) : 0.0f};
    if (tts_model_create(&(struct tts_files){argv[1], argv[2]}, &model, &error) != STATUS_OK ||
        tts_session_create(model, &options, &voice, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    char line[4096], path[4200];
    double start = now(), first = 0.0, firsts = 0.0;
    size_t total = 0;
    int i = 0;
    for (; fgets(line, sizeof(line), stdin) != NULL; i++) {
        snprintf(path, sizeof(path), "%s-%02d.wav", argv[3], i);
        FILE *out = fopen(path, "wb");
        if (out == NULL)
            return 1;
        total += speak(voice, line, out, &first);
        firsts += first;
        fclose(out);
    }
    double spent = now() - start, seconds = (double)total / TTS_RATE;
    fprintf(stderr, "%.2f s of speech in %.3f s: %.4f; first samples after %.1f ms\n", seconds,
            spent, spent / seconds, 1000.0 * firsts / (i > 0 ? i : 1));
    tts_session_destroy(voice);
    tts_model_destroy(model);
    return 0;
}
