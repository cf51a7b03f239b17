/* mel_dump < FLOATS > FRAMES: raw float32 samples through the front end, for mel_twin.py. */
#include "mel.h"

#include <stdio.h>

int main(void)
{
    struct mel *mel = NULL;
    float samples[1000];
    float frame[MEL_BANDS];
    size_t count;
    if (mel_create(&mel, NULL) != STATUS_OK)
        return 1;
    while ((count = fread(samples, sizeof(*samples), 1000, stdin)) > 0) {
        for (size_t done = 0; done < count;) {
            done += mel_feed(mel, samples + done, count - done);
            while (mel_poll(mel, frame, NULL))
                fwrite(frame, sizeof(*frame), MEL_BANDS, stdout);
        }
    }
    mel_destroy(mel);
    return fflush(stdout) == 0 ? 0 : 1;
}
