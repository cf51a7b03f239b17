#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "store.h"

static void temp_path(char *path, size_t size)
{
    snprintf(path, size, "/tmp/linnet-store-XXXXXX");
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
}

TEST(reminders_survive_a_restart)
{
    char path[64];
    temp_path(path, sizeof(path));
    struct store *store;
    struct reminder out;
    CHECK_STATUS(store_create(path, &store, NULL), STATUS_OK);
    struct reminder timer = {.kind = REMINDER_TIMER, .due = 100, .duration = 60, .name = "pasta"};
    CHECK_STATUS(store_add(store, &timer, NULL), STATUS_OK);
    store_destroy(store);
    CHECK_STATUS(store_create(path, &store, NULL), STATUS_OK);
    CHECK(!store_take_due(store, 99, &out));
    CHECK(store_take_due(store, 100, &out));
    CHECK_STR(out.name, "pasta");
    CHECK(!store_take_due(store, 1000, &out));
    store_destroy(store);
    unlink(path);
}

/* A process killed without warning between two changes loses neither. */
TEST(reminders_survive_a_kill)
{
    char path[64];
    temp_path(path, sizeof(path));
    pid_t child = fork();
    if (child == 0) {
        struct store *store;
        struct reminder alarm = {.kind = REMINDER_ALARM, .due = 5, .name = ""};
        if (store_create(path, &store, NULL) == STATUS_OK &&
            store_add(store, &alarm, NULL) == STATUS_OK)
            _exit(7); /* no destroy: as a power cut would leave it */
        _exit(1);
    }
    int wait_status;
    CHECK_EQ(waitpid(child, &wait_status, 0), child);
    CHECK_EQ(WEXITSTATUS(wait_status), 7);
    struct store *store;
    struct reminder out[2];
    CHECK_STATUS(store_create(path, &store, NULL), STATUS_OK);
    CHECK_EQ(store_list(store, REMINDER_ALARM, "", out, 2), 1);
    store_destroy(store);
    unlink(path);
}

TEST(a_foreign_file_is_refused_and_kept)
{
    char path[64];
    temp_path(path, sizeof(path));
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++)
        fprintf(file, "this is somebody's diary\n");
    fclose(file);
    struct store *store;
    struct error error = {0};
    CHECK_STATUS(store_create(path, &store, &error), STATUS_FORMAT);
    CHECK(strstr(error.text, path) != NULL);
    file = fopen(path, "r");
    char line[64];
    CHECK(fgets(line, sizeof(line), file) != NULL);
    CHECK_STR(line, "this is somebody's diary\n");
    fclose(file);
    unlink(path);
}

TEST(an_unwritable_place_is_an_error)
{
    struct store *store;
    struct error error = {0};
    CHECK_STATUS(store_create("/no/such/folder/state.db", &store, &error), STATUS_IO);
    CHECK(strstr(error.text, "/no/such/folder/state.db") != NULL);
}

TEST(reminders_are_bounded_and_sorted)
{
    struct store *store;
    CHECK_STATUS(store_create(":memory:", &store, NULL), STATUS_OK);
    for (int i = 0; i < REMINDERS_MAX; i++) {
        struct reminder timer = {.kind = REMINDER_TIMER, .due = 1000 - i};
        CHECK_STATUS(store_add(store, &timer, NULL), STATUS_OK);
    }
    struct reminder more = {.kind = REMINDER_TIMER, .due = 1};
    CHECK_STATUS(store_add(store, &more, NULL), STATUS_LIMIT);
    struct reminder list[REMINDERS_MAX];
    CHECK_EQ(store_list(store, REMINDER_TIMER, "", list, REMINDERS_MAX), REMINDERS_MAX);
    for (int i = 1; i < REMINDERS_MAX; i++)
        CHECK(list[i - 1].due <= list[i].due);
    CHECK_STATUS(store_remove(store, list[0].id, NULL), STATUS_OK);
    CHECK_STATUS(store_remove(store, list[0].id, NULL), STATUS_NOT_FOUND);
    store_destroy(store);
}

TEST(decisions_are_kept_up_to_a_number)
{
    struct store *store;
    char line[32], *text;
    CHECK_OK(store_create(":memory:", &store, NULL));
    CHECK_STATUS(store_decision(store, 1, &text, NULL), STATUS_NOT_FOUND);
    for (int i = 1; i <= STORE_DECISIONS_MAX + 100; i++) {
        snprintf(line, sizeof(line), "{\"n\":%d}", i);
        CHECK_OK(store_add_decision(store, line, NULL));
    }
    CHECK_OK(store_decision(store, 1, &text, NULL));
    CHECK_STR(text, line);
    free(text);
    CHECK_OK(store_decision(store, STORE_DECISIONS_MAX, &text, NULL));
    CHECK_STR(text, "{\"n\":101}");
    free(text);
    CHECK_STATUS(store_decision(store, STORE_DECISIONS_MAX + 1, &text, NULL), STATUS_NOT_FOUND);
    CHECK_STATUS(store_decision(store, 0, &text, NULL), STATUS_NOT_FOUND);
    store_destroy(store);
}
