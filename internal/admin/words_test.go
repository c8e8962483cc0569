package admin_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/admin"
	"quoll/jute"
	"quoll/processor/lane"
	"quoll/processor/session"
)

const everything = "4lw.commands.whitelist=*"

// populated has two sessions, watches, ephemerals, refused writes and an IPv6 client.
func populated(t testing.TB, defines ...string) (w *world, a, b *held) {
	w = newWorld(t, append([]string{everything}, defines...)...)
	a = w.connect("1.2.3.4:4001", 10_000)
	a.create("/a", jute.ModePersistent)
	a.create("/a", jute.ModePersistent) // refused: exists
	a.create("/e", jute.ModeEphemeral)
	a.get("/a", true)
	w.later(1000)
	b = w.connect("[2001:db8::5]:4002", 4_000)
	b.create("/f", jute.ModeEphemeral)
	b.ask(jute.OpExists, &jute.PathWatch{Path: []byte("/zz"), Watch: true})
	b.ask(jute.OpPing, nil)
	return w, a, b
}

func sessions(w *world) (first, second string) {
	d := w.sessions(true).Deadlines
	ids := map[jute.SessionID]bool{}
	least := jute.SessionID(0)
	for _, x := range d {
		for _, id := range x.IDs {
			ids[id] = true
			if least == 0 || id < least {
				least = id
			}
		}
	}
	for id := range ids {
		if id != least {
			second = id.String()
		}
	}
	return least.String(), second
}

func TestSrvrAndStat(t *testing.T) {
	w, _, _ := populated(t)
	srvr := func(received, sent, connections int) string {
		return fmt.Sprintf("Latency min/avg/max: 0/0.0/0\nReceived: %d\nSent: %d\n"+
			"Connections: %d\nOutstanding: 0\nZxid: 0x6\nMode: standalone\nNode count: 8\n",
			received, sent, connections)
	}
	const version = "Zookeeper version: 3.9.5-abc, built on 01/02/2026 03:04 UTC\n"
	require.Equal(t, version+srvr(10, 9, 3), w.word("srvr"))
	require.Equal(t, version+"Clients:\n"+
		" /1.2.3.4:4001[1](queued=0,recved=5,sent=5)\n"+
		" /[2001:db8:0:0:0:0:0:5]:4002[1](queued=0,recved=4,sent=4)\n"+
		" /10.0.0.9:999[0](queued=0,recved=1,sent=0)\n\n"+srvr(11, 10, 3), w.word("stat"))
	require.Equal(t, "Server stats reset.\n", w.word("srst"))
	require.Equal(t, version+srvr(1, 1, 3), w.word("srvr"), "srst itself is answered afterwards")
}

func TestCons(t *testing.T) {
	w, a, _ := populated(t)
	one, two := sessions(w)
	require.Equal(t, " /1.2.3.4:4001[1](queued=0,recved=5,sent=5,sid="+one+",lop=GETD,"+
		"est=1700000000000,to=10000,lcxid=0x4,lzxid=0x4,lresp=5000,"+
		"llat=0,minlat=0,avglat=0,maxlat=0)\n"+
		" /[2001:db8:0:0:0:0:0:5]:4002[1](queued=0,recved=4,sent=4,sid="+two+",lop=PING,"+
		"est=1700000001000,to=4000,lcxid=0x2,lzxid=0x6,lresp=6000,"+
		"llat=0,minlat=0,avglat=0,maxlat=0)\n"+
		" /10.0.0.9:999[0](queued=0,recved=1,sent=0)\n\n", w.word("cons"))
	a.create("/a", jute.ModePersistent)
	require.Contains(t, w.word("cons"), "sid="+one+",lop=NA,est=", "a refused write has no name")
	require.Equal(t, "Connection stats reset.\n", w.word("crst"))
	require.Contains(t, w.word("cons"), " /1.2.3.4:4001[1](queued=0,recved=0,sent=0,sid="+one+
		",lop=NA,est=1700000000000,to=10000,lzxid=0xffffffffffffffff,lresp=0,"+
		"llat=0,minlat=0,avglat=0,maxlat=0)\n")
	a.get("/a", false)
	require.Contains(t, w.word("cons"), "recved=1,sent=1,sid="+one+",lop=GETD,")
}

// TestLatencies: reads take as long as their turn, writes from receipt to the turn that answers.
func TestLatencies(t *testing.T) {
	w := newWorld(t, everything)
	a := w.connect("1.2.3.4:1", 10_000)
	w.word("srst")
	w.word("crst")
	body := frame(&jute.RequestHeader{Xid: 1, Type: jute.OpGetData},
		&jute.PathWatch{Path: []byte("/")})
	a.stream.Input(append(body, body...))
	w.later(3)
	w.lane.Turn()
	require.Contains(t, w.word("srvr"), "Latency min/avg/max: 3/3.0/3\n")
	require.Contains(t, w.word("cons"), "llat=3,minlat=3,avglat=3,maxlat=3)")
	a.stream.Input(frame(&jute.RequestHeader{Xid: 2, Type: jute.OpSetData},
		&jute.SetDataRequest{Path: []byte("/"), Data: []byte("1"), Version: -1}))
	w.lane.Turn()
	w.later(7)
	require.Contains(t, w.word("stat"), "(queued=1,recved=3,sent=2)")
	a.feed(nil) // the core takes the write
	require.Contains(t, w.word("srvr"), "Latency min/avg/max: 3/4.3333/7\n")
	require.Contains(t, w.word("cons"), "lop=SETD")
	require.Contains(t, w.word("cons"), "llat=7,minlat=3,avglat=4,maxlat=7)")
	mntr := w.word("mntr")
	require.Contains(t, mntr, "zk_cnt_readlatency\t2\n")
	require.Contains(t, mntr, "zk_p99_updatelatency\t7\n")
	require.Contains(t, mntr, "zk_sum_updatelatency\t7\n")
}

func TestDump(t *testing.T) {
	w, _, _ := populated(t)
	one, two := sessions(w)
	date := func(millis int64) string {
		return time.UnixMilli(millis).Format("Mon Jan 02 15:04:05 MST 2006")
	}
	// Ends are rounded up: sessions to a tick, connections to nio.sessionlessCnxnTimeout.
	require.Equal(t, "SessionTracker dump:\nSession Sets (2)/(2):\n"+
		"1 expire at "+date(1_700_000_007_000)+":\n\t"+two+"\n"+
		"1 expire at "+date(1_700_000_011_000)+":\n\t"+one+"\n"+
		"ephemeral nodes dump:\nSessions with Ephemerals (2):\n"+
		one+":\n\t/e\n"+two+":\n\t/f\n"+
		"Connections dump:\nConnections Sets (2)/(3):\n"+
		"1 expire at "+date(1_700_000_005_000)+":\n"+
		"\tip: /10.0.0.9:999 sessionId: 0x0\n"+
		"2 expire at "+date(1_700_000_015_000)+":\n"+
		"\tip: /1.2.3.4:4001 sessionId: "+one+"\n"+
		"\tip: /[2001:db8:0:0:0:0:0:5]:4002 sessionId: "+two+"\n", w.word("dump"))
}

func TestWatchWords(t *testing.T) {
	w, _, b := populated(t)
	one, two := sessions(w)
	require.Equal(t, "2 connections watching 2 paths\nTotal watches:2\n", w.word("wchs"))
	require.Equal(t, "/a\n\t"+one+"\n/zz\n\t"+two+"\n\n", w.word("wchp"))
	require.Equal(t, one+"\n\t/a\n"+two+"\n\t/zz\n\n", w.word("wchc"))
	b.create("/zz", jute.ModePersistent)
	require.Equal(t, []int{1}, w.watched)
	empty := newWorld(t, everything)
	require.Equal(t, "0 connections watching 0 paths\nTotal watches:0\n", empty.word("wchs"))
	require.Equal(t, "\n", empty.word("wchp"))
	require.Equal(t, "\n", empty.word("wchc"))
}

func TestSmallWords(t *testing.T) {
	w := newWorld(t, everything)
	for in, want := range map[string]string{
		"ruok": "imok", "ruok\n": "imok", "isro": "rw",
		"hash":             "",
		"\xff\xf4\xff\xfd": "",
		"dirs":             "datadir_size: 7\nlogdir_size: 9\n",
		"conf": "clientPort=2181\nsecureClientPort=-1\ndataDir=/data/version-2\ndataDirSize=7\n" +
			"dataLogDir=/data/version-2\ndataLogSize=9\ntickTime=2000\nmaxClientCnxns=60\n" +
			"minSessionTimeout=4000\nmaxSessionTimeout=40000\nclientPortListenBacklog=-1\n" +
			"serverId=0\n",
	} {
		require.Equal(t, want, w.word(in), "%q", in)
	}
	require.Equal(t, "306", w.word("gtmk"))
	require.Equal(t, "-2", w.word("stmk\xff\xff\xff\xff\xff\xff\xff\xfe"))
	require.Equal(t, "-2", w.word("gtmk"))
}

// TestLongWords: a word that may go over a long list, or wait, is not answered on an event loop.
func TestLongWords(t *testing.T) {
	w := newWorld(t, everything)
	for word, long := range map[string]bool{
		"conf": true, "cons": true, "dirs": true, "dump": true, "envi": true, "hash": true,
		"mntr": true, "srst": true, "srvr": true, "stat": true, "wchc": true, "wchp": true,
		"wchs": true,
		"crst": false, "gtmk": false, "isro": false, "ruok": false, "\xff\xf4\xff\xfd": false,
		"stmk12345678": false,
	} {
		asked, _, known := w.commands.Word([]byte(word))
		require.True(t, known, word)
		require.Equal(t, long, asked.Long, word)
	}
	w.serving.Store(lane.NoService)
	asked, _, _ := w.commands.Word([]byte("mntr"))
	require.False(t, asked.Long, "that nothing is served is told at once")
}

// TestTraceMaskInPieces: the mask may come later than the word.
func TestTraceMaskInPieces(t *testing.T) {
	w := newWorld(t, everything)
	c := w.dial("1.1.1.1:1")
	require.Zero(t, c.feed([]byte("stmk\x00\x00\x00")))
	require.False(t, c.closed)
	require.Zero(t, c.stream.Stats().Received, "a word that is not whole is no packet")
	require.Equal(t, 12, c.feed([]byte("stmk\x00\x00\x00\x00\x00\x00\x00\x05")))
	require.Equal(t, "5", string(c.out))
	require.True(t, c.closed)
}

func TestHash(t *testing.T) {
	w := newWorld(t, everything)
	a := w.connect("1.2.3.4:1", 10_000)
	for i := range 300 {
		a.create(fmt.Sprintf("/n%d", i), jute.ModePersistent)
	}
	require.Regexp(t, `^80: -?\d+\n100: -?\d+\n$`, w.word("hash"))
}

func TestEnvi(t *testing.T) {
	w := newWorld(t, everything)
	var keys []string
	for _, line := range strings.Split(strings.TrimSuffix(w.word("envi"), "\n"), "\n")[1:] {
		key, value, found := strings.Cut(line, "=")
		require.True(t, found, line)
		require.NotEmpty(t, value, key)
		keys = append(keys, key)
	}
	require.Equal(t, []string{
		"zookeeper.version", "host.name", "java.version", "java.vendor", "java.home",
		"java.class.path", "java.library.path", "java.io.tmpdir", "java.compiler", "os.name",
		"os.arch", "os.version", "user.name", "user.home", "user.dir", "os.memory.free",
		"os.memory.max", "os.memory.total", "go.version",
	}, keys)
}

// TestMntr checks the form of reply that monitoring tools demand, and the keys that they read.
func TestMntr(t *testing.T) {
	w, _, _ := populated(t)
	w.doors = admin.Doors{Rejected: 3, Dropped: 2, Expired: 1}
	w.shared.Counts.AuthFailed.Add(4)
	text := w.word("mntr")
	line := regexp.MustCompile(`^zk_(\w[\w.\-]*)\t([\w.\-]+)`)
	values := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	require.LessOrEqual(t, len(lines), 480)
	for _, l := range lines {
		m := line.FindStringSubmatch(l)
		require.NotNil(t, m, "%q", l)
		require.NotContains(t, values, m[1])
		values[m[1]] = l[strings.IndexByte(l, '\t')+1:]
	}
	for key, want := range map[string]string{
		"version": "3.9.5-abc, built on 01/02/2026 03:04 UTC", "server_state": "standalone",
		"avg_latency": "0.0", "min_latency": "0", "max_latency": "0",
		"packets_received": "10", "packets_sent": "9", "num_alive_connections": "3",
		"outstanding_requests": "0", "znode_count": "8", "watch_count": "2",
		"ephemerals_count": "2", "global_sessions": "2", "local_sessions": "0",
		"connection_drop_probability": "0.0", "auth_failed_count": "4",
		"outstanding_tls_handshake": "0", "non_mtls_local_conn_count": "0",
		"non_mtls_remote_conn_count": "0", "connection_rejected": "3",
		"connection_drop_count": "2", "sessionless_connections_expired": "1",
		"connection_request_count": "2", "uptime": "1000", "cnt_updatelatency": "6",
		"cnt_readlatency": "3", "min_client_response_size": "16", "watch_bytes": "0",
	} {
		require.Equal(t, want, values[key], key)
	}
	for _, key := range []string{
		"open_file_descriptor_count", "max_file_descriptor_count", "approximate_data_size",
		"last_client_response_size", "max_client_response_size", "bytes_received_count",
		"response_bytes", "avg_fsynctime", "sum_snapshottime", "max_dbinittime", "commit_count",
		"large_requests_rejected", "throttled_ops", "stale_requests_dropped",
		"digest_mismatches_count", "unrecoverable_error_count", "p99_readlatency",
		"response_packet_cache_hits", "sum_node_changed_watch_count", "cnt_election_time",
	} {
		require.Contains(t, values, key)
		require.NotEqual(t, "-1", values[key], key)
	}
	w.word("srst")
	text = w.word("mntr")
	require.Contains(t, text, "zk_connection_rejected\t0\n")
	require.Contains(t, text, "zk_bytes_received_count\t4\n")
	require.Contains(t, text, "zk_max_client_response_size\t-1\n")
	require.Contains(t, text, "zk_cnt_updatelatency\t0\n")
}

// TestTally: srst resets the sizes of responses at once, also in lanes that have nothing to do. A
// session that is refused or renewed counts no latency.
func TestTally(t *testing.T) {
	w, a, _ := populated(t)
	require.EqualValues(t, 16, w.shared.Tally().Response.Min)
	w.shared.ResetTally()
	require.EqualValues(t, -1, w.shared.Tally().Response.Max)
	latencies := func() []string {
		return regexp.MustCompile(`zk_cnt_\w+latency\t\d+\n`).FindAllString(w.word("mntr"), -1)
	}
	before := latencies()
	w.dial("9.9.9.9:9").feed(frame(&jute.ConnectRequest{
		SessionID: 12345, TimeOut: 4000, Passwd: make([]byte, 16),
	}))
	id := a.stream.Stats().Session
	password := session.Password(id)
	again := w.dial("9.9.9.9:10")
	again.feed(frame(&jute.ConnectRequest{
		SessionID: id, TimeOut: 4000, Passwd: password[:],
	}))
	require.Equal(t, before, latencies())
	st := again.stream.Stats()
	require.Equal(t, id, st.Session)
	require.EqualValues(t, 1, st.Sent)
	require.Equal(t, "NA", st.LastOp)
}

func TestWhitelist(t *testing.T) {
	refused := " is not executed because it is not in the whitelist.\n"
	w := newWorld(t)
	for _, word := range []string{
		"conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro", "mntr", "ruok",
		"srst", "stat", "stmk", "wchc", "wchp", "wchs",
	} {
		require.Equal(t, word+refused, w.word(word))
	}
	require.Equal(t, "telnet close"+refused, w.word("\xff\xf4\xff\xfd"))
	require.Contains(t, w.word("srvr"), "Mode: standalone")

	w = newWorld(t, "4lw.commands.whitelist=ruok, isro")
	require.Equal(t, "imok", w.word("ruok"))
	require.Equal(t, "rw", w.word("isro"))
	require.Contains(t, w.word("srvr"), "Mode: standalone")
	require.Equal(t, "stat"+refused, w.word("stat"))

	w = newWorld(t, "readonlymode.enabled=true")
	require.Equal(t, "rw", w.word("isro"))
}

func TestReadOnly(t *testing.T) {
	w := newWorld(t, everything)
	w.connect("10.0.0.1:1", 4000)
	w.serving.Store(lane.ReadOnly)
	c := w.dial("10.0.0.1:2")
	c.feed(frame(&jute.ConnectRequest{
		TimeOut: 4000, Passwd: make([]byte, 16), HasReadOnly: true, ReadOnly: true,
	}))
	require.Equal(t, "ro", w.word("isro"))
	require.Contains(t, w.word("srvr"), "\nMode: read-only\n")
	mntr := w.word("mntr")
	require.Contains(t, mntr, "zk_server_state\tread-only\n")
	require.Contains(t, mntr, "zk_global_sessions\t1\n")
	require.Contains(t, mntr, "zk_local_sessions\t1\n")
}

func TestNotServing(t *testing.T) {
	w := newWorld(t, everything)
	w.serving.Store(lane.NoService)
	closed := "This ZooKeeper instance is not currently serving requests"
	for _, word := range []string{
		"conf", "cons", "crst", "dirs", "dump", "mntr", "srst", "srvr", "stat", "wchc", "wchp",
		"wchs",
	} {
		require.Equal(t, closed+"\n", w.word(word))
	}
	require.Equal(t, closed, w.word("hash"))
	require.Equal(t, "null", w.word("isro"))
	require.Equal(t, "imok", w.word("ruok"))
	require.Equal(t, "306", w.word("gtmk"))
	require.Contains(t, w.word("envi"), "Environment:\n")
}

// TestALongAnswerEndsAtALine: a dump has a largest size.
func TestALongAnswerEndsAtALine(t *testing.T) {
	w, a, _ := populated(t)
	for i := range 200 {
		a.get(fmt.Sprintf("/n%d", i), false)
		a.ask(jute.OpExists, &jute.PathWatch{Path: fmt.Appendf(nil, "/n%d", i), Watch: true})
		w.connect(fmt.Sprintf("9.9.9.9:%d", i+1), 10_000).create(
			fmt.Sprintf("/x%d", i), jute.ModeEphemeral)
	}
	for _, word := range []string{"cons", "stat", "dump", "wchp", "wchc"} {
		w.commands.MaxAnswerBytes = 1 << 30
		whole := w.word(word)
		w.commands.MaxAnswerBytes = 500
		cut := w.word(word)
		require.Less(t, len(cut), 6000, word)
		require.Less(t, len(cut), len(whole), word)
		require.True(t, strings.HasSuffix(cut, "\n"))
	}
}

// FuzzWord: the first bytes of a connection are a word or are not, and Word uses no byte behind the
// word.
func FuzzWord(f *testing.F) {
	for _, seed := range []string{
		"ruok", "mntr\n", "stmk", "stmk12345678", "stmk1234567", "\xff\xf4\xff\xfd", "", "ruo",
		"\x00\x00\x00\x2d", "srvr\x00", "WCHS",
	} {
		f.Add([]byte(seed))
	}
	w, _, _ := populated(f)
	known := map[string]bool{"\xff\xf4\xff\xfd": true}
	for _, word := range strings.Fields("conf cons crst dirs dump envi gtmk hash isro mntr ruok " +
		"srst srvr stat stmk wchc wchp wchs") {
		known[word] = true
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		answer, used, isWord := w.commands.Word(in)
		want := len(in) >= 4 && known[string(in[:4])]
		require.Equal(t, want, isWord)
		switch {
		case !isWord:
			require.Zero(t, used)
			require.Empty(t, answer)
		case string(in[:4]) == "stmk" && len(in) < 12:
			require.Zero(t, used)
		case string(in[:4]) == "stmk":
			require.Equal(t, 12, used)
		default:
			require.Equal(t, 4, used)
		}
	})
}

// TestDumpKnowsWhoWasHeard: the deadline of a session is its timeout after its client was last
// heard. The core looks at the session only when it could expire, but dump knows the right
// deadline.
func TestDumpKnowsWhoWasHeard(t *testing.T) {
	w := newWorld(t, everything)
	a := w.connect("1.2.3.4:4001", 10_000)
	end := func(millis int64) string {
		at := time.UnixMilli(1_700_000_000_000 + millis)
		return "Session Sets (1)/(1):\n1 expire at " + at.Format("Mon Jan 02 15:04:05 MST 2006") + ":"
	}
	require.Contains(t, w.word("dump"), end(11_000))
	w.later(6_000)
	a.ask(jute.OpPing, nil)
	require.Contains(t, w.word("dump"), end(17_000))
}

// Many ephemerals of a session, and many watches, are listed in pieces, and only up to the largest
// size of an answer.
func TestLongListsAreListedInPiecesUpToTheEnd(t *testing.T) {
	const many = 3000
	w, a, _ := populated(t)
	for i := range many {
		a.create(fmt.Sprintf("/many%04d", i), jute.ModeEphemeral)
		a.get(fmt.Sprintf("/many%04d", i), true)
	}
	dump, wchp, wchc := w.word("dump"), w.word("wchp"), w.word("wchc")
	for i := range many {
		path := fmt.Sprintf("/many%04d\n", i)
		for word, answer := range map[string]string{"dump": dump, "wchp": wchp, "wchc": wchc} {
			require.Equal(t, 1, strings.Count(answer, path), "%s %s", word, path)
		}
	}
	require.Less(t, strings.Index(dump, "/many0007"), strings.Index(dump, "/many2500"), "in order")
	const limit = 2000
	f := w.commands.DumpFacts(limit)
	require.Equal(t, 2, f.Owners)
	require.LessOrEqual(t, len(f.Ephemerals[0].Paths), 1024, "one piece reaches beyond the limit")
	watches := w.commands.WatchFacts(limit)
	require.True(t, watches.Cut)
	require.LessOrEqual(t, len(watches.Watches), 1024)
	require.False(t, w.commands.WatchFacts(1<<20).Cut)
}
