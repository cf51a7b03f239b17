#include "wav_header.h"

#include "wav_codec.h"

#include <inttypes.h>
#include <string.h>

enum {
    CODEC_PCM = 1,
    CODEC_FLOAT = 3,
    CODEC_EXTENSIBLE = 0xFFFE,
    FMT_MIN = 16,
    FMT_EXTENSIBLE = 40,
    FMT_MAX = 65536,
    CHUNKS_MAX = 4096,
};

/* Writers that cannot seek put 0, 0xFFFFFFFF, or about 2 GB (sox 0x7FFFF000 + header, arecord
 * 0x80000000) for a length they do not know. */
static const uint32_t unknown_from = 0x7FFF0000;

/* The 14 bytes that follow the codec in the sub-format GUID of an extensible header. */
static const uint8_t guid_tail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                      0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};

struct chunk {
    uint8_t id[4];
    uint32_t size;
    uint64_t offset; /* of the id */
};

struct parser {
    struct byte_source *source;
    struct wav_header header;
    uint64_t riff_end; /* BYTE_SOURCE_UNKNOWN when not told */
    uint32_t frame_bytes;
    struct error *error;
};

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

/* Four bytes as text for an error, whatever they are. */
static const char *printable(const uint8_t id[4], char ret_text[5])
{
    for (int i = 0; i < 4; i++)
        ret_text[i] = id[i] >= 32 && id[i] < 127 ? (char)id[i] : '?';
    ret_text[4] = 0;
    return ret_text;
}

static enum status read_exactly(struct parser *p, void *ret_bytes, size_t size, const char *what)
{
    uint64_t at = p->source->offset;
    size_t got;
    TRY(byte_source_read(p->source, ret_bytes, size, &got, p->error));
    if (got == size)
        return STATUS_OK;
    return error_set(p->error, STATUS_FORMAT,
                     "%s: byte %" PRIu64 ": input ends, expected %zu bytes of %s", p->source->name,
                     at + got, size - got, what);
}

static enum status read_riff(struct parser *p)
{
    uint8_t b[12];
    uint64_t at = p->source->offset;
    char text[5];
    TRY(read_exactly(p, b, sizeof(b), "the RIFF header"));
    if (memcmp(b, "RF64", 4) == 0 || memcmp(b, "RIFX", 4) == 0)
        return error_set(p->error, STATUS_UNSUPPORTED,
                         "%s: byte %" PRIu64 ": \"%s\" is not read, expected \"RIFF\"",
                         p->source->name, at, printable(b, text));
    if (memcmp(b, "RIFF", 4) != 0)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": found \"%s\", expected \"RIFF\"", p->source->name,
                         at, printable(b, text));
    if (memcmp(b + 8, "WAVE", 4) != 0)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": found \"%s\", expected \"WAVE\"", p->source->name,
                         at + 8, printable(b + 8, text));
    uint32_t size = le32(b + 4);
    p->riff_end = size == 0 || size >= unknown_from ? BYTE_SOURCE_UNKNOWN : at + 8 + size;
    return STATUS_OK;
}

static enum status read_chunk(struct parser *p, struct chunk *ret_chunk)
{
    uint8_t b[8];
    ret_chunk->offset = p->source->offset;
    TRY(read_exactly(p, b, sizeof(b), "a chunk header (\"fmt \" and \"data\" were expected)"));
    memcpy(ret_chunk->id, b, 4);
    ret_chunk->size = le32(b + 4);
    return STATUS_OK;
}

static enum status bad_field(struct parser *p, uint64_t offset, enum status status,
                             const char *field, uint32_t value, const char *expected)
{
    return error_set(p->error, status, "%s: byte %" PRIu64 ": %s is %" PRIu32 ", expected %s",
                     p->source->name, offset, field, value, expected);
}

/* The extensible header's codec stands in its GUID. */
static enum status extensible_codec(struct parser *p, const struct chunk *c, const uint8_t *fmt,
                                    uint32_t *codec)
{
    if (c->size < FMT_EXTENSIBLE)
        return bad_field(p, c->offset + 4, STATUS_FORMAT, "size of the extensible \"fmt \" chunk",
                         c->size, "at least 40");
    if (memcmp(fmt + 26, guid_tail, sizeof(guid_tail)) != 0)
        return error_set(p->error, STATUS_UNSUPPORTED,
                         "%s: byte %" PRIu64 ": unknown sub-format, expected PCM or float",
                         p->source->name, c->offset + 8 + 24);
    *codec = le16(fmt + 24);
    return STATUS_OK;
}

static bool find_encoding(uint32_t codec, uint32_t width, enum wav_encoding *ret_encoding)
{
    static const struct {
        uint32_t codec, width;
        enum wav_encoding encoding;
    } known[] = {
        {CODEC_PCM, 1, WAV_U8},  {CODEC_PCM, 2, WAV_S16},   {CODEC_PCM, 3, WAV_S24},
        {CODEC_PCM, 4, WAV_S32}, {CODEC_FLOAT, 4, WAV_F32}, {CODEC_FLOAT, 8, WAV_F64},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].codec == codec && known[i].width == width) {
            *ret_encoding = known[i].encoding;
            return true;
        }
    return false;
}

static enum status check_shape(struct parser *p, uint64_t at, const uint8_t *fmt)
{
    uint32_t channels = le16(fmt + 2), rate = le32(fmt + 4);
    if (channels == 0)
        return bad_field(p, at + 2, STATUS_FORMAT, "number of channels", channels, "1 to 64");
    if (channels > WAV_MAX_CHANNELS)
        return bad_field(p, at + 2, STATUS_UNSUPPORTED, "number of channels", channels, "1 to 64");
    if (rate < WAV_MIN_RATE || rate > WAV_MAX_RATE)
        return bad_field(p, at + 4, rate ? STATUS_UNSUPPORTED : STATUS_FORMAT, "sample rate", rate,
                         "1000 to 768000 Hz");
    p->header.info.channels = channels;
    p->header.info.rate = rate;
    return STATUS_OK;
}

/* Codec, bits and the size of a frame must tell the same story; bits that are no multiple of 8 sit
 * at the top of the next full byte, so the container's width is what counts. */
static enum status check_encoding(struct parser *p, uint64_t at, const uint8_t *fmt, uint32_t codec)
{
    uint32_t frame_bytes = le16(fmt + 12), bits = le16(fmt + 14);
    uint32_t width = (bits + 7) / 8;
    if (codec != CODEC_PCM && codec != CODEC_FLOAT)
        return bad_field(p, at, STATUS_UNSUPPORTED, "codec", codec, "1 (PCM) or 3 (float)");
    if (bits == 0)
        return bad_field(p, at + 14, STATUS_FORMAT, "bits per sample", bits, "8, 16, 24, 32 or 64");
    if (!find_encoding(codec, width, &p->header.info.encoding))
        return bad_field(p, at + 14, STATUS_UNSUPPORTED, "bits per sample", bits,
                         codec == CODEC_PCM ? "8, 16, 24 or 32 for PCM" : "32 or 64 for float");
    if (frame_bytes != width * p->header.info.channels)
        return bad_field(p, at + 12, STATUS_FORMAT, "bytes per frame", frame_bytes,
                         "channels times bytes per sample");
    p->frame_bytes = frame_bytes;
    return STATUS_OK;
}

static enum status read_fmt(struct parser *p, const struct chunk *c)
{
    uint8_t fmt[FMT_EXTENSIBLE] = {0};
    uint64_t at = c->offset + 8;
    if (p->frame_bytes != 0)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": a second \"fmt \" chunk, expected one",
                         p->source->name, c->offset);
    if (c->size < FMT_MIN || c->size > FMT_MAX)
        return bad_field(p, c->offset + 4, STATUS_FORMAT, "size of the \"fmt \" chunk", c->size,
                         "16 to 65536");
    size_t take = c->size < sizeof(fmt) ? c->size : sizeof(fmt);
    TRY(read_exactly(p, fmt, take, "the \"fmt \" chunk"));
    uint32_t codec = le16(fmt);
    TRY(check_shape(p, at, fmt));
    if (codec == CODEC_EXTENSIBLE)
        TRY(extensible_codec(p, c, fmt, &codec));
    TRY(check_encoding(p, at, fmt, codec));
    return byte_source_skip(p->source, c->size - take + (c->size & 1), p->error);
}

/* A chunk that is not needed; its pad byte may be missing at the very end of the RIFF chunk. */
static enum status skip_chunk(struct parser *p, const struct chunk *c)
{
    uint64_t end = c->offset + 8 + c->size;
    if (end > p->riff_end)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": chunk of %" PRIu32
                         " bytes, expected at most %" PRIu64 " (the end of the RIFF chunk)",
                         p->source->name, c->offset + 4, c->size,
                         p->riff_end > c->offset + 8 ? p->riff_end - c->offset - 8 : 0);
    return byte_source_skip(p->source, (uint64_t)c->size + (c->size & 1), p->error);
}

/* Whether the length in the data chunk's header is one of the marks for "until the end". A zero is
 * one unless a further chunk of this RIFF follows, which makes it a recording of no samples. */
static bool length_unknown(const struct parser *p, uint32_t size)
{
    if (size == 0)
        return p->riff_end == BYTE_SOURCE_UNKNOWN || p->riff_end <= p->source->offset;
    return size == UINT32_MAX ||
           (size >= unknown_from &&
            (p->source->size == BYTE_SOURCE_UNKNOWN || p->source->offset + size > p->source->size));
}

static enum status check_data_size(struct parser *p, const struct chunk *c)
{
    uint64_t at = p->source->offset, end = at + c->size;
    if (p->source->size != BYTE_SOURCE_UNKNOWN && end > p->source->size)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": data chunk of %" PRIu32
                         " bytes, but the file ends after %" PRIu64 " of them (byte %" PRIu64 ")",
                         p->source->name, c->offset + 4, c->size, p->source->size - at,
                         p->source->size);
    if (end > p->riff_end)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": data chunk of %" PRIu32
                         " bytes reaches past the end of the RIFF chunk (byte %" PRIu64 ")",
                         p->source->name, c->offset + 4, c->size, p->riff_end);
    if (c->size % p->frame_bytes != 0)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64 ": data chunk of %" PRIu32
                         " bytes, expected a multiple of %" PRIu32 " (bytes per frame)",
                         p->source->name, c->offset + 4, c->size, p->frame_bytes);
    return STATUS_OK;
}

static enum status begin_data(struct parser *p, const struct chunk *c)
{
    struct wav_header *h = &p->header;
    if (p->frame_bytes == 0)
        return error_set(p->error, STATUS_FORMAT,
                         "%s: byte %" PRIu64
                         ": \"data\" chunk, expected a \"fmt \" chunk before it",
                         p->source->name, c->offset);
    h->info.data_offset = p->source->offset;
    h->data_bytes = c->size;
    if (!length_unknown(p, c->size))
        TRY(check_data_size(p, c));
    else if (p->source->size == BYTE_SOURCE_UNKNOWN)
        h->data_bytes = BYTE_SOURCE_UNKNOWN;
    else
        h->data_bytes = p->source->size - p->source->offset;
    h->info.frames =
        h->data_bytes == BYTE_SOURCE_UNKNOWN ? WAV_FRAMES_UNKNOWN : h->data_bytes / p->frame_bytes;
    return STATUS_OK;
}

enum status wav_header_read(struct byte_source *source, struct wav_header *ret_header,
                            struct error *ret_error)
{
    struct parser p = {.source = source, .error = ret_error};
    TRY(read_riff(&p));
    for (int i = 0; i < CHUNKS_MAX; i++) {
        struct chunk c;
        TRY(read_chunk(&p, &c));
        if (memcmp(c.id, "data", 4) == 0) {
            TRY(begin_data(&p, &c));
            *ret_header = p.header;
            return STATUS_OK;
        }
        TRY(memcmp(c.id, "fmt ", 4) == 0 ? read_fmt(&p, &c) : skip_chunk(&p, &c));
    }
    return error_set(ret_error, STATUS_LIMIT,
                     "%s: byte %" PRIu64 ": %d chunks and no \"data\" chunk among them",
                     source->name, source->offset, CHUNKS_MAX);
}

static uint8_t *put(uint8_t *at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

/* 24 and 32-bit PCM and more than two channels are ambiguous in the plain form, says the 1997 text.
 */
static bool wants_extensible(const struct wav_format *f)
{
    return f->channels > 2 || f->encoding == WAV_S24 || f->encoding == WAV_S32;
}

static uint8_t *put_extension(uint8_t *at, uint32_t bits, uint32_t codec)
{
    at = put(at, 22, 2);
    at = put(at, bits, 2);
    at = put(at, 0, 4); /* no speaker positions */
    at = put(at, codec, 2);
    return put_bytes(at, guid_tail, sizeof(guid_tail));
}

size_t wav_header_layout(const struct wav_format *f, uint64_t data_bytes,
                         uint8_t ret_bytes[WAV_HEADER_MAX])
{
    bool unknown = data_bytes == BYTE_SOURCE_UNKNOWN, extensible = wants_extensible(f);
    uint32_t width = (uint32_t)wav_encoding_bytes(f->encoding),
             fmt_size = extensible ? FMT_EXTENSIBLE : FMT_MIN;
    uint32_t codec = f->encoding == WAV_F32 || f->encoding == WAV_F64 ? CODEC_FLOAT : CODEC_PCM;
    uint32_t frame_bytes = width * f->channels, padded = (uint32_t)(data_bytes + (data_bytes & 1));
    uint8_t *at = put_bytes(ret_bytes, "RIFF", 4);
    at = put(at, unknown ? UINT32_MAX : 4 + 8 + fmt_size + 8 + padded, 4);
    at = put_bytes(at, "WAVEfmt ", 8);
    at = put(at, fmt_size, 4);
    at = put(at, extensible ? CODEC_EXTENSIBLE : codec, 2);
    at = put(at, f->channels, 2);
    at = put(at, f->rate, 4);
    at = put(at, f->rate * frame_bytes, 4);
    at = put(at, frame_bytes, 2);
    at = put(at, 8 * width, 2);
    if (extensible)
        at = put_extension(at, 8 * width, codec);
    at = put_bytes(at, "data", 4);
    at = put(at, unknown ? UINT32_MAX : (uint32_t)data_bytes, 4);
    return (size_t)(at - ret_bytes);
}
