#include "mel.h"

#include "fault.h"
#include "fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEL_BINS = MEL_FFT / 2 + 1 };

static const double MEL_LOW_HZ = 20.0;
static const double MEL_HIGH_HZ = 7600.0;
static const float MEL_FLOOR = 1e-10f;

/* Non-zero weights of one triangle, `count` bins from `first`. */
struct mel_filter {
    int first;
    int count;
    float weights[MEL_BINS];
};

struct mel {
    struct fft *fft;
    uint64_t index;
    size_t fill;
    float samples[MEL_WINDOW];
    float window[MEL_WINDOW];
    float padded[MEL_FFT];
    struct fft_bin bins[MEL_BINS];
    float power[MEL_BINS];
    struct mel_filter filters[MEL_BANDS];
};

static double mel_of_hz(double hz)
{
    return 2595.0 * log10(1.0 + hz / 700.0);
}

static double hz_of_mel(double mel)
{
    return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
}

/* Corner i of MEL_BANDS + 2: filter b rises from corner b, peaks at b + 1 and is back to zero at b
 * + 2. */
static double mel_corner_hz(int i)
{
    double low = mel_of_hz(MEL_LOW_HZ);
    double high = mel_of_hz(MEL_HIGH_HZ);
    return hz_of_mel(low + (high - low) * i / (MEL_BANDS + 1));
}

static void mel_filter_init(struct mel_filter *filter, int band)
{
    double left = mel_corner_hz(band);
    double peak = mel_corner_hz(band + 1);
    double right = mel_corner_hz(band + 2);
    filter->first = 0;
    filter->count = 0;
    for (int bin = 0; bin < MEL_BINS; bin++) {
        double hz = (double)bin * MEL_RATE / MEL_FFT;
        double weight = fmin((hz - left) / (peak - left), (right - hz) / (right - peak));
        if (weight <= 0.0)
            continue;
        if (!filter->count)
            filter->first = bin;
        filter->weights[filter->count++] = (float)weight;
    }
}

enum status mel_create(struct mel **ret_mel, struct error *ret_error)
{
    struct mel *mel = mem_calloc(1, sizeof(*mel));
    if (!mel)
        return error_set(ret_error, STATUS_NO_MEMORY, "mel: out of memory");
    enum status status = fft_create(MEL_FFT, &mel->fft, ret_error);
    if (status != STATUS_OK) {
        mel_destroy(mel);
        return status;
    }
    for (int i = 0; i < MEL_WINDOW; i++)
        mel->window[i] = (float)(0.5 - 0.5 * cos(2.0 * M_PI * i / MEL_WINDOW));
    for (int band = 0; band < MEL_BANDS; band++)
        mel_filter_init(&mel->filters[band], band);
    *ret_mel = mel;
    return STATUS_OK;
}

void mel_destroy(struct mel *mel)
{
    if (!mel)
        return;
    fft_destroy(mel->fft);
    free(mel);
}

void mel_reset(struct mel *mel)
{
    mel->index = 0;
    mel->fill = 0;
}

size_t mel_feed(struct mel *mel, const float *samples, size_t count)
{
    size_t room = MEL_WINDOW - mel->fill;
    size_t taken = count < room ? count : room;
    memcpy(mel->samples + mel->fill, samples, taken * sizeof(*samples));
    mel->fill += taken;
    return taken;
}

static float mel_band(const struct mel_filter *filter, const float *power)
{
    float sum = 0.0f;
    for (int i = 0; i < filter->count; i++)
        sum += filter->weights[i] * power[filter->first + i];
    return logf(fmaxf(sum, MEL_FLOOR));
}

bool mel_poll(struct mel *mel, float ret_frame[MEL_BANDS], uint64_t *ret_index)
{
    if (mel->fill < MEL_WINDOW)
        return false;
    for (int i = 0; i < MEL_WINDOW; i++)
        mel->padded[i] = mel->samples[i] * mel->window[i];
    fft_forward(mel->fft, mel->padded, mel->bins);
    for (int i = 0; i < MEL_BINS; i++)
        mel->power[i] = mel->bins[i].re * mel->bins[i].re + mel->bins[i].im * mel->bins[i].im;
    for (int band = 0; band < MEL_BANDS; band++)
        ret_frame[band] = mel_band(&mel->filters[band], mel->power);
    if (ret_index)
        *ret_index = mel->index;
    mel->index++;
    mel->fill -= MEL_HOP;
    memmove(mel->samples, mel->samples + MEL_HOP, mel->fill * sizeof(*mel->samples));
    return true;
}

uint64_t mel_frame_count(uint64_t samples)
{
    return samples < MEL_WINDOW ? 0 : (samples - MEL_WINDOW) / MEL_HOP + 1;
}
