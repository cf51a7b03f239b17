#include "net.h"

#include "fault.h"
#include "net_impl.h"
#include "thread.h"

#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* libwebsockets sizes its tables by this; a kiosk's server and its clients stay far below. */
enum { DESCRIPTORS_MAX = 1024, HEADER_BYTES = 16384, SERVICE_BUFFER_BYTES = 32768 };

/* Ours rule, per connection; libwebsockets' own only has to stay out of the way. */
enum { LWS_TIMEOUT_S = 3600 };

struct net {
    struct net_config config;
    struct thread thread;
    struct lws_context *lws;
    struct lws_vhost *client_vhost;
    SSL_CTX *tls;
    pthread_mutex_t lock;
    struct net_task *first, *last;
    bool stopping;
    struct net_task stop;
    struct net_grave *graves;
};

struct net_timer {
    lws_sorted_usec_list_t sul; /* first: its address is the timer's */
    struct net *net;
    void (*function)(void *context);
    void *context;
};

const char *net_failure_text(enum net_failure failure)
{
    static const char *const texts[] = {
#define NET_FAILURE_TEXT(name, text) text,
        NET_FAILURE_MAP(NET_FAILURE_TEXT)
#undef NET_FAILURE_TEXT
    };
    return (unsigned)failure < NET_FAILURE_COUNT ? texts[failure] : "unknown";
}

const char *net_failure_name(enum net_failure failure)
{
    static const char *const names[] = {
#define NET_FAILURE_NAME(name, text) #name,
        NET_FAILURE_MAP(NET_FAILURE_NAME)
#undef NET_FAILURE_NAME
    };
    return (unsigned)failure < NET_FAILURE_COUNT ? names[failure] : "UNKNOWN";
}

/* What concerns one connection; libwebsockets calls with half-made ones of its own for the rest. */
static bool is_for_peer(enum lws_callback_reasons reason)
{
    static const enum lws_callback_reasons reasons[] = {
        LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER,
        LWS_CALLBACK_CLIENT_CONNECTION_ERROR,
        LWS_CALLBACK_CLIENT_ESTABLISHED,
        LWS_CALLBACK_CLIENT_RECEIVE,
        LWS_CALLBACK_CLIENT_RECEIVE_PONG,
        LWS_CALLBACK_CLIENT_WRITEABLE,
        LWS_CALLBACK_CLIENT_CLOSED,
        LWS_CALLBACK_WS_PEER_INITIATED_CLOSE,
        LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP,
        LWS_CALLBACK_RECEIVE_CLIENT_HTTP,
        LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ,
        LWS_CALLBACK_CLIENT_HTTP_WRITEABLE,
        LWS_CALLBACK_COMPLETED_CLIENT_HTTP,
        LWS_CALLBACK_CLOSED_CLIENT_HTTP,
        LWS_CALLBACK_WSI_DESTROY,
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i] == reason)
            return true;
    return false;
}

/* A connection without a peer was let go and ends soon. */
static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    (void)user;
    if (!is_for_peer(reason))
        return 0;
    struct net_peer *peer = lws_get_opaque_user_data(wsi);
    return peer ? peer->event(peer, wsi, (int)reason, in, size) : 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "linnet", .callback = on_event, .rx_buffer_size = SERVICE_BUFFER_BYTES},
    {.name = NULL},
};

struct lws_context *net_context(const struct net *net)
{
    return net->lws;
}

struct lws_vhost *net_client_vhost(const struct net *net)
{
    return net->client_vhost;
}

const struct clock *net_clock(const struct net *net)
{
    return net->config.clock;
}

bool net_is_here(const struct net *net)
{
    return pthread_equal(pthread_self(), net->thread.handle);
}

uint32_t net_random(const struct net *net)
{
    uint32_t bits = 0;
    (void)net;
    if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
        return 0;
    return bits;
}

void net_forget(struct lws *wsi)
{
    if (!wsi)
        return;
    lws_set_opaque_user_data(wsi, NULL);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void net_task_queue(struct net *net, struct net_task *task)
{
    pthread_mutex_lock(&net->lock);
    bool queue = !task->queued;
    if (queue) {
        task->queued = true;
        task->next = NULL;
        if (net->last)
            net->last->next = task;
        else
            net->first = task;
        net->last = task;
    }
    if (queue && net->lws)
        lws_cancel_service(net->lws); /* with the lock: the task may end the context */
    pthread_mutex_unlock(&net->lock);
}

/* Unlink `task`, whose predecessor is `before` (NULL: it is the first); called with the lock. */
static void unlink_task(struct net *net, struct net_task *before, struct net_task *task)
{
    if (before)
        before->next = task->next;
    else
        net->first = task->next;
    if (net->last == task)
        net->last = before;
    task->queued = false;
}

void net_task_cancel(struct net *net, struct net_task *task)
{
    struct net_task *before = NULL;
    pthread_mutex_lock(&net->lock);
    if (task->queued) {
        for (struct net_task *t = net->first; t != task; t = t->next)
            before = t;
        unlink_task(net, before, task);
    }
    pthread_mutex_unlock(&net->lock);
}

static struct net_task *take_task(struct net *net)
{
    pthread_mutex_lock(&net->lock);
    struct net_task *task = net->first;
    if (task)
        unlink_task(net, NULL, task);
    pthread_mutex_unlock(&net->lock);
    return task;
}

/* Tasks run here, between two rounds of libwebsockets and never inside one of its callbacks. The
 * task may be gone when its function returns. */
static void run_tasks(struct net *net)
{
    for (struct net_task *task; (task = take_task(net));)
        task->run(task->context);
}

/* What was still flushing is freed by tasks that the end of the context queues. */
static void loop(void *context)
{
    struct net *net = context;
    while (!net->stopping && lws_service(net->lws, 0) >= 0)
        run_tasks(net);
    lws_context_destroy(net->lws);
    net->lws = NULL;
    run_tasks(net);
}

static void stop(void *context)
{
    struct net *net = context;
    net->stopping = true;
}

/* Not libwebsockets' own way of making one: Debian's build of it would trust the folder "../share"
 * of wherever the program was started. */
static enum status make_tls(struct net *net, struct error *ret_error)
{
    const char *ca_file = net->config.ca_file;
    net->tls = SSL_CTX_new(TLS_client_method());
    if (!net->tls)
        return error_set(ret_error, STATUS_NO_MEMORY, "net: no memory for TLS");
    SSL_CTX_set_min_proto_version(net->tls, TLS1_2_VERSION);
    SSL_CTX_set_options(net->tls, SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(net->tls, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_verify_paths(net->tls);
    if (ca_file && access(ca_file, R_OK) != 0)
        return error_set(ret_error, STATUS_NOT_FOUND, "%s: cannot be read", ca_file);
    if (ca_file && SSL_CTX_load_verify_file(net->tls, ca_file) != 1) {
        ERR_clear_error();
        return error_set(ret_error, STATUS_FORMAT, "%s: expected certificates as PEM", ca_file);
    }
    return STATUS_OK;
}

static enum status make_context(struct net *net, struct error *ret_error)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .fd_limit_per_thread = DESCRIPTORS_MAX,
        .max_http_header_data2 = HEADER_BYTES,
        .pt_serv_buf_size = SERVICE_BUFFER_BYTES,
        .timeout_secs = LWS_TIMEOUT_S,
        .connect_timeout_secs = LWS_TIMEOUT_S,
        /* Not from the environment: what is sent goes to the host that was named. */
        .http_proxy_address = "",
        .vhost_name = "client",
        .provided_client_ssl_ctx = net->tls,
    };
    lws_set_log_level(0, NULL);
    net->lws = lws_create_context(&info);
    if (net->lws)
        net->client_vhost = lws_create_vhost(net->lws, &info);
    if (!net->client_vhost)
        return error_set(ret_error, STATUS_NO_MEMORY, "net: cannot make a context");
    return STATUS_OK;
}

static enum status start(struct net *net, struct error *ret_error)
{
    TRY(make_tls(net, ret_error));
    TRY(make_context(net, ret_error));
    return thread_start(&net->thread,
                        &(struct thread_config){.name = "net", .run = loop, .context = net},
                        ret_error);
}

void net_bury(struct net *net, struct net_grave *grave)
{
    pthread_mutex_lock(&net->lock);
    grave->next = net->graves;
    net->graves = grave;
    pthread_mutex_unlock(&net->lock);
}

static void net_free(struct net *net)
{
    for (struct net_grave *grave = net->graves, *next; grave; grave = next) {
        next = grave->next;
        free(grave);
    }
    SSL_CTX_free(net->tls);
    pthread_mutex_destroy(&net->lock);
    free(net);
}

enum status net_create(const struct net_config *config, struct net **ret_net,
                       struct error *ret_error)
{
    struct net *net = mem_calloc(1, sizeof(*net));
    if (!net)
        return error_set(ret_error, STATUS_NO_MEMORY, "net: out of memory");
    net->config = *config;
    pthread_mutex_init(&net->lock, NULL);
    enum status status = start(net, ret_error);
    if (status != STATUS_OK) {
        if (net->lws)
            lws_context_destroy(net->lws);
        net_free(net);
        return status;
    }
    *ret_net = net;
    return STATUS_OK;
}

void net_destroy(struct net *net)
{
    if (!net)
        return;
    net->stop = (struct net_task){.run = stop, .context = net};
    net_task_queue(net, &net->stop);
    thread_join(&net->thread);
    net_free(net);
}

struct posted {
    struct net_task task;
    void (*function)(void *context);
    void *context;
};

static void run_posted(void *context)
{
    struct posted posted = *(struct posted *)context;
    free(context);
    posted.function(posted.context);
}

enum status net_post(struct net *net, void (*function)(void *context), void *context)
{
    struct posted *posted = mem_calloc(1, sizeof(*posted));
    if (!posted)
        return STATUS_NO_MEMORY;
    *posted = (struct posted){
        .task = {.run = run_posted, .context = posted}, .function = function, .context = context};
    net_task_queue(net, &posted->task);
    return STATUS_OK;
}

struct call {
    void (*function)(void *context);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    bool done;
};

/* The caller's stack holds the call: signalling comes last, under the lock. */
static void run_call(void *context)
{
    struct call *call = context;
    call->function(call->context);
    pthread_mutex_lock(&call->lock);
    call->done = true;
    pthread_cond_signal(&call->returned);
    pthread_mutex_unlock(&call->lock);
}

void net_run(struct net *net, void (*function)(void *context), void *context)
{
    struct call call = {.function = function, .context = context};
    struct net_task task = {.run = run_call, .context = &call};
    if (net_is_here(net)) {
        function(context);
        return;
    }
    pthread_mutex_init(&call.lock, NULL);
    pthread_cond_init(&call.returned, NULL);
    net_task_queue(net, &task);
    pthread_mutex_lock(&call.lock);
    while (!call.done)
        pthread_cond_wait(&call.returned, &call.lock);
    pthread_mutex_unlock(&call.lock);
    pthread_cond_destroy(&call.returned);
    pthread_mutex_destroy(&call.lock);
}

static void on_timer(lws_sorted_usec_list_t *sul)
{
    struct net_timer *timer = (struct net_timer *)(void *)sul;
    timer->function(timer->context);
}

enum status net_timer_create(struct net *net, void (*function)(void *context), void *context,
                             struct net_timer **ret_timer, struct error *ret_error)
{
    struct net_timer *timer = mem_calloc(1, sizeof(*timer));
    if (!timer)
        return error_set(ret_error, STATUS_NO_MEMORY, "net: no memory for a timer");
    timer->net = net;
    timer->function = function;
    timer->context = context;
    *ret_timer = timer;
    return STATUS_OK;
}

void net_timer_set(struct net_timer *timer, int ms)
{
    if (ms < 0)
        lws_sul_cancel(&timer->sul);
    else
        lws_sul_schedule(timer->net->lws, 0, &timer->sul, on_timer, (lws_usec_t)ms * LWS_US_PER_MS);
}

static void cancel_timer(void *context)
{
    net_timer_set(context, -1);
}

void net_timer_destroy(struct net_timer *timer)
{
    if (!timer)
        return;
    net_run(timer->net, cancel_timer, timer);
    free(timer);
}
