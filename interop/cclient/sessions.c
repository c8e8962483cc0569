/* Resuming, losing and outliving sessions. */
#include "harness.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Run as `cclient host:port hold`: makes an ephemeral node, prints the session's id and password
 * and ends without closing the session.
 */
int hold(void)
{
    struct client c;
    if (connect_client(&c, TIMEOUT_MS, NULL) != 0 || make(c.zh, "/s/held", ZOO_EPHEMERAL) != ZOK)
        return EXIT_FAILURE;
    const clientid_t *id = zoo_client_id(c.zh);
    printf("%llx ", (unsigned long long)id->client_id);
    for (size_t i = 0; i < sizeof id->passwd; i++)
        printf("%02x", (unsigned char)id->passwd[i]);
    printf("\n");
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}

static int resume(void)
{
    char command[512], password[64];
    unsigned long long number;
    clientid_t id;
    struct client c;
    struct Stat stat;
    ssize_t length = readlink("/proc/self/exe", command, 256);
    WANT(length > 0);
    snprintf(command + length, sizeof command - (size_t)length, " %s hold", addr);
    FILE *other = popen(command, "r");
    WANT(other != NULL);
    int words = fscanf(other, "%llx %63s", &number, password);
    WANT(pclose(other) == 0 && words == 2);
    id.client_id = (int64_t)number;
    for (size_t i = 0; i < sizeof id.passwd; i++) {
        unsigned byte;
        WANT(sscanf(password + 2 * i, "%2x", &byte) == 1);
        id.passwd[i] = (char)byte;
    }
    STEP(connect_client(&c, TIMEOUT_MS, &id));
    WANT(zoo_client_id(c.zh)->client_id == id.client_id);
    CODE(ZOK, zoo_exists(c.zh, "/s/held", 0, &stat));
    WANT(stat.ephemeralOwner == id.client_id);
    CODE(ZOK, zookeeper_close(c.zh));
    STEP(connect_client(&c, TIMEOUT_MS, NULL));
    CODE(ZNONODE, zoo_exists(c.zh, "/s/held", 0, &stat));
    zookeeper_close(c.zh);
    return 0;
}

static int wrong_password(void)
{
    struct client c;
    clientid_t id = {.client_id = 0x12345};
    struct events events = NO_EVENTS;
    c.zh = zookeeper_init(addr, keep, TIMEOUT_MS, &id, &events, 0);
    WANT(c.zh != NULL);
    STEP(await_state(&events, ZOO_EXPIRED_SESSION_STATE));
    zookeeper_close(c.zh);
    return 0;
}

static size_t put(unsigned char *at, const void *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return length;
}

static size_t put_int(unsigned char *at, uint32_t n)
{
    n = htobe32(n);
    return put(at, &n, sizeof n);
}

/*
 * Attaches to the session over a socket of its own and closes it, in one write. The library may
 * be back before the server reads the second frame, and take the session along: closed says
 * whether the server answered both frames, or that the session is gone.
 */
static int usurp(int *closed, const clientid_t *id)
{
    unsigned char frames[128] = {0}, answer[256];
    size_t n = put_int(frames, 45) + 12; /* version and last zxid seen are 0 */
    uint64_t session = htobe64((uint64_t)id->client_id);
    n += put_int(frames + n, TIMEOUT_MS);
    n += put(frames + n, &session, sizeof session);
    n += put_int(frames + n, sizeof id->passwd);
    n += put(frames + n, id->passwd, sizeof id->passwd) + 1; /* not read-only */
    n += put_int(frames + n, 8);
    n += put_int(frames + n, 1);
    n += put_int(frames + n, (uint32_t)-11);
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct timeval patience = {PATIENCE_S, 0};
    to.sin_port = htons((uint16_t)atoi(strrchr(addr, ':') + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    WANT(fd >= 0);
    WANT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    WANT(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    WANT(write(fd, frames, n) == (ssize_t)n);
    size_t total = 0;
    ssize_t got;
    while ((got = read(fd, answer + total, sizeof answer - total)) > 0)
        total += (size_t)got;
    close(fd);
    static const unsigned char refused[4]; /* a timeout of 0: there is no such session any more */
    *closed = total >= 41 + 20 || (total >= 41 && memcmp(answer + 8, refused, 4) == 0);
    return 0;
}

static int closed_by_other(void)
{
    struct client c, other;
    struct Stat stat;
    STEP(connect_client(&c, TIMEOUT_MS, NULL));
    CODE(ZOK, make(c.zh, "/s/usurped", ZOO_EPHEMERAL));
    clientid_t id = *zoo_client_id(c.zh);
    for (int closed = 0; !closed;)
        STEP(usurp(&closed, &id));
    STEP(await_state(&c.events, ZOO_EXPIRED_SESSION_STATE));
    WANT(is_unrecoverable(c.zh) == ZINVALIDSTATE);
    zookeeper_close(c.zh);
    STEP(connect_client(&other, TIMEOUT_MS, NULL));
    CODE(ZNONODE, zoo_exists(other.zh, "/s/usurped", 0, &stat));
    zookeeper_close(other.zh);
    return 0;
}

static int expires(void)
{
    struct client c, other;
    struct Stat stat;
    STEP(connect_client(&c, 1000, NULL));
    WANT(zoo_recv_timeout(c.zh) == 1000);
    CODE(ZOK, make(c.zh, "/s/paused", ZOO_EPHEMERAL));
    STEP(ask("PAUSE 3000", "RESUMED"));
    STEP(await_state(&c.events, ZOO_EXPIRED_SESSION_STATE));
    zookeeper_close(c.zh);
    STEP(connect_client(&other, TIMEOUT_MS, NULL));
    CODE(ZNONODE, zoo_exists(other.zh, "/s/paused", 0, &stat));
    zookeeper_close(other.zh);
    return 0;
}

static int over(const char *request, const char *root)
{
    struct client c;
    static struct events data, exists, child;
    char path[64], text[8];
    int length = sizeof text;
    struct String_vector names;
    struct Stat stat;
    data = exists = child = (struct events)NO_EVENTS;
    STEP(connect_client(&c, TIMEOUT_MS, NULL));
    int64_t id = zoo_client_id(c.zh)->client_id;
    CODE(ZOK, make(c.zh, root, 0));
    snprintf(path, sizeof path, "%s/e", root);
    CODE(ZOK, make(c.zh, path, ZOO_EPHEMERAL));
    snprintf(path, sizeof path, "%s/new", root);
    CODE(ZOK, zoo_wget(c.zh, root, keep, &data, text, &length, &stat));
    CODE(ZNONODE, zoo_wexists(c.zh, path, keep, &exists, &stat));
    CODE(ZOK, zoo_wget_children(c.zh, root, keep, &child, &names));
    deallocate_String_vector(&names);
    STEP(ask(request, "RESTARTED"));
    STEP(await_state(&c.events, ZOO_CONNECTING_STATE));
    STEP(await_state(&c.events, ZOO_CONNECTED_STATE));
    WANT(zoo_client_id(c.zh)->client_id == id);
    CODE(ZOK, zoo_set(c.zh, root, "1", 1, -1));
    CODE(ZOK, make(c.zh, path, 0));
    STEP(expect(&data, ZOO_CHANGED_EVENT, root));
    STEP(expect(&exists, ZOO_CREATED_EVENT, path));
    STEP(expect(&child, ZOO_CHILD_EVENT, root));
    snprintf(path, sizeof path, "%s/e", root);
    CODE(ZOK, zoo_exists(c.zh, path, 0, &stat));
    WANT(stat.ephemeralOwner == id);
    CODE(ZOK, zookeeper_close(c.zh));
    return 0;
}

static int over_restart(void)
{
    return over("RESTART", "/s/over");
}

static int over_crash(void)
{
    return over("CRASH", "/s/killed");
}

void sessions(void)
{
    struct client c;
    if (connect_client(&c, TIMEOUT_MS, NULL) != 0 || make(c.zh, "/s", 0) != ZOK) {
        printf("FAIL connect for sessions: %s\n", why);
        failures++;
        return;
    }
    zookeeper_close(c.zh);
    check("a session is resumed with id and password", resume);
    check("an unknown session is expired", wrong_password);
    check("closed by another with its id and password", closed_by_other);
    check("a stopped client's session expires", expires);
    check("watches over a clean restart", over_restart);
    check("watches over a kill", over_crash);
}
