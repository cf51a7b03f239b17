#include "json_own_word.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "file.h"
#include "state_path.h"

enum { FILE_MAX = 64 * 1024, WEIGHTS_MAX = 4096 };

enum status own_word_path(const char *state, const char *name, char *ret_path, size_t size,
                          struct error *ret_error)
{
    char folder[512], file[WAKE_MAX_WORD];
    size_t i = 0;
    bool is_file = state && *state && strcmp(state, ":memory:") != 0;
    TRY(state_path(is_file ? state : "", folder, sizeof(folder), ret_error));
    char *slash = strrchr(folder, '/');
    snprintf(slash ? slash : folder, 7, "%s", slash ? "/words" : "words");
    for (; name[i] && i + 1 < sizeof(file); i++)
        file[i] = isalnum((unsigned char)name[i]) ? (char)tolower((unsigned char)name[i]) : '_';
    file[i] = '\0';
    int length = snprintf(ret_path, size, "%s/%s.json", folder, file);
    if (i == 0 || name[i] || length < 0 || (size_t)length >= size)
        return error_set(ret_error, STATUS_LIMIT, "word \"%.40s\": expected 1 to %d bytes", name,
                         WAKE_MAX_WORD - 1);
    return STATUS_OK;
}

enum status own_word_make_folder(const char *path, struct error *ret_error)
{
    char folder[512];
    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        struct stat there;
        if (mkdir(folder, 0700) != 0 && stat(folder, &there) != 0)
            return error_set(ret_error, STATUS_IO, "%s: cannot make this folder", folder);
        *slash = '/';
    }
    return STATUS_OK;
}

enum status own_word_save(const char *path, const struct wake_model *model,
                          const struct wake_own_word *word, struct error *ret_error)
{
    json_t *weights = json_array();
    for (uint32_t i = 0; i < word->size; i++)
        json_array_append_new(weights, json_real((double)word->weights[i]));
    json_t *object =
        json_pack("{s:s, s:I, s:f, s:f, s:o}", "word", word->name, "net",
                  (json_int_t)wake_model_fingerprint(model), "bias", (double)word->bias,
                  "threshold", (double)word->threshold, "weights", weights);
    char *text = object ? json_dumps(object, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(object);
    if (!text)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", path);
    enum status status = own_word_make_folder(path, ret_error);
    if (status == STATUS_OK)
        status = file_write_atomic(path, text, strlen(text), ret_error);
    free(text);
    return status;
}

static enum status read_word(const json_t *object, const char *path, struct wake_model *model,
                             struct error *ret_error)
{
    const char *name = json_string_value(json_object_get(object, "word"));
    const json_t *list = json_object_get(object, "weights");
    double bias = json_number_value(json_object_get(object, "bias"));
    double threshold = json_number_value(json_object_get(object, "threshold"));
    size_t count = json_array_size(list);
    if (!name || !*name || strlen(name) >= WAKE_MAX_WORD || count == 0 || count > WEIGHTS_MAX ||
        !(threshold > 0 && threshold <= 1))
        return error_set(ret_error, STATUS_FORMAT, "%s: not an enrolled word", path);
    if (json_integer_value(json_object_get(object, "net")) != wake_model_fingerprint(model))
        return error_set(ret_error, STATUS_UNSUPPORTED,
                         "%s: enrolled with another wake model; enroll \"%s\" again", path, name);
    float *weights = calloc(count, sizeof(float));
    if (!weights)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < count; i++)
        weights[i] = (float)json_number_value(json_array_get(list, i));
    struct wake_own_word word = {.size = (uint32_t)count,
                                 .weights = weights,
                                 .bias = (float)bias,
                                 .threshold = (float)threshold};
    memcpy(word.name, name, strlen(name));
    enum status status = wake_model_add_word(model, &word, ret_error);
    free(weights);
    return status;
}

enum status own_word_load(const char *path, struct wake_model *model, struct error *ret_error)
{
    void *text;
    size_t size;
    json_error_t fault;
    TRY(file_read(path, FILE_MAX, &text, &size, ret_error));
    json_t *object = json_loadb(text, size, 0, &fault);
    free(text);
    if (!object)
        return error_set(ret_error, STATUS_FORMAT, "%s:%d: %s", path, fault.line, fault.text);
    enum status status = read_word(object, path, model, ret_error);
    json_decref(object);
    return status;
}
