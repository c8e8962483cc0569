package interop;

import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Session.bytes;

import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs.Ids;

/** One-shot watches: what sets them, what fires them, and how they are taken away. */
final class Watches {
    private final Harness h;
    private final Session zk;

    private Watches(Harness h, Session zk) {
        this.h = h;
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Watches watches = new Watches(h, zk);
            zk.make("/watch");
            h.check("data watch", watches::data);
            h.check("data watch fires once", watches::once);
            h.check("exists watch on an absent node", watches::created);
            h.check("child watch", watches::children);
            h.check("a deletion fires data and child watches", watches::deleted);
            h.check("a watch on an absent node is not left by getData", watches::notLeft);
            h.check("an event carries its change's zxid", watches::zxid);
            h.check("an event precedes the reply that shows its change", watches::beforeReply);
            h.check("multi fires a watch for each part", watches::multi);
            h.check("an ephemeral's end is an event", watches::ephemeral);
            h.check("setACL fires nothing", watches::setAcl);
            h.check("removeWatches data, children, any", watches::remove);
            h.check("removeWatches leaves others' watchers", watches::removeOne);
            h.check("removeAllWatches", watches::removeAll);
            h.check("removeWatches without a watch", watches::removeNone);
            h.check("removeWatches locally", watches::removeLocal);
        }
    }

    private void data() throws Exception {
        Events events = new Events();
        zk.make("/watch/d");
        zk.getData("/watch/d", events, null);
        zk.setData("/watch/d", bytes("1"), -1);
        events.expect(EventType.NodeDataChanged, "/watch/d");
        zk.exists("/watch/d", events);
        zk.setData("/watch/d", bytes("2"), -1);
        events.expect(EventType.NodeDataChanged, "/watch/d");
        zk.exists("/watch/d", events);
        zk.delete("/watch/d", -1);
        events.expect(EventType.NodeDeleted, "/watch/d");
    }

    private void once() throws Exception {
        Events events = new Events();
        zk.make("/watch/once");
        zk.getData("/watch/once", events, null);
        zk.exists("/watch/once", events);
        zk.setData("/watch/once", bytes("1"), -1);
        zk.setData("/watch/once", bytes("2"), -1);
        events.expect(EventType.NodeDataChanged, "/watch/once");
        zk.settle();
        events.expectNone();
    }

    private void created() throws Exception {
        Events events = new Events();
        equal(null, zk.exists("/watch/new", events));
        zk.make("/watch/new");
        events.expect(EventType.NodeCreated, "/watch/new");
        zk.settle();
        events.expectNone();
    }

    private void children() throws Exception {
        Events events = new Events();
        zk.make("/watch/kids");
        zk.getChildren("/watch/kids", events);
        zk.setData("/watch/kids", bytes("1"), -1);
        zk.make("/watch/kids/a");
        events.expect(EventType.NodeChildrenChanged, "/watch/kids");
        zk.getChildren("/watch/kids", events, new org.apache.zookeeper.data.Stat());
        zk.setData("/watch/kids/a", bytes("1"), -1);
        zk.delete("/watch/kids/a", -1);
        events.expect(EventType.NodeChildrenChanged, "/watch/kids");
        zk.settle();
        events.expectNone();
    }

    private void deleted() throws Exception {
        Events data = new Events();
        Events child = new Events();
        Events parent = new Events();
        zk.make("/watch/gone");
        zk.getData("/watch/gone", data, null);
        zk.getChildren("/watch/gone", child);
        zk.getChildren("/watch", parent);
        zk.delete("/watch/gone", -1);
        data.expect(EventType.NodeDeleted, "/watch/gone");
        child.expect(EventType.NodeDeleted, "/watch/gone");
        parent.expect(EventType.NodeChildrenChanged, "/watch");
        zk.settle();
        data.expectNone();
        child.expectNone();
        parent.expectNone();
    }

    private void notLeft() throws Exception {
        Events events = new Events();
        fails(Code.NONODE, () -> zk.getData("/watch/never", events, null));
        fails(Code.NONODE, () -> zk.getChildren("/watch/never", events));
        zk.make("/watch/never");
        zk.settle();
        events.expectNone();
    }

    private void zxid() throws Exception {
        Events events = new Events();
        zk.make("/watch/zxid");
        zk.getData("/watch/zxid", events, null);
        long zxid = zk.setData("/watch/zxid", bytes("1"), -1).getMzxid();
        WatchedEvent event = events.expect(EventType.NodeDataChanged, "/watch/zxid");
        equal(zxid, event.getZxid());
    }

    private void beforeReply() throws Exception {
        try (Session other = Session.open(h.addr)) {
            zk.make("/watch/order");
            for (int i = 0; i < 200; i++) {
                Events events = new Events();
                zk.getData("/watch/order", events, null);
                other.setData("/watch/order", bytes("" + i), -1);
                StringBuilder seen = new StringBuilder();
                zk.getData("/watch/order", false, (rc, path, context, data, stat) ->
                    seen.append(new String(data)), null);
                zk.settle();
                if (seen.toString().equals("" + i)) {
                    // Callbacks and events share one thread: the event was queued first.
                    events.expect(EventType.NodeDataChanged, "/watch/order");
                } else {
                    throw new AssertionError("round " + i + " read " + seen);
                }
            }
        }
    }

    private void multi() throws Exception {
        Events a = new Events();
        Events b = new Events();
        Events parent = new Events();
        zk.make("/watch/m");
        zk.make("/watch/m/a");
        zk.getData("/watch/m/a", a, null);
        zk.exists("/watch/m/b", b);
        zk.getChildren("/watch/m", parent);
        zk.multi(List.of(
            Op.setData("/watch/m/a", bytes("1"), -1),
            Op.create("/watch/m/b", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT)));
        a.expect(EventType.NodeDataChanged, "/watch/m/a");
        b.expect(EventType.NodeCreated, "/watch/m/b");
        parent.expect(EventType.NodeChildrenChanged, "/watch/m");
        zk.getData("/watch/m/a", a, null);
        fails(Code.NONODE, () -> zk.multi(List.of(
            Op.setData("/watch/m/a", bytes("2"), -1), Op.check("/watch/nothing", 0))));
        zk.settle();
        a.expectNone();
    }

    private void ephemeral() throws Exception {
        Events events = new Events();
        try (Session other = Session.open(h.addr)) {
            other.make("/watch/brief", CreateMode.EPHEMERAL);
            zk.exists("/watch/brief", events);
        }
        events.expect(EventType.NodeDeleted, "/watch/brief");
    }

    private void setAcl() throws Exception {
        Events events = new Events();
        zk.make("/watch/acl");
        zk.getData("/watch/acl", events, null);
        zk.getChildren("/watch/acl", events);
        zk.setACL("/watch/acl", Ids.OPEN_ACL_UNSAFE, -1);
        zk.settle();
        events.expectNone();
    }

    private void remove() throws Exception {
        Events events = new Events();
        zk.make("/watch/rm");
        zk.getData("/watch/rm", events, null);
        zk.removeWatches("/watch/rm", events, WatcherType.Data, false);
        events.expect(EventType.DataWatchRemoved, "/watch/rm");
        zk.getChildren("/watch/rm", events);
        zk.removeWatches("/watch/rm", events, WatcherType.Children, false);
        events.expect(EventType.ChildWatchRemoved, "/watch/rm");
        zk.getData("/watch/rm", events, null);
        zk.getChildren("/watch/rm", events);
        zk.removeWatches("/watch/rm", events, WatcherType.Any, false);
        events.expectBoth("/watch/rm", EventType.ChildWatchRemoved, EventType.DataWatchRemoved);
        zk.setData("/watch/rm", bytes("1"), -1);
        zk.delete("/watch/rm", -1);
        zk.settle();
        events.expectNone();
    }

    /** With a second watcher left at the path the client only asks whether its watch exists. */
    private void removeOne() throws Exception {
        Events first = new Events();
        Events second = new Events();
        zk.make("/watch/two");
        zk.getData("/watch/two", first, null);
        zk.getData("/watch/two", second, null);
        zk.removeWatches("/watch/two", first, WatcherType.Data, false);
        first.expect(EventType.DataWatchRemoved, "/watch/two");
        zk.setData("/watch/two", bytes("1"), -1);
        second.expect(EventType.NodeDataChanged, "/watch/two");
        zk.settle();
        first.expectNone();
    }

    private void removeAll() throws Exception {
        Events first = new Events();
        Events second = new Events();
        zk.make("/watch/all");
        zk.getData("/watch/all", first, null);
        zk.getChildren("/watch/all", second);
        zk.removeAllWatches("/watch/all", WatcherType.Any, false);
        first.expect(EventType.DataWatchRemoved, "/watch/all");
        second.expect(EventType.ChildWatchRemoved, "/watch/all");
        zk.setData("/watch/all", bytes("1"), -1);
        zk.make("/watch/all/x");
        zk.settle();
        first.expectNone();
        second.expectNone();
    }

    private void removeNone() throws Exception {
        Events events = new Events();
        fails(Code.NOWATCHER, () ->
            zk.removeWatches("/watch/nowatch", events, WatcherType.Data, false));
        for (WatcherType type : WatcherType.values()) {
            fails(Code.NOWATCHER, () -> zk.removeAllWatches("/watch/nowatch", type, false));
        }
    }

    private void removeLocal() throws Exception {
        Events events = new Events();
        zk.make("/watch/local");
        zk.getData("/watch/local", events, null);
        zk.removeWatches("/watch/local", events, WatcherType.Data, true);
        events.expect(EventType.DataWatchRemoved, "/watch/local");
        zk.setData("/watch/local", bytes("1"), -1);
        zk.settle();
        events.expectNone();
    }
}
