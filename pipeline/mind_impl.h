/* What the halves of the mind share: the device's own (mind.c) and the way outside (mind_cloud.c).
 *
 * Thread: mind. */
#ifndef LINNET_PIPELINE_MIND_IMPL_H
#define LINNET_PIPELINE_MIND_IMPL_H

#include "clause.h"
#include "json_decision.h"
#include "lm.h"
#include "mind.h"
#include "outside.h"
#include "route.h"
#include "skill.h"
#include "strbuf.h"
#include "telemetry.h"

enum { MIND_PATH_BYTES = 512 };

/* An answer from outside on its way to the voice. */
struct mind_stream {
    bool open;                       /* of the turn at hand */
    bool ended;                      /* nothing more comes */
    bool here;                       /* the device answered after all */
    struct strbuf text;              /* all of it */
    size_t fed;                      /* of it, to the splitter */
    int64_t first_ns;                /* when its first words came; 0 for not yet */
    bool spoke;                      /* a clause of it went to the voice */
    bool plays;                      /* sound of it went to the voice */
    size_t sound_bytes;              /* of it, 16 bits at 24 kHz */
    size_t shown;                    /* text before here is heard as that sound */
    bool shows;                      /* .waiting is heard as sound */
    char waiting[LINNET_TEXT_BYTES]; /* a clause the voice had no room for */
};

struct mind {
    struct mind_config config;
    struct lm_model *model;
    struct lm_session *session;
    struct store *store;
    char state_path[MIND_PATH_BYTES];
    struct telemetry *telemetry;     /* NULL until something was counted */
    int64_t counts[TELEMETRY_COUNT]; /* not yet written down */
    bool counted;
    uint32_t turn; /* of the request at hand, 0 for none */
    bool reported; /* control knows that something is due */
    char last_reply[LINNET_TEXT_BYTES];
    struct clause_splitter splitter;
    bool spoke; /* a clause of this turn was said */
    /* The way outside; NULL without providers. */
    struct outside *outside;
    struct mind_stream stream;
    bool is_private; /* private mode */
    bool has_record; /* .record is to be kept when there is time */
    struct decision_record record;
    enum route local_route; /* what the device would do itself: TOOL or REPLY */
    struct tool_call local_tool;
    char local_reply[LM_MAX_REPLY];
    struct mind_ahead ahead;
    uint64_t pending; /* tokens computed ahead for a request that has not come yet */
};

/* ---- mind.c ---- */

/* Control learns that the reply begins to be heard. Once a turn. */
void mind_report_speaks(struct mind *mind);

/* A clause to the voice and as an event; false when the voice has no room. */
bool mind_say_clause(struct mind *mind, const char *clause);

/* A whole text, clause by clause; it becomes the last reply. */
void mind_say(struct mind *mind, const char *text);

/* Run a skill, tell of it and apply its effect on the assistant. False when it failed: the text of
 * the reply is then the error's. */
bool mind_run_skill(struct mind *mind, const struct tool_call *call, struct skill_reply *reply);

/* Run a skill and speak its reply. */
void mind_run_tool(struct mind *mind, const struct tool_call *call);

/* One more of these; written down when nobody waits. */
void mind_count(struct mind *mind, enum telemetry_counter counter);

/* ---- mind_cloud.c ---- */

enum status mind_cloud_prepare(struct mind *mind, struct error *ret_error);
void mind_cloud_finish(struct mind *mind);

/* "Keep this private" and its opposite: true when the request was that, and was answered. */
bool mind_cloud_wish(struct mind *mind, const char *text);

/* Ask as decided; the answer comes while mind_cloud_step is called. `spoken`: see outside_begin. */
void mind_cloud_begin(struct mind *mind, const struct route_decision *decision,
                      const struct route_features *features, const char *spoken);

/* The user begins to speak: open the connections that the answer may need. */
void mind_cloud_warm(struct mind *mind);

/* Nobody may be asked: say so. */
void mind_cloud_refuse(struct mind *mind, const struct route_decision *decision);

/* One piece of work on the answer from outside: true when there was some. Sets *ret_over when the
 * turn's answer has gone to the voice. */
bool mind_cloud_step(struct mind *mind, bool *ret_over);

/* A newer turn has begun. */
void mind_cloud_stop(struct mind *mind);

#endif
