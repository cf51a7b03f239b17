#include "bench_asr_peer.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file.h"

enum { LINE_BYTES = 8192 };

/* Recordings lie in the scratch folder as 16-bit NNNNNN.raw; each peer prints "NNNNNN<tab>text". */
static const struct peer {
    const char *name, *test, *command;
} peers[] = {
    {"pocketsphinx 5", "python3 -c 'import pocketsphinx' >/dev/null 2>&1",
     "cd '%s' && python3 -c '\n"
     "import glob, pocketsphinx\n"
     "decoder = pocketsphinx.Decoder(samprate=16000, loglevel=\"FATAL\")\n"
     "for name in sorted(glob.glob(\"*.raw\")):\n"
     "    decoder.start_utt()\n"
     "    decoder.process_raw(open(name, \"rb\").read(), full_utt=True)\n"
     "    decoder.end_utt()\n"
     "    heard = decoder.hyp()\n"
     "    print(name[:-4], heard.hypstr if heard else \"\", sep=\"\\t\")\n"
     "' 2>/dev/null"},
    {"pocketsphinx 0.8", "command -v pocketsphinx_batch >/dev/null 2>&1",
     "cd '%s' && ls *.raw | sed 's/.raw$//' >list && pocketsphinx_batch -adcin yes -cepdir . "
     "-cepext .raw -ctl list -hyp heard >/dev/null 2>&1 && "
     "sed -E 's/^(.*) ?\\(([0-9]+) -?[0-9.]+\\)$/\\2\\t\\1/' heard"},
};

struct bench_asr_peer {
    const struct peer *peer;
    char folder[64];
    size_t count;
};

enum status bench_asr_peer_create(struct bench_asr_peer **ret_peer, struct error *ret_error)
{
    const struct peer *found = NULL;
    *ret_peer = NULL;
    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]) && !found; i++)
        if (system(peers[i].test) == 0)
            found = &peers[i];
    if (!found)
        return STATUS_OK;
    struct bench_asr_peer *peer = calloc(1, sizeof(*peer));
    if (!peer)
        return error_set(ret_error, STATUS_NO_MEMORY, "bench: out of memory");
    peer->peer = found;
    snprintf(peer->folder, sizeof(peer->folder), "/tmp/linnet-bench-XXXXXX");
    if (!mkdtemp(peer->folder)) {
        free(peer);
        return error_set(ret_error, STATUS_IO, "bench: no scratch folder in /tmp");
    }
    *ret_peer = peer;
    return STATUS_OK;
}

static void remove_in(const struct bench_asr_peer *peer, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", peer->folder, name);
    unlink(path);
}

void bench_asr_peer_destroy(struct bench_asr_peer *peer)
{
    char name[32];
    if (!peer)
        return;
    for (size_t i = 0; i < peer->count; i++) {
        snprintf(name, sizeof(name), "%06zu.raw", i);
        remove_in(peer, name);
    }
    remove_in(peer, "list");
    remove_in(peer, "heard");
    rmdir(peer->folder);
    free(peer);
}

const char *bench_asr_peer_name(const struct bench_asr_peer *peer)
{
    return peer->peer->name;
}

enum status bench_asr_peer_add(struct bench_asr_peer *peer, const float *samples, size_t count,
                               struct error *ret_error)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%06zu.raw", peer->folder, peer->count++);
    FILE *file = fopen(path, "wbe");
    if (!file)
        return error_set(ret_error, STATUS_IO, "%s: cannot be written", path);
    for (size_t i = 0; i < count; i++) {
        int16_t value = (int16_t)lrintf(fmaxf(-1, fminf(1, samples[i])) * 32767);
        fwrite(&value, sizeof(value), 1, file);
    }
    if (fclose(file) != 0)
        return error_set(ret_error, STATUS_IO, "%s: cannot be written", path);
    return STATUS_OK;
}

static double children_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
}

/* Without the marks of other pronunciations: "the(2)" is "the". */
static void strip_marks(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        if (*in == '(') {
            size_t length = strcspn(in, ")");
            in += in[length] ? length : 0;
        } else if (*in != '\n') {
            *out++ = *in;
        }
    }
    *out = '\0';
}

enum status bench_asr_peer_run(struct bench_asr_peer *peer,
                               void (*take)(void *context, size_t number, const char *text),
                               void *context, double *ret_seconds, struct error *ret_error)
{
    char command[1024], line[LINE_BYTES];
    double before = children_time();
    snprintf(command, sizeof(command), peer->peer->command, peer->folder);
    FILE *output = popen(command, "re");
    if (!output)
        return error_set(ret_error, STATUS_IO, "%s: cannot be started", peer->peer->name);
    while (fgets(line, sizeof(line), output)) {
        char *end, *tab = strchr(line, '\t');
        unsigned long number = strtoul(line, &end, 10);
        if (end == line || end != tab || number >= peer->count)
            continue;
        strip_marks(tab + 1);
        take(context, number, tab + 1);
    }
    pclose(output);
    *ret_seconds = children_time() - before;
    return STATUS_OK;
}
