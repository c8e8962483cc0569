package interop;

import static interop.Harness.equal;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.data.Stat;

/** What outlives the server: sessions, ephemerals, data, and watches that are set again. */
final class Restarts {
    private final Harness h;

    private Restarts(Harness h) {
        this.h = h;
    }

    static void run(Harness h) {
        Restarts restarts = new Restarts(h);
        h.check("one-shot watches over a clean restart", restarts::oneShot);
        h.check("persistent watches over a clean restart", restarts::persistent);
        h.check("data and sessions over a kill", restarts::crash);
    }

    private static void reconnect(Session session) throws Exception {
        session.events.await(KeeperState.Disconnected);
        session.events.await(KeeperState.SyncConnected);
    }

    private void oneShot() throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Events data = new Events();
            Events exist = new Events();
            Events child = new Events();
            zk.make("/over");
            zk.make("/over/e", CreateMode.EPHEMERAL);
            zk.getData("/over", data, null);
            zk.exists("/over/new", exist);
            zk.getChildren("/over", child);
            long id = zk.getSessionId();
            h.restart();
            reconnect(zk);
            equal(id, zk.getSessionId());
            equal(id, zk.exists("/over/e", false).getEphemeralOwner());
            zk.settle();
            zk.setData("/over", bytes("1"), -1);
            zk.make("/over/new");
            data.expectNode(EventType.NodeDataChanged, "/over");
            exist.expectNode(EventType.NodeCreated, "/over/new");
            child.expectNode(EventType.NodeChildrenChanged, "/over");
        }
    }

    private void persistent() throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Events persistent = new Events();
            Events recursive = new Events();
            Events once = new Events();
            zk.make("/overp");
            zk.addWatch("/overp", persistent, AddWatchMode.PERSISTENT);
            zk.addWatch("/overp", recursive, AddWatchMode.PERSISTENT_RECURSIVE);
            zk.getData("/overp", once, null);
            h.restart();
            reconnect(zk);
            zk.setData("/overp", bytes("1"), -1);
            zk.make("/overp/c");
            persistent.expectNode(EventType.NodeDataChanged, "/overp");
            persistent.expectNode(EventType.NodeChildrenChanged, "/overp");
            recursive.expectNode(EventType.NodeDataChanged, "/overp");
            recursive.expectNode(EventType.NodeCreated, "/overp/c");
            once.expectNode(EventType.NodeDataChanged, "/overp");
        }
    }

    private void crash() throws Exception {
        try (Session zk = Session.open(h.addr)) {
            zk.make("/crash");
            zk.make("/crash/e", CreateMode.EPHEMERAL);
            for (int i = 0; i < 100; i++) {
                zk.make("/crash/n", CreateMode.PERSISTENT_SEQUENTIAL);
            }
            Stat before = zk.exists("/crash", false);
            h.crash();
            reconnect(zk);
            equal(before, zk.exists("/crash", false));
            isTrue(zk.exists("/crash/e", false) != null, "ephemeral kept");
            equal("/crash/n0000000101", zk.make("/crash/n", CreateMode.PERSISTENT_SEQUENTIAL));
        }
    }
}
