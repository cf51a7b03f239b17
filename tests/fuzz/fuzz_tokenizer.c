/* Any text: its tokens' pieces joined are the text again, and a request made of it keeps to its
 * alphabet. */
#include <stdlib.h>
#include <string.h>

#include "lm_request.h"
#include "lm_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static struct lm_tokenizer *seed_tokenizer(void)
{
    struct gguf *g;
    struct lm_tokenizer *tokenizer;
    require(gguf_create_from_file(FUZZ_MODEL, &g, NULL) == STATUS_OK);
    require(lm_tokenizer_create(g, &tokenizer, NULL) == STATUS_OK);
    gguf_destroy(g);
    return tokenizer;
}

static void check_round_trip(const struct lm_tokenizer *t, struct lm_piece text)
{
    int32_t *ids = malloc((text.length + 1) * sizeof(*ids));
    size_t count = 0, used = 0;
    require(ids && lm_tokenizer_encode(t, text, ids, text.length, &count) == STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        struct lm_piece piece = lm_tokenizer_piece(t, ids[i]);
        require(piece.length <= text.length - used &&
                memcmp(piece.data, text.data + used, piece.length) == 0);
        used += piece.length;
    }
    require(used == text.length);
    free(ids);
}

static void check_request(struct lm_piece text)
{
    char *whole = strndup(text.data, text.length), normal[LM_MAX_REQUEST_BYTES];
    require(whole != NULL);
    if (lm_request_normalise(whole, normal, sizeof(normal)) == STATUS_OK)
        require(strspn(normal, "abcdefghijklmnopqrstuvwxyz0123456789 '.:+*/%$-") == strlen(normal));
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lm_tokenizer *tokenizer; /* built once: libFuzzer has no place to tear down */
    struct lm_piece text = {(const char *)data, size};
    if (!tokenizer)
        tokenizer = seed_tokenizer();
    check_round_trip(tokenizer, text);
    check_request(text);
    return 0;
}
