"""Resuming, losing and outliving sessions."""

import socket
import struct
import subprocess
import sys

from kazoo.client import KazooClient, KazooState

from harness import PATIENCE, Events, equal


def read_all(conn):
    """Everything up to the end of the connection, however it ends."""
    answer = b""
    try:
        while chunk := conn.recv(4096):
            answer += chunk
    except ConnectionResetError:
        pass
    return answer


class Sessions:
    def __init__(self, h):
        self.h = h

    def open(self, timeout=10.0, client_id=None):
        client = KazooClient(self.h.addr, timeout=timeout, client_id=client_id)
        states = Events()
        client.add_listener(states)
        client.start()
        states.until(KazooState.CONNECTED)
        return client, states

    @staticmethod
    def done(*clients):
        for client in clients:
            client.stop()
            client.close()

    def close(self):
        client, _ = self.open()
        other, _ = self.open()
        client.create("/s/closed", ephemeral=True)
        events = Events()
        other.exists("/s/closed", watch=events)
        self.done(client)
        events.expect("DELETED", "/s/closed")
        self.done(other)

    def cut(self):
        client, states = self.open()
        client.create("/s/cut", ephemeral=True)
        identity = client.client_id
        client._connection._socket.shutdown(socket.SHUT_RDWR)
        states.until(KazooState.SUSPENDED)
        states.until(KazooState.CONNECTED)
        equal(identity, client.client_id)
        equal(identity[0], client.exists("/s/cut").ephemeralOwner)
        self.done(client)

    def resume(self):
        """A process that dies leaves a session that another takes up."""
        script = (
            "import os, sys; from kazoo.client import KazooClient\n"
            "zk = KazooClient(sys.argv[1], timeout=10.0); zk.start()\n"
            "zk.create('/s/resumed', ephemeral=True)\n"
            "print(zk.client_id[0], zk.client_id[1].hex(), flush=True); os._exit(0)\n")
        out = subprocess.run([sys.executable, "-c", script, self.h.addr], check=True,
                             capture_output=True, text=True, timeout=PATIENCE).stdout.split()
        identity = (int(out[0]), bytes.fromhex(out[1]))
        client, _ = self.open(client_id=identity)
        equal(identity, client.client_id)
        equal(identity[0], client.exists("/s/resumed").ephemeralOwner)
        self.done(client)
        other, _ = self.open()
        equal(None, other.exists("/s/resumed"))
        self.done(other)

    def closed_by_other(self):
        """Another connection attaches to the session and closes it at once."""
        client, states = self.open()
        session, password = client.client_id
        client.create("/s/usurped", ephemeral=True)
        connect = struct.pack("!iqiqi16s?", 0, 0, 10000, session, 16, password, False)
        close = struct.pack("!ii", 1, -11)
        frames = b"".join(struct.pack("!i", len(f)) + f for f in (connect, close))
        answer = b""
        # The client may be back before the second frame is read, and take the session along:
        # the server has closed it when it has answered both, or refuses it with a timeout of 0.
        while len(answer) < 41 + 20 and answer[8:12] != bytes(4):
            with socket.create_connection(self.h.addr.split(":"), timeout=PATIENCE) as conn:
                conn.sendall(frames)
                answer = read_all(conn)
        states.until(KazooState.LOST)
        states.until(KazooState.CONNECTED)
        assert client.client_id[0] != session, "a new session"
        equal(None, client.exists("/s/usurped"))
        self.done(client)

    def wrong_password(self):
        client, states = self.open()
        session, password = client.client_id
        thief, _ = self.open(client_id=(session, bytes(16)))
        assert thief.client_id[0] != session, "a new session instead"
        self.done(thief, client)

    def expires(self):
        client, states = self.open(timeout=1.0)
        session = client.client_id[0]
        client.create("/s/paused", ephemeral=True)
        self.h.pause(3000)
        states.until(KazooState.LOST)
        states.until(KazooState.CONNECTED)
        assert client.client_id[0] != session, "a new session"
        equal(None, client.exists("/s/paused"))
        self.done(client)

    def restart(self, ask):
        client, states = self.open()
        client.create("/s/kept", ephemeral=True)
        client.ensure_path("/s/data")
        seen, children = Events(), Events()
        client.DataWatch("/s/data", lambda data, stat: seen(data))
        client.ChildrenWatch("/s/data", lambda names: children(sorted(names)))
        equal(b"", seen.next())
        equal([], children.next())
        identity = client.client_id
        ask()
        states.until(KazooState.SUSPENDED)
        states.until(KazooState.CONNECTED)
        equal(identity, client.client_id)
        equal(identity[0], client.exists("/s/kept").ephemeralOwner)
        client.set("/s/data", b"after")
        seen.until(b"after")
        client.create("/s/data/child")
        children.until(["child"])
        client.delete("/s/data", recursive=True)
        self.done(client)


def run(h):
    s = Sessions(h)
    client, _ = s.open()
    client.ensure_path("/s")
    s.done(client)
    h.check("close ends the session", s.close)
    h.check("a connection that is cut comes back", s.cut)
    h.check("a session is resumed with id and password", s.resume)
    h.check("closed by another with its id and password", s.closed_by_other)
    h.check("a wrong password gets a new session", s.wrong_password)
    h.check("a stopped client's session expires", s.expires)
    h.check("watches over a clean restart", lambda: s.restart(h.restart))
    h.check("watches over a kill", lambda: s.restart(h.crash))
