/* One-shot watches and their removal. */
#include "harness.h"

static struct client c;

static int data(void)
{
    static struct events events = NO_EVENTS;
    char text[8];
    int length = sizeof text;
    struct Stat stat;
    CODE(ZOK, make(c.zh, "/w/d", 0));
    CODE(ZOK, zoo_wget(c.zh, "/w/d", keep, &events, text, &length, &stat));
    CODE(ZOK, zoo_set(c.zh, "/w/d", "1", 1, -1));
    STEP(expect(&events, ZOO_CHANGED_EVENT, "/w/d"));
    CODE(ZOK, zoo_set(c.zh, "/w/d", "2", 1, -1));
    STEP(no_event(&events));
    CODE(ZOK, zoo_wexists(c.zh, "/w/d", keep, &events, &stat));
    CODE(ZOK, zoo_delete(c.zh, "/w/d", -1));
    return expect(&events, ZOO_DELETED_EVENT, "/w/d");
}

static int absent(void)
{
    static struct events events = NO_EVENTS;
    struct Stat stat;
    CODE(ZNONODE, zoo_wexists(c.zh, "/w/new", keep, &events, &stat));
    CODE(ZOK, make(c.zh, "/w/new", 0));
    return expect(&events, ZOO_CREATED_EVENT, "/w/new");
}

static int child(void)
{
    static struct events events = NO_EVENTS;
    struct String_vector names;
    struct Stat stat;
    CODE(ZOK, make(c.zh, "/w/c", 0));
    CODE(ZOK, zoo_wget_children(c.zh, "/w/c", keep, &events, &names));
    deallocate_String_vector(&names);
    CODE(ZOK, make(c.zh, "/w/c/x", 0));
    STEP(expect(&events, ZOO_CHILD_EVENT, "/w/c"));
    CODE(ZOK, zoo_wget_children2(c.zh, "/w/c", keep, &events, &names, &stat));
    deallocate_String_vector(&names);
    CODE(ZOK, zoo_delete(c.zh, "/w/c/x", -1));
    STEP(expect(&events, ZOO_CHILD_EVENT, "/w/c"));
    CODE(ZOK, zoo_wget_children(c.zh, "/w/c", keep, &events, &names));
    deallocate_String_vector(&names);
    CODE(ZOK, zoo_delete(c.zh, "/w/c", -1));
    return expect(&events, ZOO_DELETED_EVENT, "/w/c");
}

static int global(void)
{
    struct Stat stat;
    CODE(ZOK, make(c.zh, "/w/g", 0));
    CODE(ZOK, zoo_exists(c.zh, "/w/g", 1, &stat));
    CODE(ZOK, zoo_set(c.zh, "/w/g", "1", 1, -1));
    return expect(&c.events, ZOO_CHANGED_EVENT, "/w/g");
}

static int config(void)
{
    static struct events events = NO_EVENTS;
    char text[8];
    int length = sizeof text;
    struct Stat stat;
    CODE(ZOK, zoo_wgetconfig(c.zh, keep, &events, text, &length, &stat));
    return no_event(&events);
}

static int removed(void)
{
    static struct events first = NO_EVENTS, second = NO_EVENTS;
    char text[8];
    int length = sizeof text;
    struct Stat stat;
    CODE(ZOK, make(c.zh, "/w/r", 0));
    CODE(ZOK, zoo_wget(c.zh, "/w/r", keep, &first, text, &length, &stat));
    CODE(ZOK, zoo_wexists(c.zh, "/w/r", keep, &second, &stat));
    CODE(ZOK, zoo_remove_watches(c.zh, "/w/r", ZWATCHTYPE_DATA, keep, &first, 0));
    CODE(ZOK, zoo_set(c.zh, "/w/r", "1", 1, -1));
    STEP(expect(&second, ZOO_CHANGED_EVENT, "/w/r"));
    STEP(no_event(&first));
    CODE(ZOK, zoo_wexists(c.zh, "/w/r", keep, &first, &stat));
    CODE(ZOK, zoo_remove_all_watches(c.zh, "/w/r", ZWATCHTYPE_ANY, 0));
    CODE(ZOK, zoo_set(c.zh, "/w/r", "2", 1, -1));
    STEP(no_event(&first));
    CODE(ZNOWATCHER, zoo_remove_all_watches(c.zh, "/w/r", ZWATCHTYPE_CHILD, 0));
    return 0;
}

void watches(void)
{
    if (connect_client(&c, TIMEOUT_MS, NULL) != 0 || make(c.zh, "/w", 0) != ZOK) {
        printf("FAIL connect for watches: %s\n", why);
        failures++;
        return;
    }
    check("data watch", data);
    check("exists watch on an absent node", absent);
    check("child watch", child);
    check("the session's own watcher", global);
    check("config watch", config);
    check("remove watches", removed);
    zookeeper_close(c.zh);
}
