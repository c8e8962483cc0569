package interop;

import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper.States;
import org.apache.zookeeper.admin.ZooKeeperAdmin;
import org.apache.zookeeper.data.Stat;

/** The configuration node, reconfig as a server answers it by default, quotas, and limits. */
final class Administration {
    private final Harness h;
    private final Session zk;

    private Administration(Harness h, Session zk) {
        this.h = h;
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Administration administration = new Administration(h, zk);
            zk.make("/adm");
            h.check("getConfig is there and empty", administration::config);
            h.check("reconfig is refused", administration::reconfig);
            h.check("a count quota is enforced", administration::countQuota);
            h.check("a byte quota is enforced", administration::byteQuota);
            h.check("a frame over jute.maxbuffer ends the connection", administration::tooLarge);
            h.check("a read-only client gets a read-write server", administration::readOnly);
        }
    }

    private void config() throws Exception {
        Stat stat = new Stat();
        Events events = new Events();
        equal(0, zk.getConfig(events, stat).length);
        equal(0, stat.getDataLength());
        fails(Code.NOAUTH, () -> zk.setData("/zookeeper/config", bytes("x"), -1));
    }

    private void reconfig() throws Exception {
        Events events = new Events();
        try (ZooKeeperAdmin admin = new ZooKeeperAdmin(h.addr, Session.TIMEOUT_MS, events)) {
            events.await(KeeperState.SyncConnected);
            fails(Code.RECONFIGDISABLED, () -> admin.reconfigure(
                "server.2=localhost:1:2;3", null, null, -1, new Stat()));
            fails(Code.RECONFIGDISABLED, () -> admin.reconfigure(
                (String) null, null, "server.2=localhost:1:2;3", -1, new Stat()));
            isTrue(admin.exists("/", false) != null, "the session goes on");
        }
    }

    private void quota(String path, String limits) throws Exception {
        String made = "";
        for (String part : ("zookeeper/quota" + path).split("/")) {
            made += "/" + part;
            if (zk.exists(made, false) == null) {
                zk.make(made);
            }
        }
        zk.make("/zookeeper/quota" + path + "/zookeeper_limits");
        zk.make("/zookeeper/quota" + path + "/zookeeper_stats");
        zk.setData("/zookeeper/quota" + path + "/zookeeper_limits", bytes(limits), -1);
        zk.setData("/zookeeper/quota" + path + "/zookeeper_stats", bytes("count=1,bytes=1"), -1);
    }

    private void countQuota() throws Exception {
        zk.make("/adm/count");
        quota("/adm/count", "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2");
        zk.make("/adm/count/a");
        fails(Code.QUOTAEXCEEDED, () -> zk.make("/adm/count/b"));
        zk.delete("/adm/count/a", -1);
        zk.make("/adm/count/b");
    }

    private void byteQuota() throws Exception {
        zk.make("/adm/bytes");
        quota("/adm/bytes", "count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=-1");
        zk.setData("/adm/bytes", bytes("0123456789"), -1);
        fails(Code.QUOTAEXCEEDED, () -> zk.setData("/adm/bytes", bytes("0123456789a"), -1));
        zk.setData("/adm/bytes", bytes("0"), -1);
    }

    private void tooLarge() throws Exception {
        try (Session session = Session.open(h.addr)) {
            long id = session.getSessionId();
            session.make("/adm/large");
            fails(Code.CONNECTIONLOSS, () ->
                session.setData("/adm/large", new byte[1_200_000], -1));
            session.events.await(KeeperState.SyncConnected);
            equal(id, session.getSessionId());
            equal(0, session.exists("/adm/large", false).getVersion());
        }
    }

    private void readOnly() throws Exception {
        Events events = new Events();
        try (var client = new org.apache.zookeeper.ZooKeeper(
            h.addr, Session.TIMEOUT_MS, events, true)) {
            events.await(KeeperState.SyncConnected);
            equal(States.CONNECTED, client.getState());
        }
    }
}
