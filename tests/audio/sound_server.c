#include "sound_server.h"

#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES = 500 };

const char *sound_server_socket(void)
{
    return test_path("pulse.socket");
}

void sound_server_environment(void)
{
    char address[600];
    snprintf(address, sizeof(address), "unix:%s", sound_server_socket());
    mkdir(test_path("home"), 0700);
    mkdir(test_path("runtime"), 0700);
    setenv("HOME", test_path("home"), 1);
    setenv("XDG_RUNTIME_DIR", test_path("runtime"), 1);
    setenv("XDG_CONFIG_HOME", test_path("home"), 1);
    setenv("PULSE_SERVER", address, 1);
    setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
    unsetenv("DISPLAY");
    unsetenv("PULSE_SINK");
    unsetenv("PULSE_SOURCE");
}

static void write_script(void)
{
    FILE *f = fopen(test_path("test.pa"), "w");
    CHECK(f != NULL);
    fprintf(f, "load-module module-native-protocol-unix auth-anonymous=1 socket=%s\n",
            sound_server_socket());
    fprintf(f, "load-module module-null-sink sink_name=speaker rate=48000 channels=2\n");
    fprintf(f, "load-module module-null-sink sink_name=mic rate=48000 channels=2\n");
    fprintf(f, "set-default-sink speaker\nset-default-source mic.monitor\n");
    fclose(f);
}

static bool answers(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, sound_server_socket(), sizeof(address.sun_path) - 1);
    bool ok = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return ok;
}

/* The daemon must not outlive a test that fails. */
static void become_daemon(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int log = open(test_path("pulse.log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 1);
    dup2(log, 2);
    execlp("pulseaudio", "pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
           "--realtime=no", "--high-priority=no", "--disable-shm=yes", "-n", "-F",
           test_path("test.pa"), (char *)NULL);
    _exit(127);
}

void sound_server_start(struct sound_server *server)
{
    if (system("command -v pulseaudio >/dev/null 2>&1") != 0)
        test_skip("pulseaudio is not installed");
    sound_server_environment();
    write_script();
    unlink(sound_server_socket());
    server->pid = fork();
    if (server->pid == 0)
        become_daemon();
    for (int i = 0; i < START_TRIES && !answers(); i++)
        usleep(20000);
    if (!answers())
        test_fail(__FILE__, __LINE__, "pulseaudio does not answer at %s", sound_server_socket());
    /* The null sinks come after the socket in the script. */
    usleep(200000);
}

void sound_server_kill(struct sound_server *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}
