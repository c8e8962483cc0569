"""Watches: one-shot functions, DataWatch, ChildrenWatch, TreeCache."""

from kazoo.client import KazooClient
from kazoo.protocol.states import EventType
from kazoo.recipe.cache import TreeCache, TreeEvent

from harness import Events, equal


class Watches:
    def __init__(self, zk):
        self.zk = zk

    def data(self):
        events = Events()
        self.zk.create("/w/d")
        self.zk.get("/w/d", watch=events)
        self.zk.set("/w/d", b"1")
        events.expect(EventType.CHANGED, "/w/d")
        self.zk.set("/w/d", b"2")
        self.zk.exists("/w/d", watch=events)
        self.zk.delete("/w/d")
        events.expect(EventType.DELETED, "/w/d")
        events.none()

    def exists(self):
        events = Events()
        equal(None, self.zk.exists("/w/new", watch=events))
        self.zk.create("/w/new")
        events.expect(EventType.CREATED, "/w/new")

    def children(self):
        events = Events()
        self.zk.create("/w/c")
        self.zk.get_children("/w/c", watch=events)
        self.zk.create("/w/c/x")
        events.expect(EventType.CHILD, "/w/c")
        self.zk.get_children("/w/c", watch=events)
        self.zk.delete("/w/c", recursive=True)
        events.expect(EventType.CHILD, "/w/c")

    def data_watch(self):
        seen = Events()

        @self.zk.DataWatch("/w/dw")
        def watch(data, stat):
            seen((data, stat and stat.version))

        equal((None, None), seen.next())
        self.zk.create("/w/dw", b"a")
        equal((b"a", 0), seen.next())
        for version in range(1, 6):
            self.zk.set("/w/dw", b"%d" % version)
            equal((b"%d" % version, version), seen.next())
        self.zk.delete("/w/dw")
        equal((None, None), seen.next())

    def children_watch(self):
        seen = Events()
        self.zk.create("/w/cw")

        @self.zk.ChildrenWatch("/w/cw")
        def watch(children):
            seen(sorted(children))

        equal([], seen.next())
        self.zk.create("/w/cw/a")
        equal(["a"], seen.next())
        self.zk.create("/w/cw/b")
        equal(["a", "b"], seen.next())
        self.zk.delete("/w/cw/a")
        equal(["b"], seen.next())

    def tree_cache(self):
        seen = Events()
        self.zk.create("/w/tree", b"root")
        self.zk.create("/w/tree/a", b"1")
        cache = TreeCache(self.zk, "/w/tree")
        cache.listen(lambda event: seen(
            (event.event_type, event.event_data and event.event_data.path)))
        cache.start()
        first = {seen.next(), seen.next()}
        equal({(TreeEvent.NODE_ADDED, "/w/tree"), (TreeEvent.NODE_ADDED, "/w/tree/a")}, first)
        equal((TreeEvent.INITIALIZED, None), seen.next())
        self.zk.create("/w/tree/a/b", b"2")
        equal((TreeEvent.NODE_ADDED, "/w/tree/a/b"), seen.next())
        self.zk.set("/w/tree/a/b", b"3")
        equal((TreeEvent.NODE_UPDATED, "/w/tree/a/b"), seen.next())
        equal(b"3", cache.get_data("/w/tree/a/b").data)
        self.zk.delete("/w/tree/a/b")
        equal((TreeEvent.NODE_REMOVED, "/w/tree/a/b"), seen.next())
        cache.close()


def run(h):
    zk = KazooClient(h.addr)
    zk.start()
    zk.create("/w")
    w = Watches(zk)
    h.check("data watch", w.data)
    h.check("exists watch", w.exists)
    h.check("child watch", w.children)
    h.check("DataWatch", w.data_watch)
    h.check("ChildrenWatch", w.children_watch)
    h.check("TreeCache", w.tree_cache)
    zk.stop()
    zk.close()
