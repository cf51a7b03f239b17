#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "bench.h"
#include "models_dir.h"

/* llama.cpp on the same file, one thread, in the same run: its own llama-bench, where that is on
 * the PATH. */

static bool is_on_path(const char *program)
{
    char command[128];
    snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

/* llama-bench answers with a list of {"n_prompt":, "n_gen":, "avg_ts":}. */
static void add_rows(struct bench_report *report, const json_t *list)
{
    size_t i;
    const json_t *test;
    json_array_foreach(list, i, test)
    {
        double speed = json_number_value(json_object_get(test, "avg_ts"));
        int prompt = (int)json_integer_value(json_object_get(test, "n_prompt"));
        int decoded = (int)json_integer_value(json_object_get(test, "n_gen"));
        if (prompt)
            bench_add(report, "tokens/s", speed, "llama.cpp, same file, prefill of %d", prompt);
        else
            bench_add(report, "tokens/s", speed, "llama.cpp, same file, decode of %d", decoded);
    }
}

void bench_peer(struct bench_report *report)
{
    char path[512], command[768];
    if (!is_on_path("llama-bench"))
        return;
    models_dir_file(report->models, "lm.gguf", path, sizeof(path));
    snprintf(command, sizeof(command),
             "llama-bench -m '%s' -p 256 -n 128 -t 1 -r %d -fa 1 -o json 2>/dev/null", path,
             BENCH_RUNS);
    FILE *output = popen(command, "re");
    if (!output)
        return;
    json_t *list = json_loadf(output, 0, NULL);
    pclose(output);
    add_rows(report, list);
    json_decref(list);
}
