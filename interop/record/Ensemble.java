import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.TreeSet;
import org.apache.zookeeper.common.ConfigException;
import org.apache.zookeeper.server.quorum.QuorumCnxManager.InitialMessage;
import org.apache.zookeeper.server.quorum.QuorumPeer.QuorumServer;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;
import org.apache.zookeeper.server.quorum.SyncedLearnerTracker;
import org.apache.zookeeper.server.quorum.flexible.QuorumVerifier;

/** Writes what Apache's own classes make of configurations of ensembles: see doc.go. */
public final class Ensemble {
    private static final Random RANDOM = new Random(9);

    private static String hex(String s) {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        return b.length == 0 ? "-" : HexFormat.of().formatHex(b);
    }

    /** The kind of a failure: a ConfigException is "text", whatever else "number". */
    private static String kind(Exception e) {
        return e instanceof ConfigException ? "text" : "number";
    }

    private static QuorumVerifier parse(String text, boolean fixed, boolean standalone) throws Exception {
        QuorumPeerConfig.setStandaloneEnabled(standalone);
        Properties p = new Properties();
        p.load(new StringReader(text));
        return QuorumPeerConfig.parseDynamicConfig(p, 3, false, fixed, null);
    }

    private static int below(int n) {
        return RANDOM.nextInt(n);
    }

    private static <T> T oneOf(List<T> all) {
        return all.get(below(all.size()));
    }

    private static String host() {
        return oneOf(List.of("a", "zoo-1.example", "127.0.0.1", "[::1]", "[2001:db8::5]", "10.0.0.9"));
    }

    private static String address(String role) {
        int port = 1 + below(60000);
        return host() + ":" + port + ":" + (port + 1 + below(3)) + role;
    }

    private static String member(String role, boolean multi) {
        StringBuilder s = new StringBuilder(address(role));
        List<String> hosts = new ArrayList<>(List.of("m1", "[fe80::2]", "b.c", "192.0.2.1"));
        Collections.shuffle(hosts, RANDOM);
        for (int i = multi ? below(3) : 0; i > 0; i--) {
            int port = 1 + below(60000);
            s.append("|").append(hosts.get(i)).append(":").append(port).append(":").append(port + 1).append(role);
        }
        switch (below(4)) {
            case 0 -> s.append(";").append(below(65536));
            case 1 -> s.append(";").append(host()).append(":").append(below(65536));
            default -> { }
        }
        return s.toString();
    }

    /** Numbers that share buckets, numbers that do not, and few or many of them. */
    private static List<Long> numbers() {
        TreeSet<Long> ids = new TreeSet<>();
        int n = oneOf(List.of(1, 2, 3, 3, 5, 7, 7, 9, 12, 13, 26));
        int how = n > 13 ? below(2) : n > 7 ? below(3) : below(5);
        while (ids.size() < n) {
            ids.add(switch (how) {
                case 0 -> ids.size() + 1L;
                case 1 -> (long) below(255) + 1;
                case 2 -> 16L * below(100) + 1;
                case 3 -> 64L * below(100) + below(2);
                default -> RANDOM.nextLong();
            });
        }
        List<Long> all = new ArrayList<>(ids);
        Collections.shuffle(all, RANDOM);
        return all;
    }

    private static String text(boolean fixed, boolean multi) {
        List<String> lines = new ArrayList<>();
        List<Long> ids = numbers();
        List<Long> voters = new ArrayList<>();
        for (long id : ids) {
            String role = oneOf(List.of("", "", ":participant", ":PARTICIPANT", ":observer"));
            if (role.isEmpty() || role.equalsIgnoreCase(":participant")) {
                voters.add(id);
            }
            lines.add("server." + id + oneOf(List.of("=", " = ", ":")) + member(role, multi));
        }
        if (below(2) == 0) {
            int groups = 1 + below(20);
            List<List<Long>> of = new ArrayList<>();
            for (int i = 0; i < groups; i++) {
                of.add(new ArrayList<>());
            }
            for (long id : below(8) == 0 ? ids : voters) {
                if (below(60) != 0) {
                    of.get(below(groups)).add(id);
                }
                if (below(3) == 0) {
                    lines.add("weight." + id + "=" + below(4));
                }
            }
            for (int i = 0; i < groups; i++) {
                if (!of.get(i).isEmpty()) {
                    lines.add("group." + (below(2) == 0 ? i : 1 + 32 * i) + "="
                        + String.join(":", of.get(i).stream().map(Object::toString).toList()));
                }
            }
        }
        if (below(2) == 0) {
            lines.add("version=" + Long.toHexString(RANDOM.nextLong() >>> 1 + below(63)));
        }
        if (fixed || below(30) == 0) {
            for (int i = below(12); i > 0; i--) {
                lines.add("key" + below(100) + "=" + i);
            }
        }
        Collections.shuffle(lines, RANDOM);
        return String.join("\n", lines);
    }

    /** Whole configurations: the text, the dynamic file, and who votes. */
    private static void texts(Path dir) throws Exception {
        Path file = Files.createTempFile("quoll", ".dynamic");
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("config.hex")))) {
            for (int i = 0; i < 120; i++) {
                boolean fixed = below(2) == 0;
                boolean multi = below(3) == 0;
                boolean standalone = below(2) == 0;
                System.setProperty("zookeeper.multiAddress.enabled", "" + multi);
                String text = text(fixed, multi);
                out.print((fixed ? "static" : "dynamic") + " " + (multi ? "multi" : "single") + " "
                    + (standalone ? "standalone" : "ensemble") + " " + hex(text) + " ");
                try {
                    QuorumVerifier v = parse(text, fixed, standalone);
                    QuorumPeerConfig.writeDynamicConfig(file.toString(), v, false);
                    out.println("ok " + hex(v.toString()) + " " + (i % 5 == 0 ? hex(Files.readString(file)) : "-") + " "
                        + hex(new TreeSet<>(v.getVotingMembers().keySet()).toString()));
                } catch (Exception e) {
                    out.println(kind(e) + " - - -");
                }
            }
        }
        Files.delete(file);
    }

    /** Sets of acknowledgements: are they a quorum? */
    private static void quorums(Path dir) throws Exception {
        System.setProperty("zookeeper.multiAddress.enabled", "false");
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("quorum.hex")))) {
            int written = 0;
            while (written < 40) {
                String text = text(true, false);
                QuorumVerifier v;
                try {
                    v = parse(text, true, false);
                } catch (Exception e) {
                    continue;
                }
                List<Long> ids = new ArrayList<>(v.getAllMembers().keySet());
                ids.add(77L);
                out.print(hex(text));
                for (int i = 0; i < 12; i++) {
                    SyncedLearnerTracker t = new SyncedLearnerTracker();
                    t.addQuorumVerifier(v);
                    List<String> in = new ArrayList<>();
                    for (long id : ids) {
                        if (below(12) < i + 1) {
                            in.add("" + id);
                            t.addAck(id);
                        }
                    }
                    out.print(" " + t.hasAllQuorums() + ":" + String.join(",", in));
                }
                out.println();
                written++;
            }
        }
    }

    private static void members(Path dir) throws Exception {
        List<String> specs = List.of("a:1:2", "a:1:2:participant", "a:1:2:Observer", "a:1:2: observer ",
            "a:1:2:leader", "a:1:2:", "a:1:2::", "a:1:2:observer:", "a:1:2:observer:x", "a:1", "a", "",
            ":1:2", "a:1:1", "a:x:2", "a:1:x", "a:-1:2", "a:1:65535", "a:1:65536", "a:+1:2", "a:1: 2",
            "a:99999999999:2", "a:1:2;3", "a:1:2;b:3", "a:1:2;b:3:4", "a:1:2;b", "a:1:2;70000",
            "a:1:2;-3", "a:1:2;[::1]:3", "a:1:2;[::1]", "a:1:2;[::1]:", "a:1:2;", "a:1:2;;", "a:1:2;3;",
            "a:1:2;3;4", ";3", "[::1]:1:2", "[::1]:1:2;[::]:3", "[::1:1:2", "[::1]", "[::1]:",
            "a:1:2|b:3:4", "b:1:2|a:3:4;5", "a:1:2|", "a:1:2||", "|a:1:2", "a:1:2:observer|b:3:4",
            "a:1:2|b:3:4:observer", "a:1:2:participant|b:3:4:observer", "a:1:2:observer|b:3:4:OBSERVER",
            "[::2]:1:2|[::1]:3:4", "0.0.0.0:1:2", "a:1:2;0.0.0.0:3");
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("member.hex")))) {
            for (boolean multi : List.of(false, true)) {
                System.setProperty("zookeeper.multiAddress.enabled", "" + multi);
                for (String spec : specs) {
                    String result;
                    try {
                        result = "ok " + hex(new QuorumServer(5, spec).toString());
                    } catch (Exception e) {
                        result = kind(e) + " -";
                    }
                    out.println((multi ? "multi" : "single") + " " + hex(spec) + " " + result);
                }
            }
        }
    }

    /** The addresses of a hello; wildcards are left out. */
    private static void hellos(Path dir) throws Exception {
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("hello.hex")))) {
            for (String text : List.of("127.0.0.1:3888", "[::1]:3888", "127.0.0.1:1|127.0.0.2:2",
                "0.0.0.0:1", "[::]:1", "0.0.0.0:1|127.0.0.1:2", "127.0.0.1", "127.0.0.1:x",
                "127.0.0.1:1:2", "127.0.0.1:", "|127.0.0.1:1", "127.0.0.1:1|", "[::1:3", "[::1]",
                "127.0.0.1:70000", "127.0.0.1:-1", "[2001:db8::5]:7|127.0.0.1:3")) {
                byte[] b = text.getBytes(StandardCharsets.UTF_8);
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                java.io.DataOutputStream d = new java.io.DataOutputStream(bytes);
                d.writeLong(3);
                d.writeInt(b.length);
                d.write(b);
                String result;
                try {
                    InitialMessage m = InitialMessage.parse(-65536L,
                        new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
                    StringBuilder s = new StringBuilder();
                    for (java.net.InetSocketAddress a : m.electionAddr) {
                        s.append(s.length() > 0 ? "," : "").append(a.getHostString()).append(" ").append(a.getPort());
                    }
                    result = "ok " + hex(s.toString());
                } catch (Exception e) {
                    result = "error -";
                }
                out.println(hex(text) + " " + result);
            }
        }
    }

    private static <T> String joined(Iterable<T> all) {
        StringBuilder s = new StringBuilder();
        for (T one : all) {
            s.append(s.length() > 0 ? "," : "").append(one);
        }
        return s.toString();
    }

    /** The order in which the maps behind a text hand out what was put into them. */
    private static void orders(Path dir) throws Exception {
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(dir.resolve("order.txt")))) {
            for (int i = 0; i < 60; i++) {
                Properties p = new Properties();
                List<String> names = new ArrayList<>();
                for (int n = below(50) + 1; names.size() < n;) {
                    String name = oneOf(List.of("server.", "weight.", "Aa", "BB", "é")) + below(40);
                    if (p.put(name, "") == null) {
                        names.add(name);
                    }
                }
                out.println("names " + joined(names) + " " + joined(p.keySet()));
            }
            for (int i = 0; i < 60; i++) {
                HashMap<Long, Long> map = new HashMap<>();
                List<String> done = new ArrayList<>();
                for (int n = below(24); n >= 0; n--) {
                    long id = oneOf(List.of(1L, 7L, 16L)) * below(40) - 5;
                    if (map.put(id, id) == null) {
                        done.add("+" + id);
                    } else {
                        map.remove(id);
                        done.add("-" + id);
                    }
                    if (below(8) == 0) {
                        map = new HashMap<>(map);
                        done.add("copy");
                    }
                }
                out.println("numbers " + joined(done) + " " + (map.isEmpty() ? "none" : joined(map.keySet())));
            }
        }
    }

    public static void main(String[] args) throws Exception {
        Path dir = new File(args[0]).toPath();
        texts(dir);
        quorums(dir);
        members(dir);
        hellos(dir);
        orders(dir);
    }
}
