/* A client under remote control, for tests against servers in Python. Commands come as lines on
 * stdin, what happens goes as lines to stdout:
 *
 *     ws ID URL [key=value...]          ID opened | ID message text|binary SIZE SUM HEX
 *                                       ID closed WHY CODE TEXT
 *     send ID text|binary WORDS         ID sent STATUS
 *     fill ID SIZE COUNT                COUNT binary messages of SIZE bytes: ID sent STATUS
 *     pending ID                        ID pending BYTES
 *     trip ID                           ID trip MS: the last ping's, 0: none was answered
 *     close ID, abort ID                ID gone
 *     http ID METHOD URL [key=value...] ID status CODE RETRY | ID body SIZE TEXT
 *                                       ID ended WHY TEXT
 *     hclose ID                         ID gone
 *     memory                            memory BYTES-IN-USE
 *     slow MS                           plain bytes leave MS late: what may happen in between, does
 *
 * Keys: timeout, ping, idle (ms), max, budget (bytes), plain=1, header=NAME:VALUE, body=TEXT,
 * fat=BYTES (of a body). SUM is an Adler-like checksum; HEX the first bytes. */
#include "http_client.h"
#include "net.h"
#include "ws_client.h"

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { IDS = 1024, LINE_BYTES = 70000, HEADERS = 8, SHOWN = 64 };

static atomic_int slow_ms;

/* libwebsockets calls this one instead of the C library's. */
__attribute__((visibility("default"))) ssize_t send(int fd, const void *data, size_t size,
                                                    int flags)
{
    int ms = atomic_load(&slow_ms);
    if (ms)
        nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
    return sendto(fd, data, size, flags, NULL, 0);
}

struct slot {
    int id;
    struct ws *ws;
    struct http *http;
    atomic_int trip_ms;
};

struct probe {
    struct net *net;
    struct slot slots[IDS];
};

struct options {
    const char *headers[HEADERS + 1];
    int header_count;
    long timeout, ping, idle, max, budget, plain, fat;
    const char *body;
};

/* Lines of two threads do not mix: one call of stdio each. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fflush(stdout);
}

static unsigned sum_of(const unsigned char *bytes, size_t size)
{
    unsigned a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void on_opened(void *context)
{
    const struct slot *slot = context;
    say("%d opened\n", slot->id);
}

static void on_message(void *context, const void *data, size_t size, bool text)
{
    const struct slot *slot = context;
    const unsigned char *bytes = data;
    char hex[2 * SHOWN + 1] = "";
    for (size_t i = 0; i < size && i < SHOWN; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    say("%d message %s %zu %u %s\n", slot->id, text ? "text" : "binary", size, sum_of(bytes, size),
        bytes[size] ? "unterminated" : hex);
}

static void on_closed(void *context, enum net_failure why, int code, const char *text)
{
    const struct slot *slot = context;
    say("%d closed %s %d %s\n", slot->id, net_failure_name(why), code, text);
}

static void on_status(void *context, int code)
{
    const struct slot *slot = context;
    say("%d status %d %d\n", slot->id, code, http_retry_after_s(slot->http));
}

static void on_body(void *context, const void *data, size_t size)
{
    const struct slot *slot = context;
    char text[SHOWN + 1];
    size_t shown = size < SHOWN ? size : SHOWN;
    for (size_t i = 0; i < shown; i++)
        text[i] = ((const char *)data)[i] < ' ' ? '.' : ((const char *)data)[i];
    text[shown] = 0;
    say("%d body %zu %s\n", slot->id, size, text);
}

static void on_ended(void *context, enum net_failure why, const char *text)
{
    const struct slot *slot = context;
    say("%d ended %s %s\n", slot->id, net_failure_name(why), text);
}

static void take_header(struct options *o, char *value)
{
    if (o->header_count < HEADERS)
        o->headers[o->header_count++] = value;
}

static void take_option(struct options *o, char *word)
{
    const struct {
        const char *key;
        long *value;
    } numbers[] = {{"timeout", &o->timeout}, {"ping", &o->ping},     {"idle", &o->idle},
                   {"max", &o->max},         {"budget", &o->budget}, {"plain", &o->plain},
                   {"fat", &o->fat}};
    char *value = strchr(word, '=');
    if (!value)
        return;
    *value++ = 0;
    if (strcmp(word, "header") == 0)
        take_header(o, value);
    else if (strcmp(word, "body") == 0)
        o->body = value;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strcmp(word, numbers[i].key) == 0)
            *numbers[i].value = strtol(value, NULL, 10);
}

static struct options take_options(char **rest)
{
    struct options o = {.header_count = 0};
    for (char *word; (word = strtok_r(NULL, " ", rest));)
        take_option(&o, word);
    return o;
}

static void open_ws(struct probe *probe, struct slot *slot, char **rest)
{
    struct error error;
    const char *url = strtok_r(NULL, " ", rest);
    struct options o = take_options(rest);
    struct ws_config config = {
        .url = url ? url : "",
        .headers = o.headers,
        .max_message = (size_t)o.max,
        .byte_budget = (size_t)o.budget,
        .connect_timeout_ms = (int)o.timeout,
        .ping_ms = (int)o.ping,
        .allow_plain = o.plain != 0,
        .round_trip_ms = &slot->trip_ms,
        .handler = {.opened = on_opened, .message = on_message, .closed = on_closed},
        .context = slot,
    };
    if (ws_open(probe->net, &config, &slot->ws, &error) != STATUS_OK)
        say("%d refused %s %s\n", slot->id, status_name(error.status), error.text);
}

static void open_http(struct probe *probe, struct slot *slot, char **rest)
{
    struct error error;
    const char *method = strtok_r(NULL, " ", rest), *url = strtok_r(NULL, " ", rest);
    struct options o = take_options(rest);
    char *fat = o.fat ? malloc((size_t)o.fat) : NULL;
    if (fat)
        memset(fat, 'y', (size_t)o.fat);
    struct http_config config = {
        .method = method ? method : "",
        .url = url ? url : "",
        .headers = o.headers,
        .body = fat ? fat : o.body,
        .body_size = fat      ? (size_t)o.fat
                     : o.body ? strlen(o.body)
                              : 0,
        .content_type = "text/plain",
        .max_body = (size_t)o.max,
        .connect_timeout_ms = (int)o.timeout,
        .idle_timeout_ms = (int)o.idle,
        .allow_plain = o.plain != 0,
        .handler = {.status = on_status, .body = on_body, .ended = on_ended},
        .context = slot,
    };
    if (http_open(probe->net, &config, &slot->http, &error) != STATUS_OK)
        say("%d refused %s %s\n", slot->id, status_name(error.status), error.text);
    free(fat);
}

struct opening {
    struct probe *probe;
    struct slot *slot;
    char **rest;
};

/* On the net thread: no callback comes before slot->http is there. */
static void open_http_here(void *context)
{
    struct opening *opening = context;
    open_http(opening->probe, opening->slot, opening->rest);
}

static void send_words(struct slot *slot, char **rest)
{
    const char *kind = strtok_r(NULL, " ", rest);
    bool text = kind && strcmp(kind, "text") == 0;
    enum status status = ws_send(slot->ws, *rest, strlen(*rest), text);
    say("%d sent %s\n", slot->id, status_name(status));
}

static void send_filling(struct slot *slot, char **rest)
{
    const char *words[2] = {strtok_r(NULL, " ", rest), strtok_r(NULL, " ", rest)};
    size_t size = words[0] ? strtoul(words[0], NULL, 10) : 0;
    long count = words[1] ? strtol(words[1], NULL, 10) : 1;
    unsigned char *bytes = malloc(size + 1);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 31);
    for (long i = 0; i < count && status == STATUS_OK; i++)
        status = ws_send(slot->ws, bytes, size, false);
    free(bytes);
    say("%d sent %s\n", slot->id, status_name(status));
}

static void close_slot(struct slot *slot, bool at_once)
{
    if (at_once)
        ws_abort(slot->ws);
    else
        ws_close(slot->ws);
    http_close(slot->http);
    slot->ws = NULL;
    slot->http = NULL;
}

static void obey_slot(struct probe *probe, const char *word, struct slot *slot, char **rest)
{
    if (strcmp(word, "ws") == 0)
        open_ws(probe, slot, rest);
    else if (strcmp(word, "http") == 0)
        net_run(probe->net, open_http_here, &(struct opening){probe, slot, rest});
    else if (strcmp(word, "send") == 0)
        send_words(slot, rest);
    else if (strcmp(word, "fill") == 0)
        send_filling(slot, rest);
    else if (strcmp(word, "pending") == 0)
        say("%d pending %zu\n", slot->id, ws_pending(slot->ws));
    else if (strcmp(word, "trip") == 0)
        say("%d trip %d\n", slot->id, atomic_load(&slot->trip_ms));
    else
        close_slot(slot, strcmp(word, "abort") == 0);
    if (strstr(word, "close") || strcmp(word, "abort") == 0)
        say("%d gone\n", slot->id);
}

static void obey(struct probe *probe, char *line)
{
    char *rest = NULL;
    line[strcspn(line, "\n")] = 0;
    const char *word = strtok_r(line, " ", &rest), *number = strtok_r(NULL, " ", &rest);
    long id = number ? strtol(number, NULL, 10) : 0;
    if (word && strcmp(word, "memory") == 0) {
        struct mallinfo2 info = mallinfo2();
        say("memory %zu\n", info.uordblks + info.hblkhd);
    } else if (word && strcmp(word, "slow") == 0) {
        atomic_store(&slow_ms, (int)id);
    } else if (word && id >= 0 && id < IDS) {
        if (!probe->slots[id].id) /* the net thread reads it from then on */
            probe->slots[id].id = (int)id;
        obey_slot(probe, word, &probe->slots[id], &rest);
    }
}

int main(int argc, char **argv)
{
    struct clock clock;
    struct error error;
    struct probe *probe = calloc(1, sizeof(*probe));
    char *line = malloc(LINE_BYTES);
    clock_init_real(&clock);
    struct net_config config = {.clock = &clock, .ca_file = argc > 1 ? argv[1] : NULL};
    if (net_create(&config, &probe->net, &error) != STATUS_OK) {
        fprintf(stderr, "net_probe: %s\n", error.text);
        return 1;
    }
    while (fgets(line, LINE_BYTES, stdin))
        obey(probe, line);
    for (int i = 0; i < IDS; i++)
        close_slot(&probe->slots[i], false);
    net_destroy(probe->net);
    free(line);
    free(probe);
    say("end\n");
    return 0;
}
