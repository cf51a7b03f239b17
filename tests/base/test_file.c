#include "fault.h"
#include "file.h"
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void file_expect(const char *path, const char *expected)
{
    void *data = NULL;
    size_t size = 0;
    CHECK_OK(file_read(path, 1 << 20, &data, &size, NULL));
    CHECK_STR(data, expected);
    CHECK_EQ(size, strlen(expected));
    free(data);
}

static int folder_entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

TEST(file_write_atomic_makes_and_replaces)
{
    const char *path = test_path("state");
    CHECK_OK(file_write_atomic(path, "one", 3, NULL));
    file_expect(path, "one");
    CHECK_EQ(chmod(path, 0640), 0);
    CHECK_OK(file_write_atomic(path, "second", 6, NULL));
    file_expect(path, "second");
    struct stat st;
    CHECK_EQ(stat(path, &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0640);
    CHECK_EQ(folder_entries(test_folder()), 1);
}

TEST(file_write_atomic_keeps_the_old_file_on_every_fault)
{
    const enum fault_point points[] = {FAULT_WRITE, FAULT_SYNC, FAULT_RENAME};
    const char *path = test_path("state");
    CHECK_OK(file_write_atomic(path, "old", 3, NULL));
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct error error = {0};
        fault_arm(points[i], 1);
        CHECK_STATUS(file_write_atomic(path, "new", 3, &error), STATUS_IO);
        CHECK(!fault_disarm(points[i]));
        CHECK(strstr(error.text, path) != NULL);
        test_note("%s", error.text);
        file_expect(path, "old");
        CHECK_EQ(folder_entries(test_folder()), 1);
    }
}

TEST(file_write_atomic_to_a_full_device_says_so)
{
    struct error error = {0};
    CHECK_STATUS(file_write_atomic("/dev/full", "x", 1, &error), STATUS_IO);
    CHECK(strstr(error.text, "/dev/full: cannot write: No space left") != NULL);
    CHECK_OK(file_write_atomic("/dev/null", "x", 1, &error));
}

/* A limit on file sizes cuts a write in the middle, as a disk does that fills up. */
TEST(file_write_atomic_survives_a_disk_that_fills_up_midway)
{
    static char large[20000];
    const char *path = test_path("state");
    struct error error = {0};
    struct rlimit limit = {.rlim_cur = 9000, .rlim_max = RLIM_INFINITY};
    CHECK_OK(file_write_atomic(path, "old", 3, NULL));
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK_STATUS(file_write_atomic(path, large, sizeof(large), &error), STATUS_IO);
    file_expect(path, "old");
    CHECK_EQ(folder_entries(test_folder()), 1);
}

static void text_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) < 0)
        test_note("%s: %s", path, strerror(errno));
    close(fd);
}

/* A file system of our own of 64 KB, where the system lets an ordinary user mount one. */
static void small_disk_mount(const char *path)
{
    char map[64];
    long user = getuid();
    long group = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        test_skip("no user name space: %s", strerror(errno));
    snprintf(map, sizeof(map), "0 %ld 1", user);
    text_write("/proc/self/uid_map", map);
    text_write("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "0 %ld 1", group);
    text_write("/proc/self/gid_map", map);
    if (mount("tmpfs", path, "tmpfs", 0, "size=64k") != 0)
        test_skip("cannot mount a small disk: %s", strerror(errno));
}

TEST(file_write_atomic_survives_a_full_disk)
{
    static char large[100000];
    const char *folder = test_path("disk");
    const char *path = test_path("disk/state");
    struct error error = {0};
    CHECK_EQ(mkdir(folder, 0700), 0);
    small_disk_mount(folder);
    CHECK_OK(file_write_atomic(path, "old", 3, NULL));
    CHECK_STATUS(file_write_atomic(path, large, sizeof(large), &error), STATUS_IO);
    CHECK(strstr(error.text, "No space left") != NULL);
    file_expect(path, "old");
    CHECK_EQ(folder_entries(folder), 1);
    umount(folder);
}

TEST(file_write_atomic_keeps_symbolic_links)
{
    const char *target = test_path("target");
    const char *link = test_path("link");
    CHECK_OK(file_write_atomic(target, "old", 3, NULL));
    CHECK_EQ(symlink("target", link), 0);
    CHECK_OK(file_write_atomic(link, "new", 3, NULL));
    file_expect(target, "new");
    struct stat st;
    CHECK_EQ(lstat(link, &st), 0);
    CHECK(S_ISLNK(st.st_mode));
}

TEST(file_write_atomic_names_a_path_it_cannot_write)
{
    struct error error = {0};
    CHECK_STATUS(file_write_atomic("/nowhere/at/all", "x", 1, &error), STATUS_NOT_FOUND);
    CHECK_STR(error.text, "/nowhere/at/all: cannot open for writing: No such file or directory");
    char longer[PATH_MAX + 10];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CHECK_STATUS(file_write_atomic(longer, "x", 1, NULL), STATUS_INVALID_ARGUMENT);
}

TEST(file_writer_patches_its_header)
{
    struct file_writer writer;
    const char *path = test_path("file");
    CHECK_OK(file_writer_open(&writer, path, NULL));
    CHECK_OK(file_writer_write(&writer, "????body", 8, NULL));
    CHECK_OK(file_writer_write_at(&writer, 0, "size", 4, NULL));
    CHECK_OK(file_writer_write(&writer, "end", 3, NULL));
    CHECK(access(path, F_OK) != 0);
    CHECK_OK(file_writer_commit(&writer, NULL));
    file_expect(path, "sizebodyend");
    file_writer_discard(&writer);
    CHECK_STATUS(file_writer_commit(&writer, NULL), STATUS_CANCELLED);
}

TEST(file_writer_discard_leaves_nothing)
{
    struct file_writer writer;
    const char *path = test_path("file");
    CHECK_OK(file_writer_open(&writer, path, NULL));
    CHECK_OK(file_writer_write(&writer, "half", 4, NULL));
    file_writer_discard(&writer);
    file_writer_discard(&writer);
    CHECK_STATUS(file_writer_write(&writer, "x", 1, NULL), STATUS_CANCELLED);
    CHECK_EQ(folder_entries(test_folder()), 0);
}

TEST(file_read_keeps_to_its_limit)
{
    void *data = NULL;
    size_t size = 0;
    struct error error = {0};
    const char *path = test_path("file");
    CHECK_OK(file_write_atomic(path, "12345", 5, NULL));
    CHECK_STATUS(file_read(path, 4, &data, &size, &error), STATUS_LIMIT);
    CHECK(strstr(error.text, "5 bytes: expected at most 4") != NULL);
    CHECK_STATUS(file_read(test_path("none"), 4, &data, &size, &error), STATUS_NOT_FOUND);
    CHECK_STATUS(file_read(test_folder(), 4, &data, &size, &error), STATUS_IO);
    fault_arm(FAULT_ALLOC, 1);
    CHECK_STATUS(file_read(path, 5, &data, &size, &error), STATUS_NO_MEMORY);
    CHECK(data == NULL);
}
