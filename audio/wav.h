/* WAV files: any usual RIFF/WAVE in, mono float32 out; float32 in, an atomic file or a pipe out.
 *
 * Reading: PCM of 8 (unsigned), 16, 24 and 32 bits, float of 32 and 64 bits, plain or
 * WAVE_FORMAT_EXTENSIBLE, 1 to WAV_MAX_CHANNELS channels (mixed down by their mean), any rate of
 * WAV_MIN_RATE to WAV_MAX_RATE Hz. The rate is reported, never changed: resampling is the caller's
 * (dsp/resample.h). Files and pipes alike are read in order, so a length that was not known when
 * the header was written (0, 0xFFFFFFFF, or the 2 GB marks of sox and arecord) means "until the
 * end".
 *
 *     struct wav_reader *wav;
 *     TRY(wav_reader_create("in.wav", &wav, &error));
 *     while (wav_reader_read(wav, buffer, 160, &n, &error) == STATUS_OK)
 *         feed(buffer, n);
 *     wav_reader_destroy(wav);
 *
 * What a damaged file gets: an error with the name, the byte offset, what was found and what was
 * expected. Checked at create: every header field that decides how bytes become samples, the size
 * of the data against the size of a regular file and of its RIFF chunk. From a pipe a short data
 * chunk shows when it ends: the samples that came are delivered first, then the error. The byte
 * rate field is not looked at (nothing depends on it).
 *
 * Writing: into a temporary file beside the target, renamed over it by wav_writer_commit after
 * fsync, so that the target is either as before or complete. A path that is no regular file (a
 * pipe, /dev/stdout) is written in order with lengths marked unknown.
 *
 * Format after "Multimedia Programming Interface and Data Specifications 1.0" (1991) and the
 * WAVEFORMATEXTENSIBLE addition of 1997.
 *
 * Thread: worker | control, one thread at a time per object, for all functions. They allocate and
 * do I/O. */
#ifndef LINNET_AUDIO_WAV_H
#define LINNET_AUDIO_WAV_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

enum {
    WAV_MAX_CHANNELS = 64,
    WAV_MIN_RATE = 1000,
    WAV_MAX_RATE = 768000,
};

#define WAV_FRAMES_UNKNOWN UINT64_MAX

/* How one sample of one channel is stored, little-endian. */
enum wav_encoding {
    WAV_U8,
    WAV_S16,
    WAV_S24,
    WAV_S32,
    WAV_F32,
    WAV_F64,
};

struct wav_info {
    enum wav_encoding encoding;
    uint32_t rate;        /* frames per second */
    uint32_t channels;    /* in the file; samples handed out are mono */
    uint64_t frames;      /* WAV_FRAMES_UNKNOWN when the header does not know */
    uint64_t data_offset; /* byte where the samples begin */
};

struct wav_reader;

/* Open `path` ("-" is standard input) and read its header up to the first sample.
 * Errors: NOT_FOUND, IO, FORMAT (damaged), UNSUPPORTED (sound, but a codec or shape that is not
 * read here), NO_MEMORY. The caller destroys *ret_reader. */
enum status wav_reader_create(const char *path, struct wav_reader **ret_reader,
                              struct error *ret_error);

/* The same from bytes in memory, which must outlive the reader; `name` stands in error texts. */
enum status wav_reader_create_memory(const char *name, const void *bytes, size_t size,
                                     struct wav_reader **ret_reader, struct error *ret_error);

/* Close and free; accepts NULL. */
void wav_reader_destroy(struct wav_reader *reader);

/* What the header says; valid as long as the reader. */
const struct wav_info *wav_reader_info(const struct wav_reader *reader);

/* Read up to `max_frames` (> 0) mono samples in [-1, 1] into `ret_samples`; values that are no
 * number become 0. OK: *ret_frames >= 1 were read. END: nothing is left. Otherwise IO or FORMAT
 * (data shorter than promised), again on each further call. */
enum status wav_reader_read(struct wav_reader *reader, float *ret_samples, size_t max_frames,
                            size_t *ret_frames, struct error *ret_error);

/* A whole recording in memory. */
struct wav_audio {
    float *samples; /* mono, owned; free with wav_audio_finish */
    size_t count;
    uint32_t rate;
};

/* Read all of `path`; more than `max_frames` samples is LIMIT. */
enum status wav_load(const char *path, size_t max_frames, struct wav_audio *ret_audio,
                     struct error *ret_error);

/* Free the samples; accepts NULL and a zeroed struct. */
void wav_audio_finish(struct wav_audio *audio);

struct wav_format {
    enum wav_encoding encoding;
    uint32_t rate;     /* WAV_MIN_RATE .. WAV_MAX_RATE */
    uint32_t channels; /* 1 .. WAV_MAX_CHANNELS; more than 2 and 24 or 32 bit PCM are written
                          extensible */
};

struct wav_writer;

/* Begin writing `path` ("-" is standard output). Nothing is seen at `path` before
 * wav_writer_commit, unless it is no regular file. Errors: INVALID_ARGUMENT (format), NOT_FOUND, IO
 * (with the system's reason), NO_MEMORY. */
enum status wav_writer_create(const char *path, const struct wav_format *format,
                              struct wav_writer **ret_writer, struct error *ret_error);

/* Append `frames` frames of `channels` interleaved samples; integers are rounded to nearest and
 * saturated, a value that is no number is written as 0. Errors: IO (a full disk, for one), LIMIT (4
 * GiB); after an error the file can only be given up. */
enum status wav_writer_write(struct wav_writer *writer, const float *samples, size_t frames,
                             struct error *ret_error);

/* Complete the header, flush to the disk and put the file in its place. Once, after the last write.
 */
enum status wav_writer_commit(struct wav_writer *writer, struct error *ret_error);

/* Free; without a commit before, the temporary file is removed and the target left as it was.
 * Accepts NULL. */
void wav_writer_destroy(struct wav_writer *writer);

/* Write a whole mono recording as 16-bit PCM: create, write, commit. */
enum status wav_save(const char *path, const float *samples, size_t count, uint32_t rate,
                     struct error *ret_error);

#endif
