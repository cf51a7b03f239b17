#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "harness.h"
#include "secret.h"

static const char *write_key(const char *name, const char *content, mode_t mode)
{
    const char *path = test_path(name);
    CHECK_OK(file_write_atomic(path, content, strlen(content), NULL));
    CHECK_EQ(chmod(path, mode), 0);
    return path;
}

static void check_refused(const char *path, enum status status, const char *expected)
{
    const struct secret_source source = {.file = path};
    struct secret secret = {0};
    struct error error = {0};
    CHECK_STATUS(secret_load(&source, &secret, &error), status);
    if (!strstr(error.text, expected) || !strstr(error.text, path))
        test_fail(__FILE__, __LINE__, "expected \"%s\" and the path, got: %s", expected,
                  error.text);
    CHECK(!strstr(error.text, "sk-hidden"));
    CHECK(!secret.text);
}

TEST(a_key_comes_from_the_environment)
{
    const struct secret_source source = {.variable = "LINNET_TEST_KEY", .file = "/nonexistent"};
    struct secret secret;
    setenv("LINNET_TEST_KEY", " sk-1 \n", 1);
    CHECK_OK(secret_load(&source, &secret, NULL));
    CHECK_STR(secret_text(&secret), "sk-1");
    CHECK_EQ(secret.length, 4);
    secret_finish(&secret);
    CHECK_STR(secret_text(&secret), "");
}

TEST(a_missing_key_says_what_to_set)
{
    const struct secret_source source = {.variable = "LINNET_TEST_KEY"};
    struct secret secret;
    struct error error;
    unsetenv("LINNET_TEST_KEY");
    CHECK_STATUS(secret_load(&source, &secret, &error), STATUS_NOT_FOUND);
    CHECK(strstr(error.text, "LINNET_TEST_KEY") != NULL);
    CHECK(strstr(error.text, "key_file") != NULL);
}

TEST(no_source_is_an_empty_key)
{
    const struct secret_source source = {0};
    struct secret secret;
    CHECK_OK(secret_load(&source, &secret, NULL));
    CHECK_STR(secret_text(&secret), "");
    secret_finish(&secret);
}

TEST(a_key_comes_from_a_file_of_the_owner)
{
    const struct secret_source source = {.file = write_key("key", "sk-file\n", 0600)};
    struct secret secret;
    CHECK_OK(secret_load(&source, &secret, NULL));
    CHECK_STR(secret_text(&secret), "sk-file");
    secret_finish(&secret);
}

TEST(a_key_others_can_read_is_refused)
{
    check_refused(write_key("open", "sk-hidden", 0640), STATUS_INVALID_ARGUMENT, "chmod 600");
    check_refused(write_key("world", "sk-hidden", 0604), STATUS_INVALID_ARGUMENT, "mode 604");
    check_refused(write_key("empty", " \n", 0600), STATUS_INVALID_ARGUMENT, "empty");
    check_refused(write_key("lines", "sk-hidden\nsk-hidden2", 0600), STATUS_INVALID_ARGUMENT,
                  "printable");
    check_refused(test_folder(), STATUS_INVALID_ARGUMENT, "regular file");
    check_refused(test_path("absent"), STATUS_NOT_FOUND, "cannot be read");
}

TEST(a_key_has_a_limit)
{
    static char text[SECRET_BYTES_MAX + 2];
    memset(text, 'k', SECRET_BYTES_MAX + 1);
    check_refused(write_key("long", text, 0600), STATUS_LIMIT, "at most");
}
