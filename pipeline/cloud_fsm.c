#include "cloud_fsm.h"

#include <string.h>

#include "clock.h"

static struct cloud_action *act(struct cloud_actions *actions, enum cloud_act kind, int place)
{
    struct cloud_action *action = &actions->action[actions->count];
    actions->count += actions->count < CLOUD_ACTIONS_MAX - 1;
    *action = (struct cloud_action){.act = kind, .place = place};
    return action;
}

static int64_t after(int64_t now_ns, int ms)
{
    return now_ns + (int64_t)ms * CLOCK_NS_PER_MS;
}

static int find_live(const struct cloud_fsm *f, int place)
{
    for (int i = 0; i < f->live_count; i++) {
        if (f->live[i].place == place)
            return i;
    }
    return -1;
}

static void forget(struct cloud_fsm *f, int place)
{
    int at = find_live(f, place);
    f->live_count--;
    for (int i = at; i < f->live_count; i++)
        f->live[i] = f->live[i + 1];
}

static void cancel(struct cloud_fsm *f, int place, bool blame, struct cloud_actions *actions)
{
    forget(f, place);
    act(actions, CLOUD_CANCEL, place)->blame = blame;
}

static void cancel_all_but(struct cloud_fsm *f, int winner, struct cloud_actions *actions)
{
    for (int i = f->live_count - 1; i >= 0; i--) {
        if (f->live[i].place != winner)
            cancel(f, f->live[i].place, false, actions);
    }
}

static void end(struct cloud_fsm *f, struct cloud_actions *actions)
{
    f->phase = CLOUD_ENDED;
    act(actions, CLOUD_END, ROUTE_DEVICE);
}

static void excuse(struct cloud_fsm *f, enum cloud_excuse why, struct cloud_actions *actions)
{
    act(actions, CLOUD_EXCUSE, ROUTE_DEVICE)->excuse = why;
    end(f, actions);
}

/* Nobody is left to ask. */
static void give_up(struct cloud_fsm *f, struct cloud_actions *actions)
{
    excuse(f, f->spoke || f->acted ? EXCUSE_BROKE_OFF : EXCUSE_UNREACHABLE, actions);
}

static void use_device(struct cloud_fsm *f, struct cloud_actions *actions)
{
    cancel_all_but(f, ROUTE_DEVICE, actions);
    act(actions, CLOUD_USE_DEVICE, ROUTE_DEVICE);
    end(f, actions);
}

/* No place that has its turn after the wait's end gets one, but the device, which needs no time. */
static void start_next(struct cloud_fsm *f, int64_t now_ns, struct cloud_actions *actions)
{
    int64_t end_ns = after(f->begun_ns, f->plan.total_wait_ms);
    while (f->next < f->plan.place_count) {
        int at = f->next++, place = f->plan.place[at];
        if (place == ROUTE_DEVICE && !f->spoke) {
            use_device(f, actions);
            return;
        }
        if (place == ROUTE_DEVICE || now_ns >= end_ns)
            continue;
        int64_t deadline_ns = after(now_ns, f->plan.deadline_ms[at]);
        f->live[f->live_count++] =
            (struct cloud_live){place, deadline_ns < end_ns ? deadline_ns : end_ns};
        act(actions, CLOUD_START, place)->resume = f->spoke;
        return;
    }
    if (f->live_count == 0)
        give_up(f, actions);
}

void cloud_fsm_begin(struct cloud_fsm *f, const struct cloud_plan *plan, bool spoken,
                     int64_t now_ns, struct cloud_actions *actions)
{
    *f = (struct cloud_fsm){.plan = *plan, .begun_ns = now_ns, .spoke = spoken};
    start_next(f, now_ns, actions);
}

/* The winner is gone in the middle. Without words and deeds it is as if it had never won. */
static void go_on_elsewhere(struct cloud_fsm *f, int64_t now_ns, struct cloud_actions *actions)
{
    if (f->acted) {
        give_up(f, actions);
        return;
    }
    f->phase = CLOUD_WAITING;
    f->wants_tools = false;
    if (f->spoke)
        f->begun_ns = now_ns;
    start_next(f, now_ns, actions);
}

/* A place is no longer asked; it has been forgotten already. */
static void lost(struct cloud_fsm *f, int64_t now_ns, struct cloud_actions *actions)
{
    if (f->phase == CLOUD_ANSWERING)
        go_on_elsewhere(f, now_ns, actions);
    else if (f->live_count == 0)
        start_next(f, now_ns, actions);
}

static void win(struct cloud_fsm *f, int place, struct cloud_actions *actions)
{
    if (f->phase != CLOUD_WAITING)
        return;
    cancel_all_but(f, place, actions);
    f->phase = CLOUD_ANSWERING;
    act(actions, CLOUD_WIN, place);
}

static void run_tools(struct cloud_fsm *f, int place, struct cloud_actions *actions)
{
    f->wants_tools = false;
    if (f->rounds == f->plan.tool_rounds) {
        cancel(f, place, false, actions);
        excuse(f, EXCUSE_TOOLS, actions);
        return;
    }
    f->rounds++;
    f->acted = true;
    act(actions, CLOUD_RUN_TOOLS, place);
}

static void done(struct cloud_fsm *f, int place, int64_t now_ns, struct cloud_actions *actions)
{
    if (f->phase == CLOUD_ANSWERING && f->wants_tools) {
        run_tools(f, place, actions);
        return;
    }
    forget(f, place);
    if (f->phase == CLOUD_ANSWERING)
        end(f, actions);
    else
        lost(f, now_ns, actions); /* an answer without a word is none */
}

void cloud_fsm_input(struct cloud_fsm *f, enum cloud_input input, int place, int64_t now_ns,
                     struct cloud_actions *actions)
{
    if (f->phase == CLOUD_ENDED || find_live(f, place) < 0)
        return;
    f->lately_ns = now_ns;
    switch (input) {
    case CLOUD_IN_TEXT:
        win(f, place, actions);
        f->spoke = true;
        break;
    case CLOUD_IN_TOOL:
        win(f, place, actions);
        f->wants_tools = true;
        break;
    case CLOUD_IN_DONE:
        done(f, place, now_ns, actions);
        break;
    case CLOUD_IN_FAILED:
        forget(f, place);
        lost(f, now_ns, actions);
        break;
    case CLOUD_IN_ENOUGH:
        cancel(f, place, false, actions);
        end(f, actions);
        break;
    }
}

static void hedge(struct cloud_fsm *f, int64_t now_ns, struct cloud_actions *actions)
{
    bool is_due = f->plan.hedge && !f->hedged && f->live_count == 1 && f->next == 1 &&
                  now_ns >= after(f->begun_ns, f->plan.hedge_after_ms);
    if (!is_due)
        return;
    f->hedged = true;
    if (f->next < f->plan.place_count)
        start_next(f, now_ns, actions);
}

static void drop_late(struct cloud_fsm *f, int64_t now_ns, struct cloud_actions *actions)
{
    for (int i = f->live_count - 1; i >= 0; i--) {
        if (now_ns < f->live[i].deadline_ns)
            continue;
        cancel(f, f->live[i].place, true, actions);
        lost(f, now_ns, actions);
        return; /* the next tick looks at the other one */
    }
}

void cloud_fsm_tick(struct cloud_fsm *f, int64_t now_ns, struct cloud_actions *actions)
{
    if (f->phase == CLOUD_WAITING) {
        hedge(f, now_ns, actions);
        if (f->phase == CLOUD_WAITING)
            drop_late(f, now_ns, actions);
    } else if (f->phase == CLOUD_ANSWERING && now_ns >= after(f->lately_ns, f->plan.stall_ms)) {
        cancel(f, f->live[0].place, true, actions);
        lost(f, now_ns, actions);
    }
    bool is_long = f->plan.filler_ms >= 0 && now_ns >= after(f->begun_ns, f->plan.filler_ms);
    if (f->phase == CLOUD_WAITING && is_long && !f->filled && !f->spoke) {
        f->filled = true;
        act(actions, CLOUD_FILL, ROUTE_DEVICE);
    }
}

void cloud_fsm_stop(struct cloud_fsm *f, struct cloud_actions *actions)
{
    if (f->phase == CLOUD_ENDED)
        return;
    cancel_all_but(f, ROUTE_DEVICE, actions);
    end(f, actions);
}
