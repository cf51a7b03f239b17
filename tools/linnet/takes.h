/* Takes of a word from the microphone: each is what is said between two pauses, with some of the
 * quiet around it.
 *
 * Thread: control. */
#ifndef LINNET_TOOLS_TAKES_H
#define LINNET_TOOLS_TAKES_H

#include <stddef.h>

#include "status.h"

enum { TAKES_MAX = 10, TAKES_PATH_BYTES = 512 };

struct takes {
    size_t count;
    char path[TAKES_MAX][TAKES_PATH_BYTES]; /* 16-bit WAV of 16 kHz */
};

struct takes_config {
    const char *input;  /* device_choice.h */
    const char *models; /* folder of the model files, NULL: as elsewhere */
    const char *prefix; /* of the files: PREFIX-1.wav ... */
    size_t wanted;      /* 1 to TAKES_MAX */
    /* Called when a take is wanted and when it is there (seconds > 0), number from 1. */
    void (*tell)(void *context, size_t number, double seconds);
    void *context;
};

/* Record them. Sounds shorter than 0.2 s or longer than 3 s are no takes. Errors: those of device
 * and files; TIMEOUT when nobody speaks for 20 s; END when the sound of a file ends too soon. */
enum status takes_record(const struct takes_config *config, struct takes *ret_takes,
                         struct error *ret_error);

#endif
