package interop;

import static interop.Harness.fails;
import static interop.Session.bytes;

import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.data.ACL;

/** addWatch in both modes. */
final class PersistentWatches {
    private final Harness h;
    private final Session zk;

    private PersistentWatches(Harness h, Session zk) {
        this.h = h;
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            PersistentWatches watches = new PersistentWatches(h, zk);
            zk.make("/pw");
            h.check("addWatch persistent", watches::persistent);
            h.check("addWatch recursive", watches::recursive);
            h.check("addWatch before the node exists", watches::absent);
            h.check("addWatch twice is one event", watches::twice);
            h.check("addWatch recursive beside persistent and one-shot", watches::beside);
            h.check("addWatch on the root", watches::root);
            h.check("recursive events are filtered by ACL", watches::filtered);
            h.check("removeWatches persistent", watches::removePersistent);
            h.check("removeWatches recursive", watches::removeRecursive);
            h.check("removeWatches any takes persistent ones", watches::removeAny);
        }
    }

    private void persistent() throws Exception {
        Events events = new Events();
        zk.make("/pw/p");
        zk.addWatch("/pw/p", events, AddWatchMode.PERSISTENT);
        for (int i = 0; i < 3; i++) {
            zk.setData("/pw/p", bytes("" + i), -1);
            events.expect(EventType.NodeDataChanged, "/pw/p");
        }
        zk.make("/pw/p/c");
        events.expect(EventType.NodeChildrenChanged, "/pw/p");
        zk.setData("/pw/p/c", bytes("1"), -1);
        zk.delete("/pw/p/c", -1);
        events.expect(EventType.NodeChildrenChanged, "/pw/p");
        zk.delete("/pw/p", -1);
        events.expect(EventType.NodeDeleted, "/pw/p");
        zk.make("/pw/p");
        events.expect(EventType.NodeCreated, "/pw/p");
        zk.settle();
        events.expectNone();
    }

    private void recursive() throws Exception {
        Events events = new Events();
        zk.make("/pw/r");
        zk.addWatch("/pw/r", events, AddWatchMode.PERSISTENT_RECURSIVE);
        zk.make("/pw/r/a");
        zk.make("/pw/r/a/b");
        zk.setData("/pw/r/a/b", bytes("1"), -1);
        zk.setData("/pw/r", bytes("1"), -1);
        zk.make("/pw/rest");
        zk.delete("/pw/r/a/b", -1);
        zk.delete("/pw/r/a", -1);
        zk.delete("/pw/r", -1);
        events.expect(EventType.NodeCreated, "/pw/r/a");
        events.expect(EventType.NodeCreated, "/pw/r/a/b");
        events.expect(EventType.NodeDataChanged, "/pw/r/a/b");
        events.expect(EventType.NodeDataChanged, "/pw/r");
        events.expect(EventType.NodeDeleted, "/pw/r/a/b");
        events.expect(EventType.NodeDeleted, "/pw/r/a");
        events.expect(EventType.NodeDeleted, "/pw/r");
        zk.settle();
        events.expectNone();
    }

    private void absent() throws Exception {
        Events events = new Events();
        zk.addWatch("/pw/later", events, AddWatchMode.PERSISTENT);
        zk.addWatch("/pw/later/deep", events, AddWatchMode.PERSISTENT_RECURSIVE);
        zk.make("/pw/later");
        events.expect(EventType.NodeCreated, "/pw/later");
        zk.make("/pw/later/deep");
        events.expect(EventType.NodeCreated, "/pw/later/deep");
        events.expect(EventType.NodeChildrenChanged, "/pw/later");
    }

    private void twice() throws Exception {
        Events events = new Events();
        zk.make("/pw/twice");
        zk.addWatch("/pw/twice", events, AddWatchMode.PERSISTENT);
        zk.addWatch("/pw/twice", events, AddWatchMode.PERSISTENT);
        zk.setData("/pw/twice", bytes("1"), -1);
        events.expect(EventType.NodeDataChanged, "/pw/twice");
        zk.settle();
        events.expectNone();
    }

    private void beside() throws Exception {
        Events recursive = new Events();
        Events persistent = new Events();
        Events once = new Events();
        zk.make("/pw/mix");
        zk.addWatch("/pw/mix", recursive, AddWatchMode.PERSISTENT_RECURSIVE);
        zk.addWatch("/pw/mix", persistent, AddWatchMode.PERSISTENT);
        zk.getData("/pw/mix", once, null);
        for (int i = 0; i < 2; i++) {
            zk.setData("/pw/mix", bytes("" + i), -1);
            recursive.expect(EventType.NodeDataChanged, "/pw/mix");
            persistent.expect(EventType.NodeDataChanged, "/pw/mix");
        }
        once.expect(EventType.NodeDataChanged, "/pw/mix");
        zk.make("/pw/mix/kid");
        recursive.expect(EventType.NodeCreated, "/pw/mix/kid");
        persistent.expect(EventType.NodeChildrenChanged, "/pw/mix");
        zk.settle();
        once.expectNone();
        recursive.expectNone();
        persistent.expectNone();
    }

    private void root() throws Exception {
        Events events = new Events();
        try (Session other = Session.open(h.addr)) {
            other.addWatch("/", events, AddWatchMode.PERSISTENT_RECURSIVE);
            zk.make("/pw/under");
            events.expect(EventType.NodeCreated, "/pw/under");
            zk.delete("/pw/under", -1);
            events.expect(EventType.NodeDeleted, "/pw/under");
        }
    }

    private void filtered() throws Exception {
        Events events = new Events();
        zk.make("/pw/acl");
        try (Session owner = Session.open(h.addr)) {
            owner.addAuthInfo("digest", bytes("ann:secret"));
            zk.addWatch("/pw/acl", events, AddWatchMode.PERSISTENT_RECURSIVE);
            owner.make("/pw/acl/closed", Ids.CREATOR_ALL_ACL);
            owner.setData("/pw/acl/closed", bytes("1"), -1);
            owner.delete("/pw/acl/closed", -1);
            owner.make("/pw/acl/open",
                Session.acl(new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE)));
            zk.sync("/pw/acl");
            events.expect(EventType.NodeCreated, "/pw/acl/open");
            zk.settle();
            events.expectNone();
        }
    }

    private void removePersistent() throws Exception {
        Events events = new Events();
        zk.make("/pw/rmp");
        zk.addWatch("/pw/rmp", events, AddWatchMode.PERSISTENT);
        zk.removeWatches("/pw/rmp", events, WatcherType.Persistent, false);
        events.expect(EventType.PersistentWatchRemoved, "/pw/rmp");
        fails(Code.NOWATCHER, () ->
            zk.removeAllWatches("/pw/rmp", WatcherType.Persistent, false));
        zk.setData("/pw/rmp", bytes("1"), -1);
        zk.settle();
        events.expectNone();
    }

    private void removeRecursive() throws Exception {
        Events events = new Events();
        zk.make("/pw/rmr");
        zk.addWatch("/pw/rmr", events, AddWatchMode.PERSISTENT_RECURSIVE);
        zk.removeWatches("/pw/rmr", events, WatcherType.PersistentRecursive, false);
        events.expect(EventType.PersistentWatchRemoved, "/pw/rmr");
        zk.make("/pw/rmr/x");
        zk.settle();
        events.expectNone();
    }

    private void removeAny() throws Exception {
        Events events = new Events();
        zk.make("/pw/any");
        zk.addWatch("/pw/any", events, AddWatchMode.PERSISTENT);
        zk.getChildren("/pw/any", events);
        zk.removeAllWatches("/pw/any", WatcherType.Any, false);
        zk.settle();
        events.clear();
        zk.setData("/pw/any", bytes("1"), -1);
        zk.make("/pw/any/x");
        zk.settle();
        events.expectNone();
    }
}
