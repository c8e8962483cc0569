import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.zookeeper.server.DataTree;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;
import org.apache.zookeeper.server.persistence.SnapStream;
import org.apache.zookeeper.server.persistence.Util;

/** Answers each line of standard input with one line: what Apache makes of a name or a directory. */
public final class Oracle {
    private static String text(String hex) {
        byte[] utf8 = new byte[hex.length() / 2];
        for (int i = 0; i < utf8.length; i++) {
            utf8[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static String restore(String dir) throws Exception {
        FileTxnSnapLog files = new FileTxnSnapLog(new File(dir), new File(dir));
        try {
            DataTree tree = new DataTree();
            long zxid = files.restore(tree, new ConcurrentHashMap<>(), (hdr, txn, digest) -> { });
            return "zxid " + zxid + " nodes " + tree.getNodeCount();
        } finally {
            files.close();
        }
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] word = line.split(" ", 2);
            String answer;
            try {
                String what = text(word[1]);
                answer = word[0].equals("restore") ? restore(what)
                    : Util.getZxidFromName(what, "log") + " "
                        + Util.getZxidFromName(what, "snapshot") + " "
                        + SnapStream.getStreamMode(what);
            } catch (Throwable e) {
                answer = "refused " + String.valueOf(e).replace('\n', ' ');
            }
            System.out.println(answer);
        }
    }
}
