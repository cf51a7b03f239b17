#include "machine_state.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 64 };

/* First line of root/class/name/file; false when it cannot be read. */
static bool read_value(const char *folder, const char *name, const char *file, char *value)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s/%s", folder, name, file);
    FILE *stream = length < (int)sizeof(path) ? fopen(path, "re") : NULL;
    if (!stream)
        return false;
    bool read = fgets(value, VALUE_BYTES, stream) != NULL;
    fclose(stream);
    if (read)
        value[strcspn(value, "\n")] = '\0';
    return read;
}

/* The number a file holds; MACHINE_UNKNOWN when it holds something else. */
static long read_number(const char *folder, const char *name, const char *file)
{
    char value[VALUE_BYTES], *end;
    if (!read_value(folder, name, file, value))
        return MACHINE_UNKNOWN;
    long number = strtol(value, &end, 10);
    return end == value || *end || number < 0 ? MACHINE_UNKNOWN : number;
}

static void look_at_supply(const char *folder, const char *name, struct machine_state *state,
                           bool *mains)
{
    char type[VALUE_BYTES], value[VALUE_BYTES];
    if (!read_value(folder, name, "type", type))
        return;
    if (strcmp(type, "Battery") != 0) {
        if (read_value(folder, name, "online", value) && strcmp(value, "1") == 0)
            *mains = true;
        return;
    }
    long percent = read_number(folder, name, "capacity");
    if (percent > state->battery_percent)
        state->battery_percent = percent > 100 ? 100 : (int)percent;
    if (read_value(folder, name, "status", value) && strcmp(value, "Discharging") == 0)
        state->on_battery = true;
}

static void look_at_zone(const char *folder, const char *name, struct machine_state *state)
{
    long thousandths = read_number(folder, name, "temp");
    if (thousandths >= 0 && thousandths < 200000 && thousandths / 1000 > state->temperature_c)
        state->temperature_c = (int)(thousandths / 1000);
}

/* Calls one of the two above for each entry of root/class. */
static void each(const char *root, const char *class, struct machine_state *state, bool *mains)
{
    char folder[PATH_MAX / 2];
    snprintf(folder, sizeof(folder), "%s/%s", root, class);
    DIR *directory = opendir(folder);
    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        if (mains)
            look_at_supply(folder, entry->d_name, state, mains);
        else
            look_at_zone(folder, entry->d_name, state);
    }
    closedir(directory);
}

void machine_state_read(const char *root, struct machine_state *ret_state)
{
    bool mains = false;
    *ret_state = (struct machine_state){.battery_percent = MACHINE_UNKNOWN,
                                        .temperature_c = MACHINE_UNKNOWN};
    each(root, "power_supply", ret_state, &mains);
    each(root, "thermal", ret_state, NULL);
    if (mains)
        ret_state->on_battery = false;
}
