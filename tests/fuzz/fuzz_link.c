/* Any bytes as a message of the link: refused, or written to a message that reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_same(const struct link_message *a, const struct link_message *b)
{
    require(a->kind == b->kind && a->turn == b->turn && a->stages == b->stages);
    require(strcmp(a->text, b->text) == 0 && strcmp(a->name, b->name) == 0);
    require(strcmp(a->call_id, b->call_id) == 0 && a->version == b->version);
    require(a->confidence == b->confidence && a->failure == b->failure);
    require(memcmp(&a->counters, &b->counters, sizeof(a->counters)) == 0);
    require(a->tool_count == b->tool_count);
    for (size_t i = 0; i < a->tool_count; i++)
        require(strcmp(a->tools[i], b->tools[i]) == 0);
}

static void check_text(const uint8_t *data, size_t size)
{
    struct link_message message, again;
    struct error error = {0};
    struct strbuf out;
    if (wire_link_read(data, size, &message, &error) != STATUS_OK) {
        require(error.text[0] != 0);
        return;
    }
    require(strlen(message.text) <= LINK_TEXT_MAX && message.stages <= LINK_STAGES);
    strbuf_init(&out, 1 << 20);
    require(wire_link_write(&message, &out, &error) == STATUS_OK);
    if (out.length <= LINK_MESSAGE_MAX) {
        require(wire_link_read(strbuf_text(&out), out.length, &again, &error) == STATUS_OK);
        check_same(&message, &again);
        wire_link_finish(&again);
    }
    strbuf_finish(&out);
    wire_link_finish(&message);
}

static void check_sound(const uint8_t *data, size_t size)
{
    uint8_t bytes[LINK_SOUND_MAX];
    const uint8_t *packet;
    uint32_t turn;
    size_t packet_size;
    if (wire_link_sound_read(data, size, &turn, &packet, &packet_size) != STATUS_OK)
        return;
    require(wire_link_sound(turn, packet, packet_size, bytes) == size);
    require(memcmp(bytes, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text(data, size);
    check_sound(data, size);
    return 0;
}
