#include <string.h>

#include "harness.h"
#include "telemetry.h"

TEST(telemetry_is_off_until_it_is_enabled)
{
    struct telemetry *telemetry;
    CHECK_OK(telemetry_create(":memory:", &telemetry, NULL));
    CHECK(!telemetry_is_enabled(telemetry));
    CHECK(!telemetry_is_due(telemetry, 1795262400));
    CHECK_OK(telemetry_enable(telemetry, true, NULL));
    CHECK(telemetry_is_due(telemetry, 1795262400));
    CHECK_OK(telemetry_enable(telemetry, false, NULL));
    CHECK(!telemetry_is_due(telemetry, 1795262400));
    telemetry_destroy(telemetry);
}

TEST(counts_are_kept_and_taken_off_once)
{
    const char *path = test_path("state.db");
    struct telemetry *telemetry;
    int64_t counts[TELEMETRY_COUNT], more[TELEMETRY_COUNT];
    CHECK_OK(telemetry_create(path, &telemetry, NULL));
    CHECK_OK(telemetry_enable(telemetry, true, NULL));
    CHECK_OK(telemetry_add(telemetry, TELEMETRY_DEVICE_TURNS, 3, NULL));
    telemetry_destroy(telemetry);
    CHECK_OK(telemetry_create(path, &telemetry, NULL));
    CHECK_OK(telemetry_get(telemetry, counts, NULL));
    CHECK_EQ(counts[TELEMETRY_DEVICE_TURNS], 3);
    CHECK_OK(telemetry_add(telemetry, TELEMETRY_DEVICE_TURNS, 2, NULL)); /* while it is sent */
    CHECK_OK(telemetry_sent(telemetry, 1000000, counts, NULL));
    CHECK_OK(telemetry_get(telemetry, more, NULL));
    CHECK_EQ(more[TELEMETRY_DEVICE_TURNS], 2);
    CHECK(!telemetry_is_due(telemetry, 1000000 + TELEMETRY_PERIOD_S - 1));
    CHECK(telemetry_is_due(telemetry, 1000000 + TELEMETRY_PERIOD_S));
    telemetry_destroy(telemetry);
}

TEST(the_payload_is_counters_and_nothing_else)
{
    const int64_t counts[TELEMETRY_COUNT] = {1, 2, 3, 4, 5, 6, 7};
    char text[TELEMETRY_PAYLOAD_BYTES];
    telemetry_payload("0.1", counts, text);
    CHECK_STR(text, "{\"linnet\":\"0.1\",\"device_turns\":1,\"cloud_turns\":2,\"unheard_turns\":3,"
                    "\"kept_private\":4,\"over_budget\":5,\"provider_failures\":6,"
                    "\"interrupted\":7}");
    const int64_t large[TELEMETRY_COUNT] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                                            INT64_MAX, INT64_MAX, INT64_MAX};
    telemetry_payload("a version string that is much too long to be one", large, text);
    CHECK_EQ(text[strlen(text) - 1], '}');
}
