#include "lookup.h"

#include "fault.h"
#include "url.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Two owners, the net thread and the one that looks up; the last one out frees it. */
struct lookup {
    struct net *net; /* NULL once dropped */
    struct net_task done_task;
    lookup_fn *done;
    void *context;
    pthread_mutex_t lock;
    int owners;
    struct lookup_result result;
    char host[URL_HOST_BYTES];
};

static void let_go(struct lookup *lookup)
{
    pthread_mutex_lock(&lookup->lock);
    int left = --lookup->owners;
    pthread_mutex_unlock(&lookup->lock);
    if (left)
        return;
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

static void take_addresses(struct lookup_result *result, const struct addrinfo *info)
{
    for (; info && result->count < LOOKUP_ADDRESSES_MAX; info = info->ai_next)
        if (getnameinfo(info->ai_addr, info->ai_addrlen, result->addresses[result->count],
                        LOOKUP_ADDRESS_BYTES, NULL, 0, NI_NUMERICHOST) == 0)
            result->count++;
}

static void *look_up(void *argument)
{
    struct lookup *lookup = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *info = NULL;
    int code = getaddrinfo(lookup->host, NULL, &hints, &info);
    if (code == 0)
        take_addresses(&lookup->result, info);
    lookup->result.cause = code ? gai_strerror(code) : "no address";
    if (info)
        freeaddrinfo(info);
    pthread_mutex_lock(&lookup->lock);
    if (lookup->net)
        net_task_queue(lookup->net, &lookup->done_task);
    pthread_mutex_unlock(&lookup->lock);
    let_go(lookup);
    return NULL;
}

static void on_done(void *context)
{
    const struct lookup *lookup = context;
    lookup->done(lookup->context, &lookup->result);
}

static int start_detached(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int result = pthread_create(&thread, &attributes, look_up, lookup);
    pthread_attr_destroy(&attributes);
    return result;
}

enum status lookup_start(struct net *net, const char *host, lookup_fn *done, void *context,
                         struct lookup **ret_lookup, struct error *ret_error)
{
    struct lookup *lookup = mem_calloc(1, sizeof(*lookup));
    if (!lookup)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory for a lookup", host);
    *lookup = (struct lookup){.net = net, .done = done, .context = context, .owners = 2};
    lookup->done_task = (struct net_task){.run = on_done, .context = lookup};
    snprintf(lookup->host, sizeof(lookup->host), "%s", host);
    pthread_mutex_init(&lookup->lock, NULL);
    int result = start_detached(lookup);
    if (result) {
        lookup->owners = 1;
        let_go(lookup);
        return error_set(ret_error, STATUS_LIMIT, "%s: cannot start a lookup: %s", host,
                         strerror(result));
    }
    *ret_lookup = lookup;
    return STATUS_OK;
}

void lookup_drop(struct lookup *lookup)
{
    if (!lookup)
        return;
    pthread_mutex_lock(&lookup->lock);
    net_task_cancel(lookup->net, &lookup->done_task);
    lookup->net = NULL;
    pthread_mutex_unlock(&lookup->lock);
    let_go(lookup);
}
