#include "harness.h"

#include <stdlib.h>
#include <time.h>

char why[512];
const char *addr;
int failures;

void check(const char *name, int (*function)(void))
{
    why[0] = 0;
    if (function() == 0) {
        printf("PASS %s\n", name);
    } else {
        printf("FAIL %s: %s\n", name, why);
        failures++;
    }
    fflush(stdout);
}

/* Prints a request and reads the runner's answer. */
int ask(const char *request, const char *answer)
{
    char line[64] = "";
    printf("%s\n", request);
    fflush(stdout);
    WANT(fgets(line, sizeof line, stdin) != NULL);
    line[strcspn(line, "\n")] = 0;
    WANT(strcmp(line, answer) == 0);
    return 0;
}

void keep(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct events *events = context;
    (void)zh;
    pthread_mutex_lock(&events->lock);
    struct event *event = &events->queue[events->tail++ % EVENTS];
    event->type = type;
    event->state = state;
    snprintf(event->path, sizeof event->path, "%s", path ? path : "");
    pthread_cond_signal(&events->came);
    pthread_mutex_unlock(&events->lock);
}

int next_event(struct events *events, struct event *event)
{
    struct timespec end;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&events->lock);
    while (events->head == events->tail && rc == 0)
        rc = pthread_cond_timedwait(&events->came, &events->lock, &end);
    if (rc == 0)
        *event = events->queue[events->head++ % EVENTS];
    pthread_mutex_unlock(&events->lock);
    WANT("an event came" && rc == 0);
    return 0;
}

/* Skips session events up to a node event, which must be this one. */
int expect(struct events *events, int type, const char *path)
{
    struct event event;
    do {
        STEP(next_event(events, &event));
    } while (event.type == ZOO_SESSION_EVENT);
    if (event.type != type || strcmp(event.path, path) != 0) {
        snprintf(why, sizeof why, "want event %d %s, got %d %s", type, path, event.type,
                 event.path);
        return -1;
    }
    return 0;
}

int await_state(struct events *events, int state)
{
    struct event event;
    do {
        STEP(next_event(events, &event));
    } while (event.type != ZOO_SESSION_EVENT || event.state != state);
    return 0;
}

/* Call it after a request that was answered after the change. */
int no_event(struct events *events)
{
    pthread_mutex_lock(&events->lock);
    int none = events->head == events->tail;
    pthread_mutex_unlock(&events->lock);
    WANT("no event" && none);
    return 0;
}

int connect_client(struct client *client, int timeout_ms, const clientid_t *id)
{
    memset(client, 0, sizeof *client);
    client->events = (struct events)NO_EVENTS;
    client->zh = zookeeper_init(addr, keep, timeout_ms, id, &client->events, 0);
    WANT(client->zh != NULL);
    return await_state(&client->events, ZOO_CONNECTED_STATE);
}

int make(zhandle_t *zh, const char *path, int mode)
{
    char made[128];
    return zoo_create(zh, path, "x", 1, &ZOO_OPEN_ACL_UNSAFE, mode, made, sizeof made);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s host:port [hold]\n", argv[0]);
        return 2;
    }
    addr = argv[1];
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    if (argc > 2)
        return hold();
    nodes();
    watches();
    sessions();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
