package interop;

import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.OpResult.CreateResult;
import org.apache.zookeeper.OpResult.ErrorResult;
import org.apache.zookeeper.OpResult.GetChildrenResult;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.apache.zookeeper.OpResult.SetDataResult;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;

/** multi, with every kind of part and every way to fail, and multiRead. */
final class Multis {
    private static final List<ACL> OPEN = Ids.OPEN_ACL_UNSAFE;

    private final Session zk;

    private Multis(Session zk) {
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Multis multis = new Multis(zk);
            zk.make("/multi");
            h.check("multi of every kind", multis::everyKind);
            h.check("multi is one zxid", multis::oneZxid);
            h.check("multi sees its own earlier parts", multis::seesItself);
            h.check("multi with null data and version 0", multis::nullThenVersion);
            h.check("failed multi changes nothing", multis::rollsBack);
            h.check("failed multi names each part's code", multis::codes);
            h.check("multi check alone", multis::check);
            h.check("empty multi", multis::empty);
            h.check("failed sequential creates give their numbers back", multis::sequence);
            h.check("transaction", multis::transaction);
            h.check("multiRead", multis::multiRead);
        }
    }

    private void everyKind() throws Exception {
        zk.make("/multi/old");
        zk.make("/multi/gone");
        List<OpResult> results = zk.multi(List.of(
            Op.create("/multi/p", bytes("1"), OPEN, CreateMode.PERSISTENT),
            Op.create("/multi/s", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL),
            Op.create("/multi/e", null, OPEN, CreateMode.EPHEMERAL),
            Op.create("/multi/c", null, OPEN, CreateMode.CONTAINER),
            Op.create("/multi/t", null, OPEN, CreateMode.PERSISTENT_WITH_TTL, 3_600_000),
            Op.setData("/multi/old", bytes("new"), 0),
            Op.check("/multi/old", 1),
            Op.delete("/multi/gone", -1)));
        equal(8, results.size());
        equal("/multi/p", ((CreateResult) results.get(0)).getPath());
        isTrue(((CreateResult) results.get(1)).getPath().matches("/multi/s\\d{10}"), "numbered");
        equal(zk.getSessionId(), zk.exists("/multi/e", false).getEphemeralOwner());
        equal(0L, zk.exists("/multi/c", false).getEphemeralOwner());
        equal(0L, zk.exists("/multi/t", false).getEphemeralOwner());
        Stat stat = ((SetDataResult) results.get(5)).getStat();
        equal(1, stat.getVersion());
        equal(stat, zk.exists("/multi/old", false));
        equal(null, zk.exists("/multi/gone", false));
    }

    private void oneZxid() throws Exception {
        zk.multi(List.of(
            Op.create("/multi/z1", null, OPEN, CreateMode.PERSISTENT),
            Op.create("/multi/z2", null, OPEN, CreateMode.PERSISTENT),
            Op.setData("/multi/z1", bytes("x"), -1)));
        Stat first = zk.exists("/multi/z1", false);
        Stat second = zk.exists("/multi/z2", false);
        equal(first.getCzxid(), second.getCzxid());
        equal(first.getCzxid(), first.getMzxid());
        equal(first.getCzxid(), zk.exists("/multi", false).getPzxid());
    }

    private void seesItself() throws Exception {
        zk.multi(List.of(
            Op.create("/multi/d", null, OPEN, CreateMode.PERSISTENT),
            Op.create("/multi/d/e", null, OPEN, CreateMode.PERSISTENT),
            Op.setData("/multi/d/e", bytes("v1"), 0),
            Op.check("/multi/d/e", 1),
            Op.delete("/multi/d/e", 1),
            Op.create("/multi/d/e", bytes("again"), OPEN, CreateMode.PERSISTENT)));
        equal(bytes("again"), zk.getData("/multi/d/e", false, null));
        equal(0, zk.exists("/multi/d/e", false).getVersion());
        equal(3, zk.exists("/multi/d", false).getCversion());
    }

    private void nullThenVersion() throws Exception {
        List<OpResult> results = zk.multi(List.of(
            Op.create("/multi/broker", null, OPEN, CreateMode.EPHEMERAL),
            Op.setData("/multi/broker", bytes("id"), 0)));
        Stat stat = ((SetDataResult) results.get(1)).getStat();
        equal(1, stat.getVersion());
        equal(zk.getSessionId(), stat.getEphemeralOwner());
        equal(stat, zk.exists("/multi/broker", false));
    }

    private static List<Integer> codes(KeeperException e) {
        List<Integer> codes = new ArrayList<>();
        for (OpResult result : e.getResults()) {
            codes.add(((ErrorResult) result).getErr());
        }
        return codes;
    }

    private void rollsBack() throws Exception {
        zk.make("/multi/kept");
        Stat parent = zk.exists("/multi", false);
        Stat kept = zk.exists("/multi/kept", false);
        fails(Code.NONODE, () -> zk.multi(List.of(
            Op.create("/multi/undone", null, OPEN, CreateMode.PERSISTENT),
            Op.setData("/multi/kept", bytes("undone"), -1),
            Op.delete("/multi/kept", -1),
            Op.delete("/multi/nothing", -1))));
        equal(null, zk.exists("/multi/undone", false));
        equal(kept, zk.exists("/multi/kept", false));
        equal(parent, zk.exists("/multi", false));
    }

    private void codes() throws Exception {
        zk.make("/multi/codes");
        KeeperException e = fails(Code.BADVERSION, () -> zk.multi(List.of(
            Op.check("/multi/codes", 0),
            Op.setData("/multi/codes", null, 9),
            Op.create("/multi/codes/a", null, OPEN, CreateMode.PERSISTENT),
            Op.check("/multi/codes", 0))));
        equal(List.of(0, Code.BADVERSION.intValue(), Code.RUNTIMEINCONSISTENCY.intValue(),
            Code.RUNTIMEINCONSISTENCY.intValue()), codes(e));
        e = fails(Code.NODEEXISTS, () -> zk.multi(List.of(
            Op.create("/multi/codes", null, OPEN, CreateMode.PERSISTENT))));
        equal(List.of(Code.NODEEXISTS.intValue()), codes(e));
        e = fails(Code.NOTEMPTY, () -> zk.multi(List.of(
            Op.create("/multi/codes/a", null, OPEN, CreateMode.PERSISTENT),
            Op.delete("/multi/codes", -1))));
        equal(List.of(0, Code.NOTEMPTY.intValue()), codes(e));
        e = fails(Code.NOCHILDRENFOREPHEMERALS, () -> zk.multi(List.of(
            Op.create("/multi/codes/e", null, OPEN, CreateMode.EPHEMERAL),
            Op.create("/multi/codes/e/x", null, OPEN, CreateMode.PERSISTENT))));
        equal(List.of(0, Code.NOCHILDRENFOREPHEMERALS.intValue()), codes(e));
        fails(Code.INVALIDACL, () -> zk.multi(List.of(
            Op.create("/multi/codes/f", null, List.of(), CreateMode.PERSISTENT))));
        equal(0, zk.exists("/multi/codes", false).getNumChildren());
    }

    private void check() throws Exception {
        zk.make("/multi/check");
        zk.multi(List.of(Op.check("/multi/check", 0), Op.check("/multi/check", -1)));
        fails(Code.BADVERSION, () -> zk.multi(List.of(Op.check("/multi/check", 3))));
        fails(Code.NONODE, () -> zk.multi(List.of(Op.check("/multi/unchecked", -1))));
    }

    private void empty() throws Exception {
        equal(List.of(), zk.multi(List.of()));
    }

    private void sequence() throws Exception {
        zk.make("/multi/seq");
        CreateMode mode = CreateMode.PERSISTENT_SEQUENTIAL;
        fails(Code.NONODE, () -> zk.multi(List.of(
            Op.create("/multi/seq/n", null, OPEN, mode),
            Op.create("/multi/seq/n", null, OPEN, mode),
            Op.delete("/multi/nothing", -1))));
        equal("/multi/seq/n0000000000", zk.make("/multi/seq/n", mode));
    }

    private void transaction() throws Exception {
        List<OpResult> results = zk.transaction()
            .create("/multi/tx", bytes("a"), OPEN, CreateMode.PERSISTENT)
            .check("/multi/tx", 0).setData("/multi/tx", bytes("b"), 0)
            .delete("/multi/tx", 1).commit();
        equal(4, results.size());
        equal(null, zk.exists("/multi/tx", false));
    }

    private void multiRead() throws Exception {
        zk.make("/multi/read");
        zk.make("/multi/read/a");
        zk.make("/multi/read/b");
        zk.make("/multi/closed", Session.acl(new ACL(Perms.ADMIN, Ids.ANYONE_ID_UNSAFE)));
        List<OpResult> results = zk.multi(List.of(
            Op.getData("/multi/read"), Op.getChildren("/multi/read"),
            Op.getData("/multi/absent"), Op.getChildren("/multi/closed"),
            Op.getData("/multi/read/a")));
        equal(5, results.size());
        GetDataResult data = (GetDataResult) results.get(0);
        equal(bytes("x"), data.getData());
        equal(zk.exists("/multi/read", false), data.getStat());
        equal(new TreeSet<>(List.of("a", "b")),
            new TreeSet<>(((GetChildrenResult) results.get(1)).getChildren()));
        equal(Code.NONODE.intValue(), ((ErrorResult) results.get(2)).getErr());
        equal(Code.NOAUTH.intValue(), ((ErrorResult) results.get(3)).getErr());
        equal(bytes("x"), ((GetDataResult) results.get(4)).getData());
    }
}
