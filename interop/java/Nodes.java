package interop;

import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.data.Stat;

/** create in all modes and both opcodes, delete, setData, and what they refuse. */
final class Nodes {
    private final Session zk;

    private Nodes(Session zk) {
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Nodes nodes = new Nodes(zk);
            zk.make("/nodes");
            h.check("create persistent", nodes::persistent);
            h.check("create2 fills the Stat", nodes::create2);
            h.check("create sequential", nodes::sequential);
            h.check("create ephemeral", nodes::ephemeral);
            h.check("create ephemeral sequential", nodes::ephemeralSequential);
            h.check("create container", nodes::container);
            h.check("create ttl", nodes::ttl);
            h.check("create ttl sequential", nodes::ttlSequential);
            h.check("create through callbacks", nodes::callbacks);
            h.check("create refusals", nodes::createRefusals);
            h.check("data null, empty and large", nodes::data);
            h.check("setData and versions", nodes::setData);
            h.check("delete and its refusals", nodes::delete);
            h.check("parent's Stat follows its children", nodes::parentStat);
            h.check("an empty container is reaped", nodes::containerReaped);
            h.check("a ttl node is reaped", nodes::ttlReaped);
        }
    }

    private void persistent() throws Exception {
        equal("/nodes/p", zk.make("/nodes/p"));
        Stat stat = zk.exists("/nodes/p", false);
        equal(0, stat.getVersion());
        equal(0, stat.getCversion());
        equal(0, stat.getAversion());
        equal(0L, stat.getEphemeralOwner());
        equal(1, stat.getDataLength());
        equal(0, stat.getNumChildren());
        equal(stat.getCzxid(), stat.getMzxid());
        equal(stat.getCzxid(), stat.getPzxid());
        equal(stat.getCtime(), stat.getMtime());
    }

    private void create2() throws Exception {
        Stat stat = new Stat();
        String path = zk.create("/nodes/c2", bytes("four"), Ids.OPEN_ACL_UNSAFE,
            CreateMode.PERSISTENT, stat);
        equal("/nodes/c2", path);
        equal(4, stat.getDataLength());
        equal(zk.exists(path, false), stat);
        path = zk.create("/nodes/c2-", null, Ids.OPEN_ACL_UNSAFE,
            CreateMode.EPHEMERAL_SEQUENTIAL, stat);
        equal(zk.getSessionId(), stat.getEphemeralOwner());
        equal(zk.exists(path, false), stat);
    }

    private void sequential() throws Exception {
        zk.make("/nodes/seq");
        CreateMode mode = CreateMode.PERSISTENT_SEQUENTIAL;
        equal("/nodes/seq/n0000000000", zk.make("/nodes/seq/n", mode));
        equal("/nodes/seq/m0000000001", zk.make("/nodes/seq/m", mode));
        zk.delete("/nodes/seq/m0000000001", -1);
        equal("/nodes/seq/0000000002", zk.make("/nodes/seq/", mode));
        zk.make("/nodes/seq/plain");
        equal("/nodes/seq/n0000000004", zk.make("/nodes/seq/n", mode));
    }

    private void ephemeral() throws Exception {
        zk.make("/nodes/e", CreateMode.EPHEMERAL);
        equal(zk.getSessionId(), zk.exists("/nodes/e", false).getEphemeralOwner());
        fails(Code.NOCHILDRENFOREPHEMERALS, () -> zk.make("/nodes/e/child"));
    }

    private void ephemeralSequential() throws Exception {
        zk.make("/nodes/eseq");
        equal("/nodes/eseq/e-0000000000",
            zk.make("/nodes/eseq/e-", CreateMode.EPHEMERAL_SEQUENTIAL));
        equal("/nodes/eseq/e-0000000001",
            zk.make("/nodes/eseq/e-", CreateMode.EPHEMERAL_SEQUENTIAL));
    }

    private void container() throws Exception {
        Stat stat = new Stat();
        zk.create("/nodes/cont", null, Ids.OPEN_ACL_UNSAFE, CreateMode.CONTAINER, stat);
        equal(0L, stat.getEphemeralOwner());
        equal("/nodes/cont/c", zk.make("/nodes/cont/c"));
        equal(0L, zk.exists("/nodes/cont", false).getEphemeralOwner());
    }

    private void ttl() throws Exception {
        Stat stat = new Stat();
        zk.create("/nodes/ttl", bytes("x"), Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL,
            stat, 3_600_000);
        equal(0L, stat.getEphemeralOwner());
        equal("/nodes/ttl/child", zk.make("/nodes/ttl/child"));
    }

    private void ttlSequential() throws Exception {
        zk.make("/nodes/ttlseq");
        Stat stat = new Stat();
        String path = zk.create("/nodes/ttlseq/t-", null, Ids.OPEN_ACL_UNSAFE,
            CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, stat, 1L << 39);
        equal("/nodes/ttlseq/t-0000000000", path);
        equal(0L, stat.getEphemeralOwner());
    }

    private void callbacks() throws Exception {
        CountDownLatch done = new CountDownLatch(3);
        AtomicReference<String> wrong = new AtomicReference<>();
        zk.create("/nodes/cb1", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
            (rc, path, context, name) -> {
                if (rc != 0 || !path.equals(name)) {
                    wrong.set("create " + rc);
                }
                done.countDown();
            }, null);
        zk.create("/nodes/cb2", null, Ids.OPEN_ACL_UNSAFE, CreateMode.CONTAINER,
            (rc, path, context, name, stat) -> {
                if (rc != 0 || stat == null || done.getCount() != 2) {
                    wrong.set("create2 " + rc);
                }
                done.countDown();
            }, null);
        zk.create("/nodes/cb1", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT,
            (rc, path, context, name) -> {
                if (rc != Code.NODEEXISTS.intValue() || done.getCount() != 1) {
                    wrong.set("create again " + rc);
                }
                done.countDown();
            }, null);
        isTrue(done.await(Events.PATIENCE_MS, TimeUnit.MILLISECONDS), "callbacks came");
        equal(null, wrong.get());
    }

    private void createRefusals() throws Exception {
        zk.make("/nodes/there");
        equal("/nodes/there", fails(Code.NODEEXISTS, () -> zk.make("/nodes/there")).getPath());
        fails(Code.NODEEXISTS, () -> zk.make("/zookeeper"));
        fails(Code.NONODE, () -> zk.make("/nodes/missing/child"));
        fails(Code.INVALIDACL, () -> zk.make("/nodes/noacl", Collections.emptyList()));
    }

    private void data() throws Exception {
        zk.create("/nodes/null", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        equal(null, zk.getData("/nodes/null", false, null));
        equal(0, zk.exists("/nodes/null", false).getDataLength());
        zk.setData("/nodes/null", new byte[0], -1);
        equal(new byte[0], zk.getData("/nodes/null", false, null));
        byte[] large = new byte[1_000_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) i;
        }
        zk.setData("/nodes/null", large, -1);
        equal(large, zk.getData("/nodes/null", false, null));
        zk.setData("/nodes/null", null, -1);
        equal(null, zk.getData("/nodes/null", false, null));
    }

    private void setData() throws Exception {
        zk.make("/nodes/set");
        Stat before = zk.exists("/nodes/set", false);
        Stat stat = zk.setData("/nodes/set", bytes("abc"), 0);
        equal(1, stat.getVersion());
        equal(3, stat.getDataLength());
        equal(before.getCzxid(), stat.getCzxid());
        equal(before.getPzxid(), stat.getPzxid());
        isTrue(stat.getMzxid() > before.getMzxid(), "mzxid grew");
        fails(Code.BADVERSION, () -> zk.setData("/nodes/set", bytes("d"), 0));
        equal(2, zk.setData("/nodes/set", bytes("d"), -1).getVersion());
        fails(Code.NONODE, () -> zk.setData("/nodes/unset", bytes("d"), -1));
    }

    private void delete() throws Exception {
        zk.make("/nodes/del");
        zk.make("/nodes/del/child");
        fails(Code.NOTEMPTY, () -> zk.delete("/nodes/del", -1));
        fails(Code.BADVERSION, () -> zk.delete("/nodes/del/child", 7));
        zk.delete("/nodes/del/child", 0);
        zk.delete("/nodes/del", -1);
        fails(Code.NONODE, () -> zk.delete("/nodes/del", -1));
        for (String path : new String[] {"/", "/zookeeper", "/zookeeper/quota",
            "/zookeeper/config"}) {
            fails(Code.BADARGUMENTS, () -> zk.delete(path, -1));
        }
    }

    private void parentStat() throws Exception {
        zk.make("/nodes/parent");
        Stat created = zk.exists("/nodes/parent", false);
        zk.make("/nodes/parent/a");
        zk.make("/nodes/parent/b");
        Stat two = zk.exists("/nodes/parent", false);
        equal(2, two.getNumChildren());
        equal(2, two.getCversion());
        equal(zk.exists("/nodes/parent/b", false).getCzxid(), two.getPzxid());
        equal(created.getMzxid(), two.getMzxid());
        zk.setData("/nodes/parent/a", bytes("y"), -1);
        equal(two, zk.exists("/nodes/parent", false));
        zk.delete("/nodes/parent/a", -1);
        Stat one = zk.exists("/nodes/parent", false);
        equal(3, one.getCversion());
        equal(1, one.getNumChildren());
        isTrue(one.getPzxid() > two.getPzxid(), "pzxid grew");
    }

    private void containerReaped() throws Exception {
        Events events = new Events();
        zk.make("/nodes/reap", CreateMode.CONTAINER);
        zk.make("/nodes/reap/child");
        zk.exists("/nodes/reap", events);
        zk.delete("/nodes/reap/child", -1);
        events.expect(EventType.NodeDeleted, "/nodes/reap");
    }

    private void ttlReaped() throws Exception {
        Events events = new Events();
        zk.create("/nodes/brief", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL,
            new Stat(), 50);
        if (zk.exists("/nodes/brief", events) != null) {
            events.expect(EventType.NodeDeleted, "/nodes/brief");
        }
    }
}
