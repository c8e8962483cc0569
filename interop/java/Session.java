package interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.jute.Record;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.RequestHeader;

/** The public client with a queue of its session's events and a way to vanish. */
final class Session extends ZooKeeper {
    static final int TIMEOUT_MS = 10_000;

    final Events events;

    private Session(String addr, int timeoutMs, Events events) throws IOException {
        super(addr, timeoutMs, events);
        this.events = events;
    }

    private Session(String addr, int timeoutMs, Events events, long id, byte[] password)
        throws IOException {
        super(addr, timeoutMs, events, id, password);
        this.events = events;
    }

    static Session open(String addr) throws Exception {
        return open(addr, TIMEOUT_MS);
    }

    static Session open(String addr, int timeoutMs) throws Exception {
        Session session = new Session(addr, timeoutMs, new Events());
        session.events.await(KeeperState.SyncConnected);
        return session;
    }

    /** A second client of an existing session; the caller waits for whatever event it expects. */
    static Session attach(String addr, int timeoutMs, long id, byte[] password) throws Exception {
        return new Session(addr, timeoutMs, new Events(), id, password);
    }

    /** Ends this client without closing its session, as a crash of the program would. */
    void vanish() {
        cnxn.disconnect();
    }

    /** Sends a request of any kind; response may be null. */
    ReplyHeader send(int opcode, Record request, Record response) throws Exception {
        RequestHeader header = new RequestHeader();
        header.setType(opcode);
        return cnxn.submitRequest(header, request, response, null);
    }

    /** Cuts the connection; the client connects again after up to a second. */
    void cut() throws IOException {
        getTestable().closeSocket();
    }

    /** Returns once every event of earlier requests has been delivered. */
    void settle() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        sync("/", (rc, path, context) -> done.countDown(), null);
        Harness.isTrue(done.await(Events.PATIENCE_MS, TimeUnit.MILLISECONDS), "sync returned");
    }

    /** Repeats a request for as long as the connection is lost. */
    <T> T patiently(Callable<T> request) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Events.PATIENCE_MS);
        for (;;) {
            try {
                return request.call();
            } catch (KeeperException.ConnectionLossException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    String make(String path) throws Exception {
        return make(path, CreateMode.PERSISTENT);
    }

    String make(String path, CreateMode mode) throws Exception {
        return create(path, bytes("x"), Ids.OPEN_ACL_UNSAFE, mode);
    }

    String make(String path, List<ACL> acl) throws Exception {
        return create(path, bytes("x"), acl, CreateMode.PERSISTENT);
    }

    /** A list that the client accepts: it asks for null elements, which List.of refuses. */
    static List<ACL> acl(ACL... entries) {
        return new ArrayList<>(Arrays.asList(entries));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
