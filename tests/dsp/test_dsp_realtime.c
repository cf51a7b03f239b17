/* What dsp/ calls audio-rt safe allocates nothing. */
#include "harness.h"
#include "malloc_trap.h"
#include "mel.h"
#include "resample.h"
#include "ring.h"
#include "stft.h"

#include <stdlib.h>

enum { COUNT = 4800 };

static void mel_work(struct mel *mel, const float *samples)
{
    float frame[MEL_BANDS];
    for (size_t done = 0; done < COUNT;) {
        done += mel_feed(mel, samples + done, COUNT - done);
        while (mel_poll(mel, frame, NULL))
            continue;
    }
    mel_reset(mel);
}

static void resample_work(struct resampler *r, const float *samples)
{
    float out[500];
    for (size_t done = 0; done < COUNT;)
        done += resample_process(r, samples + done, COUNT - done, out, 500).taken;
    while (resample_flush(r, out, 500) > 0)
        continue;
    resample_reset(r);
}

static void stft_work(struct stft *stft, struct istft *istft, const float *samples)
{
    struct fft_bin bins[257];
    float out[512];
    for (size_t done = 0; done < COUNT;) {
        done += stft_feed(stft, samples + done, COUNT - done);
        while (stft_poll(stft, bins, NULL))
            istft_push(istft, bins, out);
    }
    istft_flush(istft, out);
}

static void ring_work(struct ring *ring, const float *samples)
{
    float out[300];
    ring_write(ring, samples, 1000);
    ring_read(ring, out, 300);
    ring_read_or_silence(ring, out, 300);
    ring_drop(ring);
}

TEST(dsp_processing_allocates_nothing)
{
    static float samples[COUNT];
    struct mel *mel = NULL;
    struct resampler *r = NULL;
    struct stft *stft = NULL;
    struct istft *istft = NULL;
    struct ring ring;
    CHECK_OK(mel_create(&mel, NULL));
    CHECK_OK(resample_create(48000, 16000, &r, NULL));
    CHECK_OK(stft_create(512, 128, &stft, NULL));
    CHECK_OK(istft_create(512, 128, &istft, NULL));
    CHECK_OK(ring_init(&ring, 700, NULL));
    malloc_trap_thread();
    mel_work(mel, samples);
    resample_work(r, samples);
    stft_work(stft, istft, samples);
    ring_work(&ring, samples);
    CHECK_EQ(malloc_trap_end(), 0);
    mel_destroy(mel);
    resample_destroy(r);
    stft_destroy(stft);
    istft_destroy(istft);
    ring_finish(&ring);
}

TEST(malloc_trap_counts_this_thread)
{
    malloc_trap_thread();
    void *volatile memory = malloc(10);
    free(memory);
    memory = aligned_alloc(64, 64);
    free(memory);
    CHECK_EQ(malloc_trap_end(), 4);
    memory = malloc(10);
    free(memory);
    CHECK_EQ(malloc_trap_end(), 4);
}
