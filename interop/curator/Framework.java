package interop;

import static interop.Clients.bytes;
import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Harness.isTrue;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.data.Stat;

/** CRUD, watchers, background calls, namespaces, transactions. */
final class Framework {
    private final Harness h;
    private final CuratorFramework client;

    private Framework(Harness h, CuratorFramework client) {
        this.h = h;
        this.client = client;
    }

    static void run(Harness h) throws Exception {
        try (CuratorFramework client = Clients.open(h.addr)) {
            Framework framework = new Framework(h, client);
            h.check("create, with container parents", framework::create);
            h.check("protected sequential create", framework::protection);
            h.check("ttl", framework::ttl);
            h.check("get, set, check, delete", framework::crud);
            h.check("ACLs and auth", framework::acls);
            h.check("watchers", framework::watchers);
            h.check("persistent and recursive watches, and their removal", framework::watches);
            h.check("background calls", framework::background);
            h.check("transaction", framework::transaction);
            h.check("failed transaction", framework::failedTransaction);
            h.check("namespace", framework::namespace);
            h.check("reconfig is refused and getConfig is empty", framework::config);
        }
    }

    private void create() throws Exception {
        equal("/f/a/b", client.create().creatingParentContainersIfNeeded().forPath("/f/a/b"));
        equal("/f/p/q/r", client.create().creatingParentsIfNeeded().forPath("/f/p/q/r"));
        Stat stat = new Stat();
        client.create().storingStatIn(stat).forPath("/f/stat", bytes("four"));
        equal(4, stat.getDataLength());
        equal(stat, client.checkExists().forPath("/f/stat"));
        fails(Code.NODEEXISTS, () -> client.create().forPath("/f/stat"));
        client.create().orSetData().forPath("/f/stat", bytes("set"));
        equal(bytes("set"), client.getData().forPath("/f/stat"));
        client.create().idempotent().forPath("/f/idem", bytes("x"));
        client.create().idempotent().forPath("/f/idem", bytes("x"));
    }

    private void protection() throws Exception {
        String path = client.create().withProtection()
            .withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath("/f/lock-");
        isTrue(path.matches("/f/_c_[0-9a-f-]{36}-lock-\\d{10}"), path);
    }

    private void ttl() throws Exception {
        Stat stat = new Stat();
        client.create().withTtl(3_600_000).storingStatIn(stat)
            .withMode(CreateMode.PERSISTENT_WITH_TTL).forPath("/f/ttl");
        equal(0L, stat.getEphemeralOwner());
    }

    private void crud() throws Exception {
        client.create().compressed().forPath("/f/crud", new byte[10_000]);
        equal(10_000, client.getData().decompressed().forPath("/f/crud").length);
        equal(1, client.setData().withVersion(0).forPath("/f/crud", bytes("v")).getVersion());
        fails(Code.BADVERSION, () ->
            client.setData().withVersion(0).forPath("/f/crud", bytes("v")));
        Stat stat = new Stat();
        equal(bytes("v"), client.getData().storingStatIn(stat).forPath("/f/crud"));
        equal(1, stat.getVersion());
        fails(Code.BADVERSION, () -> client.delete().withVersion(9).forPath("/f/crud"));
        client.delete().guaranteed().withVersion(1).forPath("/f/crud");
        equal(null, client.checkExists().forPath("/f/crud"));
        client.delete().quietly().forPath("/f/crud");
        client.delete().deletingChildrenIfNeeded().forPath("/f/p");
        isTrue(!client.getChildren().forPath("/f").contains("p"), "p is gone");
        client.sync().forPath("/f");
    }

    private void acls() throws Exception {
        try (CuratorFramework owner = CuratorFrameworkFactory.builder().connectString(h.addr)
            .retryPolicy(new RetryOneTime(100)).authorization("digest", bytes("ann:secret"))
            .build()) {
            owner.start();
            owner.create().withACL(Ids.CREATOR_ALL_ACL).forPath("/f/owned", bytes("x"));
            fails(Code.NOAUTH, () -> client.getData().forPath("/f/owned"));
            equal(bytes("x"), owner.getData().forPath("/f/owned"));
            equal("digest", owner.getACL().forPath("/f/owned").get(0).getId().getScheme());
            owner.setACL().withACL(Ids.OPEN_ACL_UNSAFE).forPath("/f/owned");
            equal(bytes("x"), client.getData().forPath("/f/owned"));
        }
    }

    private void watchers() throws Exception {
        Events events = new Events();
        client.create().forPath("/f/w");
        client.getData().usingWatcher(events).forPath("/f/w");
        client.setData().forPath("/f/w", bytes("1"));
        events.expect(EventType.NodeDataChanged, "/f/w");
        client.getChildren().usingWatcher(events).forPath("/f/w");
        client.create().forPath("/f/w/c");
        events.expect(EventType.NodeChildrenChanged, "/f/w");
        client.checkExists().usingWatcher(events).forPath("/f/w/new");
        client.create().forPath("/f/w/new");
        events.expect(EventType.NodeCreated, "/f/w/new");
    }

    private void watches() throws Exception {
        Events events = new Events();
        client.create().forPath("/f/pw");
        client.watchers().add().withMode(AddWatchMode.PERSISTENT_RECURSIVE).usingWatcher(events)
            .forPath("/f/pw");
        client.create().forPath("/f/pw/c");
        client.setData().forPath("/f/pw/c", bytes("1"));
        client.setData().forPath("/f/pw/c", bytes("2"));
        events.expect(EventType.NodeCreated, "/f/pw/c");
        events.expect(EventType.NodeDataChanged, "/f/pw/c");
        events.expect(EventType.NodeDataChanged, "/f/pw/c");
        client.watchers().remove(events).forPath("/f/pw");
        events.expect(EventType.PersistentWatchRemoved, "/f/pw");
        client.setData().forPath("/f/pw/c", bytes("3"));
        events.expectNone();
    }

    private void background() throws Exception {
        BlockingQueue<CuratorEvent> done = new LinkedBlockingQueue<>();
        client.create().inBackground((c, event) -> done.add(event)).forPath("/f/bg");
        equal(0, Clients.next(done).getResultCode());
        for (int i = 0; i < 200; i++) {
            client.setData().inBackground((c, event) -> done.add(event)).forPath("/f/bg");
        }
        for (int i = 1; i <= 200; i++) {
            equal(i, Clients.next(done).getStat().getVersion());
        }
        client.sync().inBackground((c, event) -> done.add(event)).forPath("/f/bg");
        equal("/f/bg", Clients.next(done).getPath());
    }

    private void transaction() throws Exception {
        client.create().forPath("/f/t", bytes("0"));
        List<CuratorTransactionResult> results = client.transaction().forOperations(
            client.transactionOp().create().forPath("/f/t/a", bytes("1")),
            client.transactionOp().create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
                .forPath("/f/t/s", bytes("2")),
            client.transactionOp().setData().withVersion(0).forPath("/f/t", bytes("3")),
            client.transactionOp().check().withVersion(1).forPath("/f/t"),
            client.transactionOp().delete().forPath("/f/t/a"));
        equal(5, results.size());
        equal("/f/t/s0000000001", results.get(1).getResultPath());
        equal(1, results.get(2).getResultStat().getVersion());
    }

    private void failedTransaction() throws Exception {
        CuratorOp create = client.transactionOp().create().forPath("/f/undone");
        CuratorOp check = client.transactionOp().check().withVersion(77).forPath("/f/t");
        fails(Code.BADVERSION, () -> client.transaction().forOperations(create, check));
        equal(null, client.checkExists().forPath("/f/undone"));
    }

    private void namespace() throws Exception {
        CuratorFramework below = client.usingNamespace("f/ns");
        equal("/x", below.create().forPath("/x", bytes("1")));
        equal(bytes("1"), client.getData().forPath("/f/ns/x"));
    }

    private void config() throws Exception {
        Stat stat = new Stat();
        equal(0, client.getConfig().storingStatIn(stat).forEnsemble().length);
        fails(Code.RECONFIGDISABLED, () ->
            client.reconfig().joining("server.2=h:1:2;3").forEnsemble());
        equal(h.addr, client.getZookeeperClient().getCurrentConnectionString());
    }
}
