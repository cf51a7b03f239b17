#include "mailbox.h"

#include "clock.h"
#include "fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    unsigned char *messages;
    size_t message_size;
    size_t capacity;
    size_t first;
    size_t count;
    uint64_t refused;
    int fd;
    bool closed;
    bool signalled;
};

static void mailbox_sync_init(struct mailbox *mailbox)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_cond_init(&mailbox->arrived, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum status mailbox_create(size_t capacity, size_t message_size, struct mailbox **ret_mailbox,
                           struct error *ret_error)
{
    if (!capacity || !message_size)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "mailbox: capacity or message size is 0");
    struct mailbox *mailbox = mem_calloc(1, sizeof(*mailbox));
    if (!mailbox)
        return error_set(ret_error, STATUS_NO_MEMORY, "mailbox: out of memory");
    mailbox_sync_init(mailbox);
    mailbox->capacity = capacity;
    mailbox->message_size = message_size;
    mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    mailbox->messages = mem_calloc(capacity, message_size);
    if (mailbox->fd < 0 || !mailbox->messages) {
        enum status status = mailbox->fd < 0 ? STATUS_LIMIT : STATUS_NO_MEMORY;
        mailbox_destroy(mailbox);
        return error_set(ret_error, status, "mailbox: %s for %zu messages of %zu bytes",
                         status == STATUS_LIMIT ? "no file descriptor" : "out of memory", capacity,
                         message_size);
    }
    *ret_mailbox = mailbox;
    return STATUS_OK;
}

void mailbox_destroy(struct mailbox *mailbox)
{
    if (!mailbox)
        return;
    if (mailbox->fd >= 0)
        close(mailbox->fd);
    pthread_cond_destroy(&mailbox->arrived);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox->messages);
    free(mailbox);
}

/* Make the descriptor readable exactly while there is something to see; called with the lock held.
 * An eventfd of value 0 or 1 can neither block nor fail here. */
static void mailbox_signal(struct mailbox *mailbox)
{
    bool wanted = mailbox->count > 0 || mailbox->closed;
    uint64_t value = 1;
    ssize_t done = sizeof(value);
    if (wanted && !mailbox->signalled)
        done = write(mailbox->fd, &value, sizeof(value));
    else if (!wanted && mailbox->signalled)
        done = read(mailbox->fd, &value, sizeof(value));
    if (done == sizeof(value))
        mailbox->signalled = wanted;
}

static unsigned char *mailbox_slot(struct mailbox *mailbox, size_t offset)
{
    return mailbox->messages +
           (mailbox->first + offset) % mailbox->capacity * mailbox->message_size;
}

enum status mailbox_post(struct mailbox *mailbox, const void *message)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->closed) {
        status = STATUS_CANCELLED;
    } else if (mailbox->count == mailbox->capacity) {
        status = STATUS_AGAIN;
        mailbox->refused++;
    } else {
        memcpy(mailbox_slot(mailbox, mailbox->count), message, mailbox->message_size);
        mailbox->count++;
        mailbox_signal(mailbox);
        pthread_cond_signal(&mailbox->arrived);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return status;
}

static enum status mailbox_take_locked(struct mailbox *mailbox, void *ret_message)
{
    if (!mailbox->count)
        return mailbox->closed ? STATUS_CANCELLED : STATUS_AGAIN;
    memcpy(ret_message, mailbox_slot(mailbox, 0), mailbox->message_size);
    mailbox->first = (mailbox->first + 1) % mailbox->capacity;
    mailbox->count--;
    mailbox_signal(mailbox);
    return STATUS_OK;
}

enum status mailbox_take(struct mailbox *mailbox, void *ret_message)
{
    pthread_mutex_lock(&mailbox->lock);
    enum status status = mailbox_take_locked(mailbox, ret_message);
    pthread_mutex_unlock(&mailbox->lock);
    return status;
}

/* On the condition's own clock: a wait on real time, whatever time the rest of the program lives
 * in. */
static struct timespec deadline_after(int64_t timeout_ns)
{
    struct clock real;
    clock_init_real(&real);
    int64_t ns = clock_now_ns(&real) + timeout_ns;
    return (struct timespec){.tv_sec = ns / CLOCK_NS_PER_S, .tv_nsec = ns % CLOCK_NS_PER_S};
}

enum status mailbox_wait(struct mailbox *mailbox, void *ret_message, int64_t timeout_ns)
{
    struct timespec deadline = deadline_after(timeout_ns > 0 ? timeout_ns : 0);
    int result = 0;
    pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->count && !mailbox->closed && result != ETIMEDOUT)
        result = timeout_ns < 0
                     ? pthread_cond_wait(&mailbox->arrived, &mailbox->lock)
                     : pthread_cond_timedwait(&mailbox->arrived, &mailbox->lock, &deadline);
    enum status status = mailbox_take_locked(mailbox, ret_message);
    pthread_mutex_unlock(&mailbox->lock);
    return status == STATUS_AGAIN ? STATUS_TIMEOUT : status;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    mailbox_signal(mailbox);
    pthread_cond_broadcast(&mailbox->arrived);
    pthread_mutex_unlock(&mailbox->lock);
}

int mailbox_fd(const struct mailbox *mailbox)
{
    return mailbox->fd;
}

uint64_t mailbox_refused(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    uint64_t refused = mailbox->refused;
    pthread_mutex_unlock(&mailbox->lock);
    return refused;
}
