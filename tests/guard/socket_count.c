/* Preloaded into the command: writes a line to the file $SOCKET_COUNT for every socket of an
 * Internet family that is made and every connection that is tried, so that a test can prove that
 * there was none. Local sockets (a sound server, a log) are another matter. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *what, int family)
{
    char line[64];
    const char *path = getenv("SOCKET_COUNT");
    if (!path || (family != AF_INET && family != AF_INET6))
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int length = snprintf(line, sizeof(line), "%s %d\n", what, family);
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        abort();
    close(fd);
}

#define VISIBLE __attribute__((visibility("default")))

VISIBLE int socket(int family, int type, int protocol)
{
    note("socket", family);
    return (int)syscall(SYS_socket, family, type, protocol);
}

VISIBLE int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    note("connect", address->sa_family);
    return (int)syscall(SYS_connect, fd, address, length);
}
