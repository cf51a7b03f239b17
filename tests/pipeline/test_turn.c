#include "endpoint.h"
#include "harness.h"
#include "turn_fsm.h"

static struct turn_step walk(enum turn_state state, const enum turn_event *events, int count)
{
    struct turn_step step = {state, 0};
    for (int i = 0; i < count; i++)
        step = turn_fsm(step.state, events[i]);
    return step;
}

TEST(a_whole_turn_comes_back_to_idle)
{
    const enum turn_event events[] = {TURN_EVENT_WAKE, TURN_EVENT_ENDPOINT,
                                      TURN_EVENT_REPLY_STARTED, TURN_EVENT_REPLY_ENDED};
    const enum turn_state states[] = {TURN_LISTENING, TURN_THINKING, TURN_SPEAKING, TURN_IDLE};
    for (int n = 1; n <= 4; n++)
        CHECK_EQ(walk(TURN_IDLE, events, n).state, states[n - 1]);
    CHECK(walk(TURN_IDLE, events, 4).actions & TURN_CLOSE);
}

TEST(the_wake_word_barges_in_from_everywhere)
{
    for (int state = 0; state < TURN_STATE_COUNT; state++) {
        struct turn_step step = turn_fsm((enum turn_state)state, TURN_EVENT_WAKE);
        CHECK_EQ(step.state, TURN_LISTENING);
        CHECK(step.actions & TURN_OPEN);
        CHECK(step.actions & TURN_LISTEN);
        CHECK_EQ((step.actions & TURN_SILENCE) != 0,
                 state == TURN_THINKING || state == TURN_SPEAKING);
    }
}

TEST(late_events_of_an_older_turn_are_harmless)
{
    static const enum turn_event late[] = {TURN_EVENT_REPLY_STARTED, TURN_EVENT_REPLY_ENDED};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(turn_fsm(TURN_IDLE, late[i]).state, TURN_IDLE);
        CHECK_EQ(turn_fsm(TURN_IDLE, late[i]).actions, 0);
        CHECK_EQ(turn_fsm(TURN_LISTENING, late[i]).state, TURN_LISTENING);
        CHECK_EQ(turn_fsm(TURN_LISTENING, late[i]).actions, 0);
    }
}

TEST(reminders_wait_for_idle)
{
    CHECK(turn_fsm(TURN_IDLE, TURN_EVENT_REMINDER).actions & TURN_ANNOUNCE);
    CHECK(turn_fsm(TURN_LISTENING, TURN_EVENT_REMINDER).actions & TURN_DEFER);
    CHECK(turn_fsm(TURN_SPEAKING, TURN_EVENT_REMINDER).actions & TURN_DEFER);
}

/* Whatever happens, every state can reach idle, and opening a turn always starts work on it. */
TEST(actions_are_consistent_in_every_cell)
{
    for (int state = 0; state < TURN_STATE_COUNT; state++) {
        for (int event = 0; event < TURN_EVENT_COUNT; event++) {
            struct turn_step step = turn_fsm((enum turn_state)state, (enum turn_event)event);
            CHECK(step.state < TURN_STATE_COUNT);
            if (step.actions & TURN_OPEN)
                CHECK(step.actions & (TURN_LISTEN | TURN_THINK | TURN_ANNOUNCE));
            if (step.actions & TURN_LISTEN)
                CHECK_EQ(step.state, TURN_LISTENING);
            if (step.actions & TURN_CLOSE)
                CHECK_EQ(step.state, TURN_IDLE);
            if (state == TURN_LISTENING && step.state != TURN_LISTENING)
                CHECK(step.actions & TURN_DEAFEN);
        }
    }
}

static const struct endpoint_config pauses = {
    .short_pause_ms = 300, .long_pause_ms = 900, .no_speech_ms = 4000, .max_turn_ms = 10000};

/* Milliseconds after the start at which the decision falls, and the decision. */
static int decide_at(int speech_from, int speech_to, float sentence_end,
                     enum endpoint_decision *ret_decision)
{
    struct endpoint endpoint;
    endpoint_init(&endpoint, &pauses);
    for (int ms = 10; ms <= 20000; ms += 10) {
        int pause = ms <= speech_from ? ms : ms <= speech_to ? 0 : ms - speech_to;
        *ret_decision = endpoint_step(&endpoint, pause, ms > speech_from + 200, sentence_end);
        if (*ret_decision != ENDPOINT_WAIT)
            return ms;
    }
    return -1;
}

TEST(pauses_end_a_turn_by_how_complete_it_is)
{
    enum endpoint_decision decision;
    CHECK_EQ(decide_at(500, 2000, 1.0f, &decision), 2300);
    CHECK_EQ(decision, ENDPOINT_DONE);
    CHECK_EQ(decide_at(500, 2000, 0.0f, &decision), 2900);
    CHECK_EQ(decide_at(500, 2000, 0.5f, &decision), 2600);
    CHECK_EQ(decide_at(30000, 30001, 1.0f, &decision), 4000);
    CHECK_EQ(decision, ENDPOINT_NO_SPEECH);
    CHECK_EQ(decide_at(100, 30000, 1.0f, &decision), 10000);
    CHECK_EQ(decision, ENDPOINT_TOO_LONG);
}
