#include "stft.h"

#include "fault.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below this sum of squared windows a sample cannot be told from rounding (torch.istft uses the
 * same). */
static const float ENVELOPE_MIN = 1e-11f;

struct stft {
    struct fft *fft;
    size_t size;
    size_t hop;
    size_t fill;
    uint64_t index;
    float *window;
    float *samples;
    float *windowed;
};

struct istft {
    struct fft *fft;
    size_t size;
    size_t hop;
    float *window;
    float *frame;
    float *sum;
    float *envelope;
};

/* Check the shape, plan, and allocate `arrays` blocks of `size` floats in one piece, the first
 * filled with the window. */
static enum status frame_prepare(size_t size, size_t hop, size_t arrays, struct fft **ret_fft,
                                 float **ret_block, struct error *ret_error)
{
    struct fft *fft = NULL;
    if (hop < 1 || hop > size)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "stft: hop %zu: expected 1 to %zu",
                         hop, size);
    TRY(fft_create(size, &fft, ret_error));
    float *block = mem_calloc(arrays * size, sizeof(*block));
    if (!block) {
        fft_destroy(fft);
        return error_set(ret_error, STATUS_NO_MEMORY, "stft: out of memory for size %zu", size);
    }
    for (size_t i = 0; i < size; i++)
        block[i] = (float)(0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)size));
    *ret_fft = fft;
    *ret_block = block;
    return STATUS_OK;
}

enum status stft_create(size_t size, size_t hop, struct stft **ret_stft, struct error *ret_error)
{
    struct stft *stft = mem_calloc(1, sizeof(*stft));
    if (!stft)
        return error_set(ret_error, STATUS_NO_MEMORY, "stft: out of memory");
    enum status status = frame_prepare(size, hop, 3, &stft->fft, &stft->window, ret_error);
    if (status != STATUS_OK) {
        free(stft);
        return status;
    }
    stft->size = size;
    stft->hop = hop;
    stft->samples = stft->window + size;
    stft->windowed = stft->samples + size;
    *ret_stft = stft;
    return STATUS_OK;
}

void stft_destroy(struct stft *stft)
{
    if (!stft)
        return;
    fft_destroy(stft->fft);
    free(stft->window);
    free(stft);
}

void stft_reset(struct stft *stft)
{
    stft->fill = 0;
    stft->index = 0;
}

size_t stft_feed(struct stft *stft, const float *samples, size_t count)
{
    size_t room = stft->size - stft->fill;
    size_t taken = count < room ? count : room;
    memcpy(stft->samples + stft->fill, samples, taken * sizeof(*samples));
    stft->fill += taken;
    return taken;
}

bool stft_poll(struct stft *stft, struct fft_bin *ret_bins, uint64_t *ret_index)
{
    if (stft->fill < stft->size)
        return false;
    for (size_t i = 0; i < stft->size; i++)
        stft->windowed[i] = stft->samples[i] * stft->window[i];
    fft_forward(stft->fft, stft->windowed, ret_bins);
    if (ret_index)
        *ret_index = stft->index;
    stft->index++;
    stft->fill -= stft->hop;
    memmove(stft->samples, stft->samples + stft->hop, stft->fill * sizeof(*stft->samples));
    return true;
}

enum status istft_create(size_t size, size_t hop, struct istft **ret_istft, struct error *ret_error)
{
    struct istft *istft = mem_calloc(1, sizeof(*istft));
    if (!istft)
        return error_set(ret_error, STATUS_NO_MEMORY, "istft: out of memory");
    enum status status = frame_prepare(size, hop, 4, &istft->fft, &istft->window, ret_error);
    if (status != STATUS_OK) {
        free(istft);
        return status;
    }
    istft->size = size;
    istft->hop = hop;
    istft->frame = istft->window + size;
    istft->sum = istft->frame + size;
    istft->envelope = istft->sum + size;
    *ret_istft = istft;
    return STATUS_OK;
}

void istft_destroy(struct istft *istft)
{
    if (!istft)
        return;
    fft_destroy(istft->fft);
    free(istft->window);
    free(istft);
}

void istft_reset(struct istft *istft)
{
    memset(istft->sum, 0, istft->size * sizeof(*istft->sum));
    memset(istft->envelope, 0, istft->size * sizeof(*istft->envelope));
}

static void istft_emit(const struct istft *istft, size_t count, float *ret_samples)
{
    for (size_t i = 0; i < count; i++)
        ret_samples[i] =
            istft->envelope[i] > ENVELOPE_MIN ? istft->sum[i] / istft->envelope[i] : 0.0f;
}

/* Move one hop on; what comes in at the end is empty. */
static void istft_shift(float *values, size_t size, size_t hop)
{
    memmove(values, values + hop, (size - hop) * sizeof(*values));
    memset(values + size - hop, 0, hop * sizeof(*values));
}

void istft_push(struct istft *istft, const struct fft_bin *bins, float *ret_samples)
{
    fft_inverse(istft->fft, bins, istft->frame);
    for (size_t i = 0; i < istft->size; i++) {
        istft->sum[i] += istft->frame[i] * istft->window[i];
        istft->envelope[i] += istft->window[i] * istft->window[i];
    }
    istft_emit(istft, istft->hop, ret_samples);
    istft_shift(istft->sum, istft->size, istft->hop);
    istft_shift(istft->envelope, istft->size, istft->hop);
}

void istft_flush(struct istft *istft, float *ret_samples)
{
    istft_emit(istft, istft->size - istft->hop, ret_samples);
}
