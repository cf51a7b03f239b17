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
    return test_path("runtime/pulse/native");
}

void sound_server_environment(void)
{
    char address[600];
    snprintf(address, sizeof(address), "unix:%s", sound_server_socket());
    mkdir(test_path("home"), 0700);
    mkdir(test_path("runtime"), 0700);
    mkdir(test_path("runtime/pulse"), 0700);
    setenv("HOME", test_path("home"), 1);
    setenv("XDG_RUNTIME_DIR", test_path("runtime"), 1);
    setenv("XDG_CONFIG_HOME", test_path("home"), 1);
    setenv("XDG_STATE_HOME", test_path("home"), 1);
    setenv("PULSE_SERVER", address, 1);
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
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

static bool installed(const char *program)
{
    char command[100];
    snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

/* Run a command that must not outlive a test which fails. */
static void start_daemon(struct sound_server *server, const char *command)
{
    sound_server_environment();
    unlink(sound_server_socket());
    server->pid = fork();
    if (server->pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        int log = open(test_path("server.log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, 1);
        dup2(log, 2);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < START_TRIES && !answers(); i++)
        usleep(20000);
    if (!answers())
        test_fail(__FILE__, __LINE__, "no answer at %s; the server was: %s", sound_server_socket(),
                  command);
}

void sound_server_start(struct sound_server *server)
{
    char command[1000];
    snprintf(command, sizeof(command),
             "exec pulseaudio --daemonize=no --exit-idle-time=-1 --use-pid-file=no --realtime=no "
             "--high-priority=no --disable-shm=yes -n -F %s",
             test_path("test.pa"));
    if (!installed("pulseaudio"))
        test_skip("pulseaudio is not installed");
    write_script();
    start_daemon(server, command);
    /* The null sinks come after the socket in the script. */
    usleep(200000);
}

/* It is WirePlumber that names a default sink and connects streams; where it cannot run (no system
 * bus, no machine id, as in a bare chroot) PipeWire's server answers but plays nothing. */
static bool session_manager_runs(void)
{
    for (int i = 0; i < 100; i++) {
        if (system("pactl info 2>/dev/null | grep -q '^Default Sink: speaker'") == 0)
            return true;
        usleep(50000);
    }
    return false;
}

/* PipeWire takes three daemons and a message bus. */
void sound_server_start_pipewire(struct sound_server *server)
{
    if (!installed("pipewire-pulse") || !installed("wireplumber") ||
        !installed("dbus-run-session") || !installed("pactl"))
        test_skip("pipewire-pulse, wireplumber, dbus or pactl is not installed");
    start_daemon(server, "exec dbus-run-session -- sh -c \"trap 'trap - TERM; kill 0' TERM EXIT; "
                         "pipewire & sleep 0.5; "
                         "wireplumber & pipewire-pulse & wait\"");
    CHECK_EQ(system("pactl load-module module-null-sink sink_name=speaker channels=1 "
                    "channel_map=mono >/dev/null"),
             0);
    if (!session_manager_runs()) {
        sound_server_kill(server);
        test_skip("wireplumber does not run here");
    }
}

void sound_server_kill(struct sound_server *server)
{
    if (server->pid <= 0)
        return;
    kill(-server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}
