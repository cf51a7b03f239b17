#include "voice_feed.h"

#include <stdlib.h>

void voice_feed_finish(struct voice_feed *feed)
{
    free(feed->data);
    *feed = (struct voice_feed){0};
}

void voice_feed_begin(struct voice_feed *feed, uint32_t turn)
{
    feed->turn = turn;
    feed->ended = false;
    feed->first = feed->count = 0;
}

static enum status grow(struct voice_feed *feed, size_t needed)
{
    size_t room = feed->room ? feed->room : 24000;
    while (room < needed)
        room *= 2;
    int16_t *data = malloc(room * sizeof(data[0]));
    if (!data)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < feed->count; i++)
        data[i] = feed->data[(feed->first + i) % feed->room];
    free(feed->data);
    feed->data = data;
    feed->room = room;
    feed->first = 0;
    return STATUS_OK;
}

enum status voice_feed_add(struct voice_feed *feed, const void *pcm, size_t bytes)
{
    const unsigned char *byte = pcm;
    size_t n = bytes / 2;
    if (bytes % 2)
        return STATUS_INVALID_ARGUMENT;
    if (n > VOICE_FEED_SAMPLES_MAX - feed->count)
        return STATUS_LIMIT;
    if (feed->count + n > feed->room)
        TRY(grow(feed, feed->count + n));
    for (size_t i = 0; i < n; i++)
        feed->data[(feed->first + feed->count + i) % feed->room] =
            (int16_t)(uint16_t)(byte[2 * i] | byte[2 * i + 1] << 8);
    feed->count += n;
    return STATUS_OK;
}

size_t voice_feed_take(struct voice_feed *feed, float *samples, size_t count)
{
    size_t n = count < feed->count ? count : feed->count;
    for (size_t i = 0; i < n; i++)
        samples[i] = (float)feed->data[(feed->first + i) % feed->room] / 32768.0f;
    if (n > 0)
        feed->first = (feed->first + n) % feed->room;
    feed->count -= n;
    return n;
}
