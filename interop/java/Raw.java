package interop;

import static interop.Harness.equal;
import static interop.Harness.isTrue;
import static interop.Session.bytes;

import java.io.IOException;
import org.apache.jute.InputArchive;
import org.apache.jute.OutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.proto.CheckVersionRequest;
import org.apache.zookeeper.proto.GetSASLRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.SetSASLResponse;

/** Requests that the public client does not send by itself. */
final class Raw {
    private final Harness h;

    private Raw(Harness h) {
        this.h = h;
    }

    static void run(Harness h) {
        Raw raw = new Raw(h);
        h.check("sasl, with none configured", raw::sasl);
        h.check("deleteContainer", raw::deleteContainer);
        h.check("check outside a multi is refused", raw::check);
        h.check("an unknown operation is refused", raw::unknown);
        h.check("a body that does not decode is answered", raw::undecodable);
    }

    /** A request body of these bytes. */
    private record Body(byte[] raw) implements Record {
        @Override
        public void serialize(OutputArchive archive, String tag) throws IOException {
            for (byte b : raw) {
                archive.writeByte(b, tag);
            }
        }

        @Override
        public void deserialize(InputArchive archive, String tag) {
            throw new UnsupportedOperationException();
        }
    }

    private void sasl() throws Exception {
        Session zk = Session.open(h.addr);
        SetSASLResponse response = new SetSASLResponse();
        ReplyHeader reply = zk.send(OpCode.sasl, new GetSASLRequest(bytes("token")), response);
        equal(0, reply.getErr());
        equal(null, response.getToken());
        isTrue(zk.exists("/", false) != null, "the session goes on");
        zk.close();
    }

    private void deleteContainer() throws Exception {
        try (Session zk = Session.open(h.addr)) {
            zk.make("/raw", CreateMode.CONTAINER);
            zk.make("/raw/child");
            GetSASLRequest path = new GetSASLRequest(bytes("/raw"));
            equal(Code.NOTEMPTY.intValue(),
                zk.send(OpCode.deleteContainer, path, null).getErr());
            zk.make("/rawest", CreateMode.CONTAINER);
            path = new GetSASLRequest(bytes("/rawest"));
            equal(0, zk.send(OpCode.deleteContainer, path, null).getErr());
            equal(null, zk.exists("/rawest", false));
        }
    }

    /** The reply is Unimplemented, and the server closes the connection but not the session. */
    private void refused(int opcode, Record body) throws Exception {
        try (Session zk = Session.open(h.addr)) {
            long id = zk.getSessionId();
            ReplyHeader reply = zk.send(opcode, body, null);
            equal(Code.UNIMPLEMENTED.intValue(), reply.getErr());
            zk.events.await(KeeperState.Disconnected);
            zk.events.await(KeeperState.SyncConnected);
            equal(id, zk.getSessionId());
        }
    }

    private void check() throws Exception {
        refused(OpCode.check, new CheckVersionRequest("/", -1));
    }

    private void unknown() throws Exception {
        refused(99, new Body(new byte[0]));
    }

    private void undecodable() throws Exception {
        try (Session zk = Session.open(h.addr)) {
            Body half = new Body(new byte[] {0, 0, 0, 9, '/'});
            for (int opcode : new int[] {OpCode.getData, OpCode.create, OpCode.multi,
                OpCode.setData, OpCode.getChildren2}) {
                equal(Code.MARSHALLINGERROR.intValue(), zk.send(opcode, half, null).getErr());
            }
            isTrue(zk.exists("/", false) != null, "the connection goes on");
        }
    }
}
