package interop;

import static interop.Harness.equal;
import static interop.Harness.fails;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper.States;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;

/** getACL, setACL, addAuth, and each scheme's right to do each thing. */
final class Acls {
    private final Harness h;
    private final Session zk;

    private Acls(Harness h, Session zk) {
        this.h = h;
        this.zk = zk;
    }

    static void run(Harness h) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Acls acls = new Acls(h, zk);
            zk.make("/acls");
            h.check("getACL and setACL", acls::getAndSet);
            h.check("setACL refusals", acls::setRefusals);
            h.check("digest: creator all, others nothing", acls::digest);
            h.check("digest: wrong password", acls::wrongPassword);
            h.check("digest: super", acls::superDigest);
            h.check("digest: ids are masked without ADMIN", acls::masked);
            h.check("ip", acls::ip);
            h.check("each permission allows its own operations", acls::permissions);
            h.check("addAuth of an unknown scheme fails the session", acls::unknownScheme);
            h.check("duplicate entries are dropped", acls::duplicates);
        }
    }

    private static Id digestId(String userAndPassword) throws Exception {
        return new Id("digest", DigestAuthenticationProvider.generateDigest(userAndPassword));
    }

    private Session authenticated(String userAndPassword) throws Exception {
        Session session = Session.open(h.addr);
        session.addAuthInfo("digest", bytes(userAndPassword));
        return session;
    }

    private void getAndSet() throws Exception {
        zk.make("/acls/open");
        Stat stat = new Stat();
        equal(Ids.OPEN_ACL_UNSAFE, zk.getACL("/acls/open", stat));
        equal(zk.exists("/acls/open", false), stat);
        List<ACL> acl = Session.acl(new ACL(Perms.READ | Perms.ADMIN, Ids.ANYONE_ID_UNSAFE));
        Stat changed = zk.setACL("/acls/open", acl, 0);
        equal(1, changed.getAversion());
        equal(stat.getMzxid(), changed.getMzxid());
        equal(acl, zk.getACL("/acls/open", stat));
        fails(Code.BADVERSION, () -> zk.setACL("/acls/open", acl, 0));
        fails(Code.NOAUTH, () -> zk.setData("/acls/open", null, -1));
        equal(2, zk.setACL("/acls/open", Ids.OPEN_ACL_UNSAFE, -1).getAversion());
    }

    private void setRefusals() throws Exception {
        zk.make("/acls/refuse");
        List<List<ACL>> invalid = List.of(
            Session.acl(),
            Session.acl(new ACL(Perms.ALL, new Id("nosuch", "x"))),
            Session.acl(new ACL(Perms.ALL, new Id("digest", "nocolon"))),
            Session.acl(new ACL(Perms.ALL, new Id("ip", "not.an.address"))),
            Session.acl(new ACL(Perms.ALL, new Id("world", "someone"))),
            Ids.CREATOR_ALL_ACL);
        for (List<ACL> acl : invalid) {
            fails(Code.INVALIDACL, () -> zk.setACL("/acls/refuse", acl, -1));
            fails(Code.INVALIDACL, () -> zk.make("/acls/refused", acl));
        }
        fails(Code.NONODE, () -> zk.setACL("/acls/none", Ids.OPEN_ACL_UNSAFE, -1));
        fails(Code.NONODE, () -> zk.getACL("/acls/none", new Stat()));
    }

    private void digest() throws Exception {
        try (Session owner = authenticated("ann:secret");
            Session same = authenticated("ann:secret")) {
            owner.make("/acls/owned", Ids.CREATOR_ALL_ACL);
            equal(List.of(new ACL(Perms.ALL, digestId("ann:secret"))),
                owner.getACL("/acls/owned", new Stat()));
            same.setData("/acls/owned", bytes("y"), -1);
            same.make("/acls/owned/child");
            fails(Code.NOAUTH, () -> zk.getData("/acls/owned", false, null));
            fails(Code.NOAUTH, () -> zk.exists("/acls/owned", false));
            fails(Code.NOAUTH, () -> zk.getChildren("/acls/owned", false));
            fails(Code.NOAUTH, () -> zk.getAllChildrenNumber("/acls/owned"));
            fails(Code.NOAUTH, () -> zk.setData("/acls/owned", null, -1));
            fails(Code.NOAUTH, () -> zk.make("/acls/owned/mine"));
            fails(Code.NOAUTH, () -> zk.delete("/acls/owned/child", -1));
            fails(Code.NOAUTH, () -> zk.getACL("/acls/owned", new Stat()));
            fails(Code.NOAUTH, () -> zk.setACL("/acls/owned", Ids.OPEN_ACL_UNSAFE, -1));
            fails(Code.NOAUTH, () -> zk.multi(List.of(Op.check("/acls/owned", -1))));
        }
    }

    private void wrongPassword() throws Exception {
        try (Session owner = authenticated("eve:right");
            Session wrong = authenticated("eve:wrong")) {
            owner.make("/acls/eve", Ids.CREATOR_ALL_ACL);
            fails(Code.NOAUTH, () -> wrong.getData("/acls/eve", false, null));
            wrong.addAuthInfo("digest", bytes("eve:right"));
            equal(bytes("x"), wrong.getData("/acls/eve", false, null));
        }
    }

    private void superDigest() throws Exception {
        try (Session owner = authenticated("sam:secret");
            Session root = authenticated("super:test")) {
            owner.make("/acls/sam", Ids.CREATOR_ALL_ACL);
            equal(bytes("x"), root.getData("/acls/sam", false, null));
            root.setACL("/acls/sam", Ids.OPEN_ACL_UNSAFE, -1);
            zk.delete("/acls/sam", -1);
        }
    }

    private void masked() throws Exception {
        List<ACL> acl = new ArrayList<>(Ids.READ_ACL_UNSAFE);
        acl.add(new ACL(Perms.ALL, digestId("pat:secret")));
        zk.make("/acls/masked", acl);
        List<ACL> seen = zk.getACL("/acls/masked", new Stat());
        equal(new Id("digest", "pat:x"), seen.get(1).getId());
        try (Session owner = authenticated("pat:secret")) {
            equal(acl, owner.getACL("/acls/masked", new Stat()));
        }
    }

    private void ip() throws Exception {
        zk.make("/acls/here", Session.acl(new ACL(Perms.ALL, new Id("ip", "127.0.0.1"))));
        equal(bytes("x"), zk.getData("/acls/here", false, null));
        zk.make("/acls/net", Session.acl(new ACL(Perms.ALL, new Id("ip", "127.0.0.0/8"))));
        equal(bytes("x"), zk.getData("/acls/net", false, null));
        zk.make("/acls/there", Session.acl(new ACL(Perms.ALL, new Id("ip", "10.0.0.0/8"))));
        fails(Code.NOAUTH, () -> zk.getData("/acls/there", false, null));
    }

    private void permissions() throws Exception {
        zk.make("/acls/r", Session.acl(new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE)));
        zk.make("/acls/w", Session.acl(new ACL(Perms.WRITE, Ids.ANYONE_ID_UNSAFE)));
        zk.make("/acls/c", Session.acl(new ACL(Perms.CREATE, Ids.ANYONE_ID_UNSAFE)));
        zk.make("/acls/d", Session.acl(new ACL(Perms.CREATE | Perms.DELETE, Ids.ANYONE_ID_UNSAFE)));
        zk.make("/acls/a", Session.acl(new ACL(Perms.ADMIN, Ids.ANYONE_ID_UNSAFE)));
        zk.getData("/acls/r", false, null);
        zk.getACL("/acls/r", new Stat());
        fails(Code.NOAUTH, () -> zk.setData("/acls/r", null, -1));
        zk.setData("/acls/w", bytes("y"), -1);
        fails(Code.NOAUTH, () -> zk.getData("/acls/w", false, null));
        zk.make("/acls/c/child");
        fails(Code.NOAUTH, () -> zk.delete("/acls/c/child", -1));
        zk.make("/acls/d/child");
        zk.delete("/acls/d/child", -1);
        fails(Code.NOAUTH, () -> zk.getChildren("/acls/d", false));
        zk.getACL("/acls/a", new Stat());
        zk.setACL("/acls/a", Ids.OPEN_ACL_UNSAFE, -1);
    }

    private void unknownScheme() throws Exception {
        Session session = Session.open(h.addr);
        session.addAuthInfo("nosuch", bytes("x"));
        session.events.await(KeeperState.AuthFailed);
        equal(States.AUTH_FAILED, session.getState());
        fails(Code.AUTHFAILED, () -> session.exists("/", false));
        session.vanish();
        isTrue(zk.exists("/", false) != null, "other sessions go on");
    }

    private void duplicates() throws Exception {
        ACL entry = new ACL(Perms.ALL, Ids.ANYONE_ID_UNSAFE);
        zk.make("/acls/twice", Session.acl(entry, entry));
        equal(List.of(entry), zk.getACL("/acls/twice", new Stat()));
    }
}
