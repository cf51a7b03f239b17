/* The pure parts of the network: URLs, server-sent events, lines of JSON, back-off. */
#include "backoff.h"
#include "harness.h"
#include "ndjson.h"
#include "net.h"
#include "sse.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

static struct url parsed(const char *text)
{
    struct url url;
    struct error error = {0};
    if (url_parse(text, &url, &error) != STATUS_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, error.text);
    return url;
}

TEST(url_is_taken_apart)
{
    struct url url = parsed("wss://API.Example.org/v1/realtime?model=a%20b#x");
    char authority[300];
    CHECK(url.websocket && url.secure && url.default_port);
    CHECK_STR(url.host, "api.example.org");
    CHECK_STR(url.path, "/v1/realtime?model=a%20b");
    CHECK_EQ(url.port, 443);
    url = parsed("http://[::1]:8080?x");
    url_authority(&url, authority, sizeof(authority));
    CHECK_STR(authority, "[::1]:8080");
    CHECK_STR(url.path, "/?x");
    CHECK(!url.websocket && !url.secure && !url.default_port && url_is_loopback(&url));
    url = parsed("https://a:443");
    url_authority(&url, authority, sizeof(authority));
    CHECK_STR(authority, "a");
    CHECK_STR(url.path, "/");
}

TEST(url_knows_this_machine)
{
    const char *here[] = {"ws://localhost", "ws://127.0.0.1:9", "ws://127.8.9.10", "ws://[::1]"};
    const char *away[] = {"ws://localhost.evil.org",
                          "ws://127.0.0.1.evil.org",
                          "ws://128.0.0.1",
                          "ws://[fe80::1]",
                          "ws://0.0.0.0",
                          "ws://10.127.0.1"};
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        struct url url = parsed(here[i]);
        CHECK(url_is_loopback(&url));
    }
    for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
        struct url url = parsed(away[i]);
        CHECK(!url_is_loopback(&url));
    }
}

TEST(url_refuses_what_is_none)
{
    const char *bad[] = {"",
                         "example.org",
                         "ftp://a",
                         "ws:/a",
                         "ws://",
                         "ws://:80",
                         "ws://a:",
                         "ws://a:0",
                         "ws://a:65536",
                         "ws://a:8x",
                         "ws://a b",
                         "ws://a/\r\nX: y",
                         "ws://u:p@a",
                         "ws://u@a",
                         "ws://[::1",
                         "ws://[::g]",
                         "ws://[]",
                         "ws://[::1]x",
                         "ws://a\\b",
                         "ws://\xc3\xa4.org",
                         "ws://a:99999999999999999999"};
    struct url url = {.port = 7};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error error = {0};
        CHECK_STATUS(url_parse(bad[i], &url, &error), STATUS_FORMAT);
        CHECK(strstr(error.text, "expected") != NULL);
        CHECK_EQ(url.port, 7);
    }
}

TEST(url_of_every_length_stays_inside)
{
    char text[4000] = "ws://";
    struct url url;
    for (size_t n = 1; n < 3000; n += 37) {
        memset(text + 5, 'h', n);
        text[5 + n] = 0;
        CHECK_EQ(url_parse(text, &url, NULL) == STATUS_OK, n < URL_HOST_BYTES);
        snprintf(text + 5, sizeof(text) - 5, "h/%0*d", (int)n, 0);
        CHECK_EQ(url_parse(text, &url, NULL) == STATUS_OK, n + 1 < URL_PATH_BYTES);
    }
}

TEST(url_error_hides_the_query)
{
    struct url url;
    struct error error;
    CHECK_STATUS(url_parse("ws://a\tb/x?key=secret", &url, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, "secret") == NULL);
}

/* What a parser said, as one text. */
struct record {
    struct strbuf text;
};

static void record_event(void *context, const char *event, const char *data, size_t size)
{
    struct record *record = context;
    CHECK_EQ(data[size], 0);
    strbuf_format(&record->text, "<%s|%.*s>", event, (int)size, data);
}

static void record_line(void *context, const char *line, size_t size)
{
    struct record *record = context;
    CHECK_EQ(line[size], 0);
    strbuf_format(&record->text, "<%.*s>", (int)size, line);
}

static enum status sse_whole(const char *bytes, size_t size, size_t piece, size_t limit,
                             struct record *record)
{
    struct sse_parser parser;
    enum status status = STATUS_OK;
    sse_init(&parser, limit);
    for (size_t at = 0; at < size; at += piece)
        status = sse_feed(&parser, bytes + at, size - at < piece ? size - at : piece, record_event,
                          record);
    sse_finish(&parser);
    return status;
}

static void check_sse(const char *bytes, const char *expected)
{
    for (size_t piece = 1; piece <= strlen(bytes) + 1; piece++) {
        struct record record;
        strbuf_init(&record.text, 1 << 20);
        CHECK_OK(sse_whole(bytes, strlen(bytes), piece, 1000, &record));
        CHECK_STR(strbuf_text(&record.text), expected);
        strbuf_finish(&record.text);
    }
}

TEST(sse_follows_the_standard)
{
    check_sse("data: hello\n\n", "<message|hello>");
    check_sse("data:no blank\r\n\r\n", "<message|no blank>");
    check_sse("data: a\rdata: b\r\r", "<message|a\nb>");
    check_sse("event: x\ndata: 1\n\ndata: 2\n\n", "<x|1><message|2>");
    check_sse("\xef\xbb\xbf"
              "data: bom\n\n",
              "<message|bom>");
    check_sse(": comment\n\ndata\n\n", "<message|>");
    check_sse("event: lost\n\ndata: kept\n\n", "<message|kept>");
    check_sse("id: 7\nretry: 10\nfoo: bar\ndata:  two blanks\n\n", "<message| two blanks>");
    check_sse("data: first\ndata:\ndata: third\n\n", "<message|first\n\nthird>");
    check_sse("data: never ended\n", "");
    check_sse("data: {\"a\":\"\xc3\xa4\"}\n\ndata: [DONE]\n\n",
              "<message|{\"a\":\"\xc3\xa4\"}><message|[DONE]>");
}

/* Bytes that make line ends, fields and ordinary text likely. */
static size_t random_stream(struct test_random *random, char *bytes, size_t most)
{
    static const char *const words[] = {
        "\n", "\r", "\r\n",      "data:", "data: ", "event:",       "event", "x y",
        ":",  " ",  "{\"a\":1}", "\n\n",  "id: 3",  "\xef\xbb\xbf", "\xc3",  "\t"};
    size_t size = 0;
    while (size + 16 < most) {
        const char *word = words[test_random_range(random, 0, 15)];
        memcpy(bytes + size, word, strlen(word));
        size += strlen(word);
        if (test_random_range(random, 0, 60) == 0)
            break;
    }
    return size;
}

TEST(sse_says_the_same_at_any_cut)
{
    struct test_random random = test_random_init();
    char bytes[600];
    for (int round = 0; round < 300; round++) {
        struct record whole, cut;
        size_t size = random_stream(&random, bytes, sizeof(bytes));
        size_t limit = (size_t)test_random_range(&random, 1, 80);
        strbuf_init(&whole.text, 1 << 20);
        strbuf_init(&cut.text, 1 << 20);
        enum status a = sse_whole(bytes, size, size + 1, limit, &whole);
        enum status b =
            sse_whole(bytes, size, (size_t)test_random_range(&random, 1, 9), limit, &cut);
        CHECK_STATUS(a, b);
        CHECK_STR(strbuf_text(&cut.text), strbuf_text(&whole.text));
        strbuf_finish(&whole.text);
        strbuf_finish(&cut.text);
    }
}

TEST(sse_is_bounded)
{
    struct sse_parser parser;
    struct record record;
    char line[100] = "data: ";
    strbuf_init(&record.text, 1000);
    memset(line + 6, 'x', 93);
    line[99] = '\n';
    sse_init(&parser, 300);
    CHECK_OK(sse_feed(&parser, line, 100, record_event, &record));
    CHECK_OK(sse_feed(&parser, line, 100, record_event, &record));
    CHECK_OK(sse_feed(&parser, line, 100, record_event, &record));
    CHECK_STATUS(sse_feed(&parser, line, 100, record_event, &record), STATUS_LIMIT);
    CHECK_STATUS(sse_feed(&parser, "\n\n", 2, record_event, &record), STATUS_LIMIT);
    CHECK_STR(strbuf_text(&record.text), "");
    sse_finish(&parser);
    sse_init(&parser, 300);
    for (int i = 0; i < 3; i++)
        CHECK_OK(sse_feed(&parser, line + 6, 93, record_event, &record));
    CHECK_STATUS(sse_feed(&parser, line, 99, record_event, &record), STATUS_LIMIT);
    sse_finish(&parser);
    strbuf_finish(&record.text);
}

static enum status ndjson_whole(const char *bytes, size_t size, size_t piece, size_t limit,
                                struct record *record)
{
    struct ndjson_parser parser;
    ndjson_init(&parser, limit);
    for (size_t at = 0; at < size; at += piece)
        ndjson_feed(&parser, bytes + at, size - at < piece ? size - at : piece, record_line,
                    record);
    enum status status = ndjson_end(&parser, record_line, record);
    ndjson_finish(&parser);
    return status;
}

TEST(ndjson_hands_out_lines)
{
    const char *bytes = "{\"a\":1}\n\n  \r\n{\"b\":2}\r\n{\"c\":3}";
    for (size_t piece = 1; piece <= strlen(bytes) + 1; piece++) {
        struct record record;
        strbuf_init(&record.text, 1000);
        CHECK_OK(ndjson_whole(bytes, strlen(bytes), piece, 100, &record));
        CHECK_STR(strbuf_text(&record.text), "<{\"a\":1}><{\"b\":2}><{\"c\":3}>");
        strbuf_finish(&record.text);
    }
}

TEST(ndjson_says_the_same_at_any_cut)
{
    struct test_random random = test_random_init();
    char bytes[600];
    for (int round = 0; round < 300; round++) {
        struct record whole, cut;
        size_t size = random_stream(&random, bytes, sizeof(bytes));
        size_t limit = (size_t)test_random_range(&random, 1, 80);
        strbuf_init(&whole.text, 1 << 20);
        strbuf_init(&cut.text, 1 << 20);
        enum status a = ndjson_whole(bytes, size, size + 1, limit, &whole);
        enum status b =
            ndjson_whole(bytes, size, (size_t)test_random_range(&random, 1, 9), limit, &cut);
        CHECK_STATUS(a, b);
        CHECK_STR(strbuf_text(&cut.text), strbuf_text(&whole.text));
        strbuf_finish(&whole.text);
        strbuf_finish(&cut.text);
    }
}

TEST(backoff_doubles_to_its_end)
{
    const int expected[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    struct backoff backoff = {0};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        CHECK_EQ(backoff_next(&backoff, &backoff_default, 0), expected[i]);
    backoff_reset(&backoff);
    CHECK_EQ(backoff_next(&backoff, &backoff_default, 0), 500);
}

TEST(backoff_jitter_fills_its_range)
{
    struct test_random random = test_random_init();
    int low = 100000, high = 0;
    for (int i = 0; i < 2000; i++) {
        struct backoff backoff = {.tries = 3};
        int ms = backoff_next(&backoff, &backoff_default, (uint32_t)test_random_u64(&random));
        low = ms < low ? ms : low;
        high = ms > high ? ms : high;
    }
    CHECK(low >= 3000 && low < 3020);
    CHECK(high <= 4000 && high > 3980);
    struct backoff last = {.tries = UINT32_MAX};
    CHECK(backoff_next(&last, &backoff_default, UINT32_MAX) >= 6000);
}

TEST(failures_have_names_and_texts)
{
    for (int i = 0; i < NET_FAILURE_COUNT; i++) {
        CHECK(net_failure_name(i)[0] >= 'A');
        CHECK(net_failure_text(i)[0] >= 'a');
    }
    CHECK_STR(net_failure_name(NET_FAILURE_TLS), "TLS");
    CHECK_STR(net_failure_text(NET_FAILURE_COUNT), "unknown");
}
