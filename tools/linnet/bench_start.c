#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "linnet.h"

/* Resident memory of this process in MB, from /proc/self/status; 0 where that is not known. */
static double resident_mb(void)
{
    char line[256];
    double kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kilobytes = strtod(line + 6, NULL);
    }
    if (file)
        fclose(file);
    return kilobytes / 1024;
}

/* A request through everything, so that the memory counted is the memory used. */
static void exercise(struct linnet *linnet)
{
    float hop[LINNET_INPUT_RATE / 100];
    float voice[LINNET_VOICE_RATE / 100];
    struct linnet_event event;
    linnet_talk(linnet);
    for (int i = 0; i < 800; i++) {
        for (size_t k = 0; k < sizeof(hop) / sizeof(hop[0]); k++)
            hop[k] = (float)((i * 160 + (int)k) * 7919 % 1000) / 5e4f;
        linnet_push(linnet, hop, sizeof(hop) / sizeof(hop[0]));
        if (i == 700)
            linnet_ask(linnet, "what time is it", NULL);
        linnet_pull(linnet, voice, sizeof(voice) / sizeof(voice[0]));
        while (linnet_poll(linnet, &event))
            continue;
    }
}

enum status bench_start(struct bench_report *report, struct error *ret_error)
{
    double seconds[BENCH_RUNS], memory = 0;
    for (int i = 0; i < BENCH_RUNS; i++) {
        struct linnet_config config;
        struct linnet *linnet;
        linnet_config_defaults(&config);
        config.models_dir = report->models;
        config.state = ":memory:";
        double begin = bench_now();
        TRY(linnet_create(&config, &linnet, ret_error));
        seconds[i] = bench_now() - begin;
        if (i == 0) {
            exercise(linnet);
            memory = resident_mb();
        }
        linnet_destroy(linnet);
    }
    bench_add(report, "ms", 1e3 * bench_median(seconds, BENCH_RUNS), "start to listening");
    bench_add(report, "MB", memory, "resident memory, everything loaded and used");
    return STATUS_OK;
}
