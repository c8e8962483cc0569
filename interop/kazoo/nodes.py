"""Nodes, ACLs, transactions and commands."""

from kazoo import exceptions as ex
from kazoo.client import KazooClient
from kazoo.security import ACL, Id, OPEN_ACL_UNSAFE, make_acl, make_digest_acl

from harness import equal, fails


class Nodes:
    def __init__(self, h, zk):
        self.h = h
        self.zk = zk

    def connect(self):
        equal("CONNECTED", self.zk.client_state)
        session, password = self.zk.client_id
        equal(16, len(password))
        assert session != 0

    def commands(self):
        equal("imok", self.zk.command(b"ruok"))
        equal("rw", self.zk.command(b"isro"))
        assert "Mode: standalone" in self.zk.command(b"srvr")
        assert "zookeeper.version=" in self.zk.command(b"envi")
        assert "zk_server_state\tstandalone" in self.zk.command(b"mntr")
        equal((3, 9), self.zk.server_version()[:2])

    def create(self):
        zk = self.zk
        equal("/k/a", zk.create("/k/a", b"1"))
        path, stat = zk.create("/k/b", b"22", include_data=True)
        equal("/k/b", path)
        equal(stat, zk.exists("/k/b"))
        equal(2, stat.dataLength)
        equal("/k/s0000000002", zk.create("/k/s", sequence=True))
        equal("/k/s0000000003", zk.create("/k/s", sequence=True, ephemeral=True))
        zk.create("/k/e", ephemeral=True)
        equal(zk.client_id[0], zk.exists("/k/e").ephemeralOwner)
        equal("/k/deep/er/est", zk.create("/k/deep/er/est", makepath=True))
        zk.ensure_path("/k/deep/other/one")
        equal({"er", "other"}, set(zk.get_children("/k/deep")))

    def refusals(self):
        zk = self.zk
        fails(ex.NodeExistsError, zk.create, "/k/a")
        fails(ex.NoNodeError, zk.create, "/k/none/x")
        fails(ex.NoChildrenForEphemeralsError, zk.create, "/k/e/x")
        fails(ex.BadVersionError, zk.set, "/k/a", b"", version=9)
        fails(ex.BadVersionError, zk.delete, "/k/a", version=9)
        fails(ex.NotEmptyError, zk.delete, "/k/deep")
        fails(ex.NoNodeError, zk.delete, "/k/none")
        fails(ex.NoNodeError, zk.get, "/k/none")
        fails(ex.NoNodeError, zk.get_children, "/k/none")
        fails(ex.InvalidACLError, zk.create, "/k/i", acl=[ACL(31, Id("nosuch", "x"))])
        fails(ex.BadArgumentsError, zk.delete, "/zookeeper")
        equal(None, zk.exists("/k/none"))

    def get_and_set(self):
        zk = self.zk
        data, stat = zk.get("/k/a")
        equal((b"1", 0), (data, stat.version))
        changed = zk.set("/k/a", b"new", version=0)
        equal((1, 3), (changed.version, changed.dataLength))
        equal((b"new", changed), zk.get("/k/a"))
        equal(b"", zk.get(zk.create("/k/empty", b""))[0])
        large = bytes(range(256)) * 3900
        zk.set("/k/empty", large)
        equal(large, zk.get("/k/empty")[0])
        names, stat = zk.get_children("/k", include_data=True)
        equal(stat.numChildren, len(names))
        equal("/k/a", zk.sync("/k/a"))

    def delete_recursive(self):
        self.zk.delete("/k/deep", recursive=True)
        equal(None, self.zk.exists("/k/deep"))

    def pipeline(self):
        self.zk.create("/k/pipe", b"")
        pending = []
        for i in range(500):
            pending.append((self.zk.set_async("/k/pipe", b"%d" % i), None))
            pending.append((self.zk.get_async("/k/pipe"), b"%d" % i))
            pending.append((self.zk.exists_async("/k/none"), None))
        for result, data in pending:
            value = result.get(timeout=20)
            if data is not None:
                equal(data, value[0])

    def acls(self):
        zk = self.zk
        zk.create("/k/acl")
        acl, stat = zk.get_acls("/k/acl")
        equal((OPEN_ACL_UNSAFE, 0), (acl, stat.aversion))
        read = [make_acl("world", "anyone", read=True, admin=True)]
        equal(1, zk.set_acls("/k/acl", read, version=0).aversion)
        fails(ex.NoAuthError, zk.set, "/k/acl", b"")
        fails(ex.BadVersionError, zk.set_acls, "/k/acl", read, version=0)
        equal(read, zk.get_acls("/k/acl")[0])

    def auth(self):
        owner = KazooClient(self.h.addr, auth_data=[("digest", "ann:secret")])
        owner.start()
        owner.create("/k/owned", b"x", acl=[make_digest_acl("ann", "secret", all=True)])
        fails(ex.NoAuthError, self.zk.get, "/k/owned")
        other = KazooClient(self.h.addr)
        other.start()
        other.add_auth("digest", "ann:wrong")
        fails(ex.NoAuthError, other.get, "/k/owned")
        other.add_auth("digest", "ann:secret")
        equal(b"x", other.get("/k/owned")[0])
        fails(ex.AuthFailedError, other.add_auth, "nosuch", "x")
        for client in (owner, other):
            client.stop()
            client.close()

    def transaction(self):
        zk = self.zk
        zk.create("/k/t", b"old")
        t = zk.transaction()
        t.create("/k/t/a", b"1")
        t.create("/k/t/s", sequence=True, ephemeral=True)
        t.set_data("/k/t", b"new", version=0)
        t.check("/k/t", 1)
        t.delete("/k/t/a")
        results = t.commit()
        equal(["/k/t/a", "/k/t/s0000000001"], results[:2])
        equal(1, results[2].version)
        equal([True, True], results[3:])
        equal(b"new", zk.get("/k/t")[0])

    def failed_transaction(self):
        zk = self.zk
        t = zk.transaction()
        t.create("/k/t/undone")
        t.check("/k/none", 0)
        t.set_data("/k/t", b"undone")
        kinds = [type(result) for result in t.commit()]
        equal([ex.RolledBackError, ex.NoNodeError, ex.RuntimeInconsistency], kinds)
        equal(None, zk.exists("/k/t/undone"))
        equal(b"new", zk.get("/k/t")[0])

    def reconfig(self):
        fails(ex.ReconfigDisabledError, self.zk.reconfig, "server.2=h:1:2;3", None, None)

    def chroot(self):
        rooted = KazooClient(self.h.addr + "/k/root")
        rooted.start()
        rooted.ensure_path("/")
        equal("/x", rooted.create("/x"))
        equal(["x"], self.zk.get_children("/k/root"))
        rooted.stop()
        rooted.close()

    def read_only_allowed(self):
        client = KazooClient(self.h.addr, read_only=True)
        client.start()
        equal("CONNECTED", client.client_state)
        client.stop()
        client.close()


def run(h):
    zk = KazooClient(h.addr)
    zk.start()
    zk.create("/k")
    n = Nodes(h, zk)
    h.check("connect", n.connect)
    h.check("four-letter words", n.commands)
    h.check("create and create2", n.create)
    h.check("refusals", n.refusals)
    h.check("get, set, children, sync", n.get_and_set)
    h.check("delete recursive", n.delete_recursive)
    h.check("pipelined requests", n.pipeline)
    h.check("get_acls and set_acls", n.acls)
    h.check("auth", n.auth)
    h.check("transaction", n.transaction)
    h.check("failed transaction", n.failed_transaction)
    h.check("reconfig is refused", n.reconfig)
    h.check("chroot", n.chroot)
    h.check("read-only client", n.read_only_allowed)
    zk.stop()
    zk.close()
