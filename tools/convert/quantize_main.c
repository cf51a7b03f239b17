/* linnet-quantize IN.gguf OUT.gguf [--type q8_0|q4_0|f16|f32] [--keep TENSOR]... */
#include <stdio.h>
#include <strings.h>

#include "convert.h"

enum { MAX_KEEP = 64, EXIT_USAGE = 2 };

struct arguments {
    const char *in, *out;
    const char *keep[MAX_KEEP];
    struct convert_options options;
};

static bool parse_type(const char *name, enum gguf_type *ret_type)
{
    static const enum gguf_type types[] = {GGUF_TYPE_Q8_0, GGUF_TYPE_Q4_0, GGUF_TYPE_F16,
                                           GGUF_TYPE_F32};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(name, gguf_type_name(types[i])) == 0) {
            *ret_type = types[i];
            return true;
        }
    }
    fprintf(stderr, "linnet-quantize: type \"%s\": expected q8_0, q4_0, f16 or f32\n", name);
    return false;
}

static bool parse_option(struct arguments *a, const char *option, const char *value)
{
    if (!value) {
        fprintf(stderr, "linnet-quantize: %s: expected a value\n", option);
        return false;
    }
    if (strcmp(option, "--type") == 0)
        return parse_type(value, &a->options.type);
    if (strcmp(option, "--keep") == 0 && a->options.n_keep < MAX_KEEP) {
        a->keep[a->options.n_keep++] = value;
        return true;
    }
    fprintf(stderr, "linnet-quantize: %s: unknown option, or too many of it\n", option);
    return false;
}

static bool parse_arguments(struct arguments *a, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (!parse_option(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL))
                return false;
            i++;
        } else if (!a->in) {
            a->in = argv[i];
        } else if (!a->out) {
            a->out = argv[i];
        } else {
            a->out = NULL;
            break;
        }
    }
    if (a->out)
        return true;
    fprintf(
        stderr,
        "usage: linnet-quantize IN.gguf OUT.gguf [--type q8_0|q4_0|f16|f32] [--keep TENSOR]...\n");
    return false;
}

int main(int argc, char **argv)
{
    struct arguments a = {.options = {.type = GGUF_TYPE_Q8_0}};
    a.options.keep = a.keep;
    if (!parse_arguments(&a, argc, argv))
        return EXIT_USAGE;
    struct error error;
    struct gguf *in = NULL;
    enum status status = gguf_create_from_file(a.in, &in, &error);
    if (status == STATUS_OK)
        status = convert_file(in, &a.options, a.out, &error);
    gguf_destroy(in);
    if (status == STATUS_OK)
        return 0;
    fprintf(stderr, "linnet-quantize: %s\n", error.text);
    return 1;
}
