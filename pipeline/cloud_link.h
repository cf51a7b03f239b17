/* The providers of a configuration, made ready to be asked: the network's thread, their keys, one
 * mailbox for all they say. Nothing is connected before the first request. Nothing at all is made,
 * not even the thread, when no provider is configured or the policy keeps everything here.
 *
 * Thread: control; the parts as their headers say. */
#ifndef LINNET_PIPELINE_CLOUD_LINK_H
#define LINNET_PIPELINE_CLOUD_LINK_H

#include "clock.h"
#include "cloud_config.h"
#include "mailbox.h"
#include "net.h"
#include "option.h"
#include "provider.h"
#include "secret.h"
#include "status.h"

/* Other Linnets that lend one thing: their ears or their voice. */
struct cloud_lenders {
    struct mailbox *events;                          /* of struct provider_event: theirs alone */
    struct provider *providers[CLOUD_PROVIDERS_MAX]; /* NULL: lends it not, or its key is missing */
    int count;                                       /* of those that are there */
};

struct cloud_link {
    bool open; /* there are providers to ask */
    struct net *net;
    struct mailbox *events; /* of struct provider_event */
    struct secret keys[CLOUD_PROVIDERS_MAX];
    struct provider *providers[CLOUD_PROVIDERS_MAX]; /* NULL: its key is not there */
    struct error problems[CLOUD_PROVIDERS_MAX];      /* why not */
    struct cloud_lenders ears, voices;               /* as far as the stages name them */
};

/* Errors of the configuration (a URL, a kind) are failures; a key that is not there is not, as the
 * others may do: it is told when the provider would be asked. */
enum status cloud_link_init(struct cloud_link *link, const struct cloud_config *config,
                            const struct config *options, const struct clock *clock,
                            struct error *ret_error);

/* Accepts a zeroed one. */
void cloud_link_finish(struct cloud_link *link);

#endif
