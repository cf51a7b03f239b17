#include "fault.h"
#include "harness.h"
#include "ring.h"

#include <pthread.h>
#include <string.h>

TEST(ring_rounds_its_capacity_up)
{
    struct ring ring;
    CHECK_OK(ring_init(&ring, 5, NULL));
    CHECK_EQ(ring_writable(&ring), 8);
    CHECK_EQ(ring_readable(&ring), 0);
    ring_finish(&ring);
    ring_finish(&ring);
    ring_finish(NULL);
}

TEST(ring_refuses_absurd_capacities)
{
    struct ring ring;
    struct error error = {0};
    CHECK_STATUS(ring_init(&ring, 0, &error), STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(ring_init(&ring, (size_t)RING_CAPACITY_MAX + 1, &error), STATUS_INVALID_ARGUMENT);
    CHECK(strstr(error.text, "expected 1 to") != NULL);
    fault_arm(FAULT_ALLOC, 1);
    CHECK_STATUS(ring_init(&ring, 8, &error), STATUS_NO_MEMORY);
}

TEST(ring_counts_what_it_loses)
{
    struct ring ring;
    float in[12], out[12];
    for (int i = 0; i < 12; i++)
        in[i] = (float)i;
    CHECK_OK(ring_init(&ring, 8, NULL));
    CHECK_EQ(ring_write(&ring, in, 12), 8);
    CHECK_EQ(ring_overrun(&ring), 4);
    CHECK_EQ(ring_read(&ring, out, 3), 3);
    CHECK_EQ(ring_underrun(&ring), 0);
    CHECK_EQ(ring_read_or_silence(&ring, out, 12), 5);
    CHECK_EQ(ring_underrun(&ring), 7);
    CHECK(out[0] == 3.0f && out[4] == 7.0f && out[5] == 0.0f && out[11] == 0.0f);
    ring_write(&ring, in, 6);
    CHECK_EQ(ring_drop(&ring), 6);
    CHECK_EQ(ring_readable(&ring), 0);
    ring_finish(&ring);
}

TEST(ring_acquire_gives_contiguous_pieces)
{
    struct ring ring;
    float in[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    CHECK_OK(ring_init(&ring, 8, NULL));
    ring_write(&ring, in, 6);
    ring_drop(&ring);
    size_t count = 8;
    float *room = ring_write_acquire(&ring, &count);
    CHECK_EQ(count, 2);
    memcpy(room, in, count * sizeof(*in));
    ring_write_commit(&ring, 2);
    count = 8;
    CHECK(ring_write_acquire(&ring, &count) == ring.samples);
    CHECK_EQ(count, 6);
    count = 1;
    const float *there = ring_read_acquire(&ring, &count);
    CHECK_EQ(count, 1);
    CHECK(*there == 1.0f);
    ring_read_commit(&ring, 1);
    CHECK_EQ(ring_readable(&ring), 1);
    ring_finish(&ring);
}

TEST(ring_survives_the_wrap_of_its_indices)
{
    struct ring ring;
    float value = 0.5f, out = 0.0f;
    CHECK_OK(ring_init(&ring, 4, NULL));
    atomic_store(&ring.written, UINT32_MAX - 1);
    atomic_store(&ring.read, UINT32_MAX - 1);
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(ring_write(&ring, &value, 1), 1);
        CHECK_EQ(ring_readable(&ring), 1);
        CHECK_EQ(ring_read(&ring, &out, 1), 1);
        CHECK(out == value);
    }
    ring_finish(&ring);
}

enum { STREAM_LENGTH = 200000 };

static void *stream_write(void *argument)
{
    struct ring *ring = argument;
    struct test_random random = test_random_init();
    for (uint32_t next = 0; next < STREAM_LENGTH;) {
        size_t count = (size_t)test_random_range(&random, 1, 97);
        float *room = ring_write_acquire(ring, &count);
        if (count > STREAM_LENGTH - next)
            count = STREAM_LENGTH - next;
        for (size_t i = 0; i < count; i++)
            room[i] = (float)next++;
        ring_write_commit(ring, count);
    }
    return NULL;
}

TEST(ring_keeps_order_between_two_threads)
{
    struct ring ring;
    pthread_t writer;
    struct test_random random = {.state = test_seed() + 1};
    CHECK_OK(ring_init(&ring, 256, NULL));
    CHECK_EQ(pthread_create(&writer, NULL, stream_write, &ring), 0);
    float out[128];
    uint32_t expected = 0;
    while (expected < STREAM_LENGTH) {
        size_t count = ring_read(&ring, out, (size_t)test_random_range(&random, 1, 128));
        for (size_t i = 0; i < count; i++)
            CHECK_EQ(out[i], expected++);
    }
    pthread_join(writer, NULL);
    CHECK_EQ(ring_readable(&ring), 0);
    CHECK_EQ(ring_overrun(&ring), 0);
    ring_finish(&ring);
}
