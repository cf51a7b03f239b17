#include "frame_ring.h"
#include "harness.h"
#include "thread.h"

enum { FRAMES = 20000 };

static void write_all(void *context)
{
    struct frame_ring *ring = context;
    struct front_frame frame = {.index = 0};
    while (frame.index < FRAMES) {
        frame.mel[0] = (float)frame.index;
        frame.mel[MEL_BANDS - 1] = -(float)frame.index;
        if (frame_ring_write(ring, &frame))
            frame.index++;
    }
}

TEST(frames_cross_threads_in_order_and_whole)
{
    struct frame_ring ring;
    struct thread thread = {0};
    struct front_frame frame;
    CHECK_STATUS(frame_ring_init(&ring, 64, NULL), STATUS_OK);
    CHECK_STATUS(
        thread_start(&thread,
                     &(struct thread_config){.name = "writer", .run = write_all, .context = &ring},
                     NULL),
        STATUS_OK);
    for (uint64_t expected = 0; expected < FRAMES;) {
        if (!frame_ring_read(&ring, &frame))
            continue;
        CHECK_EQ(frame.index, expected);
        CHECK(frame.mel[0] == (float)expected && frame.mel[MEL_BANDS - 1] == -(float)expected);
        expected++;
    }
    thread_join(&thread);
    CHECK(!frame_ring_read(&ring, &frame));
    frame_ring_finish(&ring);
}

TEST(a_full_ring_counts_what_it_drops)
{
    struct frame_ring ring;
    struct front_frame frame = {.index = 0};
    CHECK_STATUS(frame_ring_init(&ring, 4, NULL), STATUS_OK);
    for (int i = 0; i < 7; i++)
        frame_ring_write(&ring, &frame);
    CHECK_EQ(atomic_load(&ring.dropped), 3);
    frame_ring_finish(&ring);
}
