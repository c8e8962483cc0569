/*
 * Named checks, one PASS or FAIL line each, requests to the runner (see interop/matrix), and a
 * watcher that keeps what it hears.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <zookeeper/zookeeper.h>

/* Why the running check failed, with the line. */
extern char why[512];

/* Ends the running check unless the condition holds. */
#define WANT(condition)                                                       \
    do {                                                                      \
        if (!(condition)) {                                                   \
            snprintf(why, sizeof why, "not so: %s (%s:%d)", #condition,       \
                     __FILE__, __LINE__);                                     \
            return -1;                                                        \
        }                                                                     \
    } while (0)

/* Ends the running check unless the call returns that code. */
#define CODE(want, call)                                                      \
    do {                                                                      \
        int got_ = (call);                                                    \
        if (got_ != (want)) {                                                 \
            snprintf(why, sizeof why, "%s: want %s, got %s (%s:%d)", #call,   \
                     zerror(want), zerror(got_), __FILE__, __LINE__);         \
            return -1;                                                        \
        }                                                                     \
    } while (0)

/* Ends the running check if a step of it, a function of ours, failed. */
#define STEP(call)                                                            \
    do {                                                                      \
        if ((call) != 0)                                                      \
            return -1;                                                        \
    } while (0)

enum { PATIENCE_S = 20, TIMEOUT_MS = 10000, EVENTS = 64 };

struct event {
    int type, state;
    char path[128];
};

/* A queue filled by the client's threads and emptied by the checks. */
struct events {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct event queue[EVENTS];
    unsigned head, tail;
};

#define NO_EVENTS                                                             \
    {                                                                         \
        .lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER   \
    }

/* A client and its session's events. */
struct client {
    zhandle_t *zh;
    struct events events;
};

extern const char *addr;
extern int failures;

void check(const char *name, int (*function)(void));
int ask(const char *request, const char *answer);

void keep(zhandle_t *zh, int type, int state, const char *path, void *events);
int next_event(struct events *events, struct event *event);
int expect(struct events *events, int type, const char *path);
int await_state(struct events *events, int state);
int no_event(struct events *events);

/* id may be NULL. The client must be closed with zookeeper_close. */
int connect_client(struct client *client, int timeout_ms, const clientid_t *id);
int make(zhandle_t *zh, const char *path, int mode);

void nodes(void);
void watches(void);
void sessions(void);
int hold(void);

#endif
