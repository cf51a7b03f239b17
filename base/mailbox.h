/* Mailbox: bounded queue of fixed-size messages, any number of senders, one or more receivers.
 *
 * A message is copied in and out; what a pointer inside it means is the affair of both ends. A full
 * mailbox refuses (AGAIN) and counts. Closing lets receivers empty it and then ends them
 * (CANCELLED).
 *
 *     struct message message;
 *     while (mailbox_wait(mailbox, &message, -1) == STATUS_OK)
 *         handle(&message);
 *
 * Thread: any but audio-rt (it locks); real-time threads hand samples to a ring and bump counters
 * instead. */
#ifndef LINNET_BASE_MAILBOX_H
#define LINNET_BASE_MAILBOX_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

struct mailbox;

enum status mailbox_create(size_t capacity, size_t message_size, struct mailbox **ret_mailbox,
                           struct error *ret_error);

/* Accepts NULL. No thread may be inside. */
void mailbox_destroy(struct mailbox *mailbox);

/* Copy a message in: OK, AGAIN (full), CANCELLED (closed). Never waits. */
enum status mailbox_post(struct mailbox *mailbox, const void *message);

/* Copy the oldest message out: OK, AGAIN (empty), CANCELLED (empty and closed). Never waits. */
enum status mailbox_take(struct mailbox *mailbox, void *ret_message);

/* Like take, but wait up to `timeout_ns` of real time (negative: for ever): OK, TIMEOUT, CANCELLED.
 */
enum status mailbox_wait(struct mailbox *mailbox, void *ret_message, int64_t timeout_ns);

/* Refuse new messages and wake everybody who waits. */
void mailbox_close(struct mailbox *mailbox);

/* A descriptor for poll(2): readable while there is a message or the mailbox is closed. Owned by
 * the mailbox; do not read from it. */
int mailbox_fd(const struct mailbox *mailbox);

/* Messages refused because the mailbox was full. */
uint64_t mailbox_refused(struct mailbox *mailbox);

#endif
