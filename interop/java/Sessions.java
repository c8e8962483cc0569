package interop;

import static interop.Harness.equal;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper.States;

/** Timeouts, re-attaching with id and password, expiry in each way it can come. */
final class Sessions {
    private static final int SHORT_MS = 1_000;

    private final Harness h;
    private final Session zk;

    private Sessions(Harness h, Session zk) {
        this.h = h;
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Sessions sessions = new Sessions(h, zk);
            zk.make("/sessions");
            h.check("the timeout is negotiated", sessions::timeout);
            h.check("close ends the session and its ephemerals", sessions::close);
            h.check("a session is resumed with id and password", sessions::resume);
            h.check("a wrong password is an expired session", sessions::wrongPassword);
            h.check("an unknown session is an expired session", sessions::unknown);
            h.check("a connection that is cut comes back", sessions::cut);
            h.check("a session that moved leaves its old connection", sessions::moved);
            h.check("closed by another with its id and password", sessions::closedByOther);
            h.check("a silent session expires", sessions::expires);
            h.check("a client that was stopped learns of its expiry", sessions::paused);
        }
    }

    private void timeout() throws Exception {
        // The runner sets tickTime 200, minSessionTimeout 400 and maxSessionTimeout 20000.
        try (Session least = Session.open(h.addr, 300); Session most = Session.open(h.addr, 90_000);
            Session asked = Session.open(h.addr, 7_777)) {
            equal(400, least.getSessionTimeout());
            equal(20_000, most.getSessionTimeout());
            equal(7_777, asked.getSessionTimeout());
        }
    }

    private void close() throws Exception {
        Events events = new Events();
        Session session = Session.open(h.addr);
        session.make("/sessions/closed", CreateMode.EPHEMERAL);
        zk.exists("/sessions/closed", events);
        session.close();
        events.expect(EventType.NodeDeleted, "/sessions/closed");
        equal(States.CLOSED, session.getState());
        Harness.fails(Code.SESSIONEXPIRED, () -> session.exists("/", false));
    }

    private void resume() throws Exception {
        Session first = Session.open(h.addr);
        first.make("/sessions/resumed", CreateMode.EPHEMERAL);
        first.vanish();
        try (Session second = Session.attach(h.addr, Session.TIMEOUT_MS, first.getSessionId(),
            first.getSessionPasswd())) {
            second.events.await(KeeperState.SyncConnected);
            equal(first.getSessionId(), second.getSessionId());
            equal(first.getSessionPasswd(), second.getSessionPasswd());
            equal(second.getSessionId(),
                second.exists("/sessions/resumed", false).getEphemeralOwner());
            equal(1, second.getEphemerals("/sessions/resumed").size());
        }
        equal(null, zk.exists("/sessions/resumed", false));
    }

    private void wrongPassword() throws Exception {
        Session first = Session.open(h.addr);
        first.make("/sessions/kept", CreateMode.EPHEMERAL);
        byte[] wrong = first.getSessionPasswd().clone();
        wrong[0] ^= 1;
        Session thief = Session.attach(h.addr, Session.TIMEOUT_MS, first.getSessionId(), wrong);
        thief.events.await(KeeperState.Expired);
        // The attempt costs the owner its connection, in Apache, but not its session.
        isTrue(first.patiently(() -> first.exists("/sessions/kept", false)) != null, "kept");
        first.close();
    }

    private void unknown() throws Exception {
        Session session = Session.attach(h.addr, Session.TIMEOUT_MS, 0x1234567, new byte[16]);
        session.events.await(KeeperState.Expired);
        equal(States.CLOSED, session.getState());
    }

    private void cut() throws Exception {
        try (Session session = Session.open(h.addr)) {
            Events watch = new Events();
            long id = session.getSessionId();
            session.make("/sessions/cut", CreateMode.EPHEMERAL);
            session.exists("/sessions/cut", watch);
            session.cut();
            session.events.await(KeeperState.Disconnected);
            zk.setData("/sessions/cut", bytes("while away"), -1);
            session.events.await(KeeperState.SyncConnected);
            equal(id, session.getSessionId());
            watch.expectNode(EventType.NodeDataChanged, "/sessions/cut");
            isTrue(session.exists("/sessions/cut", false) != null, "ephemeral kept");
        }
    }

    private void moved() throws Exception {
        Session first = Session.open(h.addr);
        Session second = Session.attach(h.addr, Session.TIMEOUT_MS, first.getSessionId(),
            first.getSessionPasswd());
        second.events.await(KeeperState.SyncConnected);
        first.events.await(KeeperState.Disconnected);
        first.vanish();
        second.close();
    }

    private void closedByOther() throws Exception {
        Session first = Session.open(h.addr);
        first.make("/sessions/usurped", CreateMode.EPHEMERAL);
        // The first client may come back and take the session along before it is closed.
        KeeperState state;
        do {
            Session second = Session.attach(h.addr, Session.TIMEOUT_MS, first.getSessionId(),
                first.getSessionPasswd());
            state = second.events.awaitState();
            second.close();
        } while (state != KeeperState.Expired);
        first.events.await(KeeperState.Expired);
        equal(null, zk.exists("/sessions/usurped", false));
    }

    private void expires() throws Exception {
        Events events = new Events();
        Session session = Session.open(h.addr, SHORT_MS);
        session.make("/sessions/silent", CreateMode.EPHEMERAL);
        zk.exists("/sessions/silent", events);
        session.vanish();
        events.expect(EventType.NodeDeleted, "/sessions/silent");
        Session late = Session.attach(h.addr, SHORT_MS, session.getSessionId(),
            session.getSessionPasswd());
        late.events.await(KeeperState.Expired);
    }

    private void paused() throws Exception {
        Session brief = Session.open(h.addr, SHORT_MS);
        brief.make("/sessions/paused", CreateMode.EPHEMERAL);
        long id = zk.getSessionId();
        h.pause(3 * SHORT_MS);
        brief.events.await(KeeperState.Expired);
        Harness.fails(Code.SESSIONEXPIRED, () -> brief.exists("/", false));
        zk.settle();
        equal(null, zk.exists("/sessions/paused", false));
        equal(id, zk.getSessionId());
    }
}
