/* The front thread and the playback must not allocate. */
#include "front.h"
#include "harness.h"
#include "malloc_trap.h"
#include "models_dir.h"
#include "playout.h"

/* Twenty seconds of noise in odd pieces, through mel, wake word and voice activity. */
TEST(the_front_does_not_allocate)
{
    char path[512];
    struct front *front;
    struct front_frame frame;
    struct error error = {0};
    models_dir_file(NULL, "wake.gguf", path, sizeof(path));
    const struct front_config config = {.model_path = path, .word = "any"};
    enum status status = front_create(&config, &front, &error);
    test_note("%s", error.text);
    CHECK_STATUS(status, STATUS_OK);
    uint32_t random = 1;
    int frames = 0;
    malloc_trap_thread();
    for (int piece = 0; piece < 3200; piece++) {
        float samples[100];
        for (int i = 0; i < 100; i++) {
            random = random * 1664525 + 1013904223;
            samples[i] = (float)(random >> 8) / (float)(1 << 25) - 0.25f;
        }
        for (size_t at = 0; at < 100;) {
            at += front_feed(front, samples + at, 100 - at);
            while (front_poll(front, &frame))
                frames++;
        }
    }
    CHECK_EQ(malloc_trap_end(), 0);
    CHECK(frames > 1990);
    front_destroy(front);
}

TEST(rendering_the_voice_does_not_allocate)
{
    struct playout playout;
    const struct playout_config config = {.rate = 24000, .capacity = 4800};
    float samples[240] = {0.5f};
    CHECK_STATUS(playout_init(&playout, &config, NULL), STATUS_OK);
    playout_write(&playout, samples, 240);
    malloc_trap_thread();
    for (int i = 0; i < 100; i++) {
        playout_render(&playout, samples, 240);
        if (i == 50)
            playout_cut(&playout);
    }
    CHECK_EQ(malloc_trap_end(), 0);
    playout_finish(&playout);
}
