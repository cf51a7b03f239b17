#include "fault.h"
#include "harness.h"
#include "mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

static bool readable(const struct mailbox *mailbox)
{
    struct pollfd watched = {.fd = mailbox_fd(mailbox), .events = POLLIN};
    return poll(&watched, 1, 0) == 1;
}

TEST(mailbox_keeps_order_and_refuses_when_full)
{
    struct mailbox *mailbox = NULL;
    int out = 0;
    CHECK_OK(mailbox_create(3, sizeof(int), &mailbox, NULL));
    CHECK_STATUS(mailbox_take(mailbox, &out), STATUS_AGAIN);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 3; i++)
            CHECK_OK(mailbox_post(mailbox, &i));
        CHECK_STATUS(mailbox_post(mailbox, &round), STATUS_AGAIN);
        for (int i = 0; i < 3; i++) {
            CHECK_OK(mailbox_take(mailbox, &out));
            CHECK_EQ(out, i);
        }
    }
    CHECK_EQ(mailbox_refused(mailbox), 4);
    mailbox_destroy(mailbox);
    mailbox_destroy(NULL);
}

TEST(mailbox_descriptor_follows_its_content)
{
    struct mailbox *mailbox = NULL;
    int value = 1;
    CHECK_OK(mailbox_create(2, sizeof(value), &mailbox, NULL));
    CHECK(!readable(mailbox));
    mailbox_post(mailbox, &value);
    mailbox_post(mailbox, &value);
    CHECK(readable(mailbox));
    mailbox_take(mailbox, &value);
    CHECK(readable(mailbox));
    mailbox_take(mailbox, &value);
    CHECK(!readable(mailbox));
    mailbox_close(mailbox);
    CHECK(readable(mailbox));
    mailbox_destroy(mailbox);
}

TEST(mailbox_closed_is_emptied_and_then_ends)
{
    struct mailbox *mailbox = NULL;
    int value = 7;
    CHECK_OK(mailbox_create(2, sizeof(value), &mailbox, NULL));
    mailbox_post(mailbox, &value);
    mailbox_close(mailbox);
    CHECK_STATUS(mailbox_post(mailbox, &value), STATUS_CANCELLED);
    CHECK_OK(mailbox_wait(mailbox, &value, -1));
    CHECK_STATUS(mailbox_wait(mailbox, &value, -1), STATUS_CANCELLED);
    CHECK_STATUS(mailbox_take(mailbox, &value), STATUS_CANCELLED);
    mailbox_destroy(mailbox);
}

TEST(mailbox_wait_ends_in_time)
{
    struct mailbox *mailbox = NULL;
    int value = 0;
    CHECK_OK(mailbox_create(2, sizeof(value), &mailbox, NULL));
    CHECK_STATUS(mailbox_wait(mailbox, &value, 5000000), STATUS_TIMEOUT);
    CHECK_STATUS(mailbox_wait(mailbox, &value, 0), STATUS_TIMEOUT);
    mailbox_destroy(mailbox);
}

enum { SENDERS = 3, EACH = 5000 };

struct sender {
    struct mailbox *mailbox;
    int id;
    pthread_t thread;
};

static void *sender_run(void *argument)
{
    struct sender *sender = argument;
    for (int i = 0; i < EACH;) {
        int message = sender->id * EACH + i;
        if (mailbox_post(sender->mailbox, &message) == STATUS_OK)
            i++;
        else
            usleep(50);
    }
    return NULL;
}

TEST(mailbox_takes_from_many_senders_in_each_ones_order)
{
    struct mailbox *mailbox = NULL;
    struct sender senders[SENDERS];
    int next[SENDERS] = {0};
    CHECK_OK(mailbox_create(16, sizeof(int), &mailbox, NULL));
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.mailbox = mailbox, .id = i};
        CHECK_EQ(pthread_create(&senders[i].thread, NULL, sender_run, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS * EACH; i++) {
        int message = 0;
        CHECK_OK(mailbox_wait(mailbox, &message, -1));
        CHECK_EQ(message % EACH, next[message / EACH]++);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    CHECK(!readable(mailbox));
    mailbox_destroy(mailbox);
}

TEST(mailbox_create_fails_cleanly)
{
    struct mailbox *mailbox = NULL;
    struct error error = {0};
    CHECK_STATUS(mailbox_create(0, 4, &mailbox, &error), STATUS_INVALID_ARGUMENT);
    for (unsigned n = 1;; n++) {
        fault_arm(FAULT_ALLOC, n);
        enum status status = mailbox_create(4, 4, &mailbox, &error);
        if (fault_disarm(FAULT_ALLOC)) {
            CHECK_OK(status);
            CHECK_EQ(n, 3);
            break;
        }
        CHECK_STATUS(status, STATUS_NO_MEMORY);
        CHECK(mailbox == NULL);
    }
    mailbox_destroy(mailbox);
}
