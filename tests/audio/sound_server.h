/* A real PulseAudio daemon for tests, with two null sinks "speaker" and "mic", in the test's own
 * folder.
 *
 * The environment is set so that libpulse and ALSA's pulse plugin find this server and nothing
 * else.
 *
 * Thread: the test's main thread. */
#ifndef LINNET_TESTS_SOUND_SERVER_H
#define LINNET_TESTS_SOUND_SERVER_H

#include <sys/types.h>

struct sound_server {
    pid_t pid; /* leads a process group */
};

/* Point libpulse at this test's folder; no server runs there yet. */
void sound_server_environment(void);

/* Start the daemon and wait until it answers; skips the test when pulseaudio is not installed. */
void sound_server_start(struct sound_server *server);

/* The same with PipeWire in the place of PulseAudio; skips the test when it is not installed. */
void sound_server_start_pipewire(struct sound_server *server);

/* End it the hard way. */
void sound_server_kill(struct sound_server *server);

/* Path of its socket. */
const char *sound_server_socket(void);

#endif
