/* No memory is allocated on the audio threads once they run: a trap in malloc counts who does.
 *
 * The harness's trap counts every call; this one also tells who made it. libpulse allocates its
 * message frames on the thread that runs its loop, so there only calls from our own code count.
 * Sanitizers bring a malloc of their own; under them this program has nothing to do. */
#include "desk.h"
#include "harness.h"
#include "sound_server.h"
#include "wav.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

static atomic_bool armed;
static atomic_uint from_us, from_libraries;

#if OWN_MALLOC
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern char __executable_start[], etext[];

static void note_call(const void *caller)
{
    char name[16] = "";
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return;
    prctl(PR_GET_NAME, name);
    if (strncmp(name, "audio-", 6) != 0)
        return;
    bool ours = (const char *)caller >= __executable_start && (const char *)caller < etext;
    atomic_fetch_add(ours ? &from_us : &from_libraries, 1);
}

#define EXPORTED __attribute__((visibility("default"), noinline))

EXPORTED void *malloc(size_t size)
{
    note_call(__builtin_return_address(0));
    return __libc_malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size)
{
    note_call(__builtin_return_address(0));
    return __libc_calloc(count, size);
}

EXPORTED void *realloc(void *block, size_t size)
{
    note_call(__builtin_return_address(0));
    return __libc_realloc(block, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    note_call(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
    note_call(__builtin_return_address(0));
    *ret_block = __libc_memalign(alignment, size);
    return *ret_block ? 0 : ENOMEM;
}
#endif

static void need_own_malloc(void)
{
    if (!OWN_MALLOC)
        test_skip("the sanitizer's malloc cannot be trapped");
}

static void *allocate(void *context)
{
    prctl(PR_SET_NAME, "audio-test");
    void *volatile block = malloc(100);
    free(block);
    return context;
}

TEST(the_trap_catches)
{
    pthread_t thread;
    need_own_malloc();
    atomic_store(&armed, true);
    pthread_create(&thread, NULL, allocate, NULL);
    pthread_join(thread, NULL);
    void *volatile block = malloc(100);
    free(block);
    CHECK_EQ(atomic_load(&from_us), 1);
}

/* Run a pair of devices, speech and a flush included, with the trap armed after the first moments.
 */
static void run_armed(const char *backend, const char *source, const char *sink)
{
    static struct desk desk;
    struct audio_counters counters;
    desk_init(&desk, true);
    struct audio_device *mic = desk_device(&desk, AUDIO_CAPTURE, backend, source);
    struct audio_device *speaker = desk_device(&desk, AUDIO_PLAYBACK, backend, sink);
    CHECK_OK(audio_device_start(mic, NULL));
    CHECK_OK(audio_device_start(speaker, NULL));
    desk_play_tone(&desk, 300);
    atomic_store(&armed, true);
    desk_play_tone(&desk, 2500);
    playout_set_volume(&desk.playout, 0.5f);
    audio_device_flush(speaker);
    desk_play_tone(&desk, 200);
    atomic_store(&armed, false);
    audio_device_counters(mic, &counters);
    CHECK(counters.frames > 0);
    audio_device_counters(speaker, &counters);
    CHECK(counters.frames > 0);
    audio_device_destroy(mic);
    audio_device_destroy(speaker);
    desk_finish(&desk);
    test_note("%s: allocations by us %u, by libraries %u", backend, atomic_load(&from_us),
              atomic_load(&from_libraries));
    CHECK_EQ(atomic_load(&from_us), 0);
}

TEST(null_and_file_devices_do_not_allocate)
{
    static float tone[44100];
    need_own_malloc();
    CHECK_OK(wav_save(test_path("in.wav"), tone, 44100, 44100, NULL));
    run_armed("file", test_path("in.wav"), test_path("out.wav"));
    run_armed("null", NULL, NULL);
    CHECK_EQ(atomic_load(&from_libraries), 0);
}

TEST(alsa_devices_do_not_allocate)
{
    need_own_malloc();
    FILE *f = fopen(test_path("asound.conf"), "w");
    CHECK(f != NULL);
    fprintf(
        f,
        "pcm.nothing { type null }\npcm.default { type plug slave { pcm nothing rate 48000 } }\n");
    fclose(f);
    setenv("ALSA_CONFIG_PATH", test_path("asound.conf"), 1);
    run_armed("alsa", NULL, NULL);
    CHECK_EQ(atomic_load(&from_libraries), 0);
}

TEST(pulse_devices_do_not_allocate_in_our_code)
{
    struct sound_server server;
    need_own_malloc();
    sound_server_start(&server);
    run_armed("pulse", "speaker.monitor", "speaker");
    sound_server_kill(&server);
}
