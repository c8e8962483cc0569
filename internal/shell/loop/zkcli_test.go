package loop

import (
	"bufio"
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/verbs"
	"quoll/zktest"
)

// screen has all that a shell prints, events too.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// Above takes an event.
func (s *screen) Above(text string) { _, _ = s.Write([]byte(text)) }

// ReadLine is not used: the lines come from a table.
func (*screen) ReadLine(string) (string, error) { return "", os.ErrClosed }

// take returns what was printed, and forgets it.
func (s *screen) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

// zkShell is a shell that behaves as zkCli.sh.
func zkShell(t *testing.T, servers string) (*Shell, *screen) {
	t.Helper()
	set := settings.Default()
	set.Servers, set.Output = servers, "zkcli"
	out := &screen{}
	s := New(Options{
		Table: verbs.Table(), Settings: set, ZkCLI: true, Version: "test",
		Host: &verb.Host{
			Stdin: strings.NewReader(""), Stdout: out, Stderr: out,
			Getenv: func(string) string { return "" },
		},
	})
	s.editor = out
	t.Cleanup(s.session.Close)
	return s, out
}

// printed runs a line and waits until a pattern was printed; "" is nothing that has to be.
func printed(t *testing.T, s *Shell, out *screen, line, pattern string) {
	t.Helper()
	s.typedLine(t.Context(), line)
	awaited(t, out, line, pattern)
}

func awaited(t *testing.T, out *screen, line, pattern string) {
	t.Helper()
	want := regexp.MustCompile("(?m)" + pattern)
	got := out.take()
	for end := time.Now().Add(10 * time.Second); !want.MatchString(got); got += out.take() {
		if time.Now().After(end) {
			t.Errorf("%s: printed\n%s\nwithout %s", line, got, pattern)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Every example of Apache's zookeeperCLI.md, with what it shows there. Lines without a pattern make
// what an example takes for granted.
func TestExamplesOfApachesManual(t *testing.T) {
	zk := zktest.Start(t)
	s, out := zkShell(t, zk.Servers())
	conf := t.TempDir() + "/myNewConfig.txt"
	text := "server.1=localhost:2780:2785:participant;0.0.0.0:2181\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const denied = `^KeeperErrorCode = Reconfig is disabled`
	for _, example := range []struct{ line, prints string }{
		{"help", `addauth|auth SCHEME`}, {"h", `setAcl|acl set`},
		{"addauth digest user1:12345", ""},
		{"create /acl_digest_test x digest:user1:+owfoSBn/am19roBPzR1/MfCblE=:crwad",
			`^Created /acl_digest_test$`},
		{"getAcl /acl_digest_test", `^'digest,'user1:\+owfoSBn/am19roBPzR1/MfCblE=\n: cdrwa$`},
		{"close", ""},
		{"ls /", `^Not connected$`},
		{"connect", ""},
		{"getAcl /acl_digest_test", `^Insufficient permission : /acl_digest_test$`},
		{"addauth digest user1:12345", ""},
		{"getAcl /acl_digest_test", `^: cdrwa$`},
		{"addauth digest zookeeper:admin", ""},
		{"config", ""}, {"config -c", `^ $`},
		{`connect "` + zk.Servers() + `"`, ""},
		{"create /persistent_node", `^Created /persistent_node$`},
		{"create -e /ephemeral_node mydata", `^Created /ephemeral_node$`},
		{"create -s /persistent_sequential_node mydata", `^Created /persistent_sequential_node\d{10}$`},
		{"create -s -e /ephemeral_sequential_node mydata",
			`^Created /ephemeral_sequential_node\d{10}$`},
		{"create /zk-node-create-schema mydata digest:user1:+owfoSBn/am19roBPzR1/MfCblE=:crwad",
			`^Created /zk-node-create-schema$`},
		{"addauth digest user1:12345", ""},
		{"getAcl /zk-node-create-schema", `^: cdrwa$`},
		{"create -c /container_node mydata", `^Created /container_node$`},
		{"create -c /container_node/child_1 mydata", `^Created /container_node/child_1$`},
		{"create -c /container_node/child_2 mydata", `^Created /container_node/child_2$`},
		{"delete /container_node/child_1", ""}, {"delete /container_node/child_2", ""},
		{"create -t 3000 /ttl_node mydata", `^Created /ttl_node$`},
		{"create /config", ""}, {"create /config/topics", ""}, {"create /config/topics/test", ""},
		{"create /config/clients", ""},
		{"delete /config/topics/test", ""},
		{"ls /config/topics/test", `^Node does not exist: /config/topics/test$`},
		{"ls /config", `^\[clients, topics\]$`},
		{"deleteall /config", ""},
		{"ls /config", `^Node does not exist: /config$`},
		{"create /quota_test", ""},
		{"setquota -n 2 /quota_test", ""},
		{"create /quota_test/child_1", `^Created`}, {"create /quota_test/child_2", `^Created`},
		{"create /quota_test/child_3", `^Created`},
		{"listquota /quota_test", `^absolute path is /zookeeper/quota/quota_test/zookeeper_limits\n` +
			`Output quota for /quota_test count=2,bytes=-1=;byteHardLimit=-1;countHardLimit=-1\n` +
			`Output stat for /quota_test count=4,bytes=0$`},
		{"delquota /quota_test", ""},
		{"listquota /quota_test", `^quota for /quota_test does not exist.$`},
		{"create /brokers", ""}, {"create /brokers/ids", ""},
		{"setquota -b 5 /brokers", ""}, {`set /brokers "I_love_zookeeper"`, ""},
		{"create /block", ""},
		{`set /block {"version":1,"broker":0,"block_start":"0","block_end":"999"}`, ""},
		{"get /block", `^{"version":1,"broker":0,"block_start":"0","block_end":"999"}$`},
		{"get -s /block", `^cZxid = 0x[0-9a-f]+\nctime = \w{3} \w{3} \d\d .*\nmZxid = `},
		{"get -w /block", `^{"version"`},
		{"set /block mydata", `^WatchedEvent state:SyncConnected type:NodeDataChanged path:/block`},
		{"create /acl_test mydata ip:127.0.0.1:crwda", `^Created /acl_test$`},
		{"getAcl /acl_test", `^'ip,'127.0.0.1\n: cdrwa$`},
		{"getAcl /block", `^'world,'anyone\n: cdrwa$`},
		{"getAllChildrenNumber /", `^\d\d$`}, {"getAllChildrenNumber /zookeeper/quota", `^\d$`},
		{`create -e /test-get-ephemerals "ephemeral node"`, `^Created /test-get-ephemerals$`},
		{"getEphemerals", `^\[.*/test-get-ephemerals\]$`},
		{"getEphemerals /", `/test-get-ephemerals\]$`},
		{`create -e /test-get-ephemerals-1 "ephemeral node"`, `^Created`},
		{"getEphemerals /test-get-ephemerals",
			`^\[/test-get-ephemerals, /test-get-ephemerals-1\]$`},
		{"getEphemerals /test-get-ephemerals-1", `^\[/test-get-ephemerals-1\]$`},
		{"history", `\d+ - getEphemerals /\n(.*\n)*\d+ - history$`},
		{"ls /quota_test", `^\[child_1, child_2, child_3\]$`},
		{"redo 0", `acl set|setAcl`},
		{"ls -s /quota_test", `^\[child_1, child_2, child_3\]\ncZxid = `},
		{"ls -R /quota_test", `^/quota_test\n/quota_test/child_1\n/quota_test/child_2\n/quota_test/c`},
		{"ls -w /brokers", `^\[ids\]$`},
		{"delete /brokers/ids",
			`^WatchedEvent state:SyncConnected type:NodeChildrenChanged path:/brokers`},
		{"printwatches", `^printwatches is on$`}, {"printwatches off", ""},
		{"printwatches", `^printwatches is off$`}, {"printwatches on", ""},
		{"reconfig --add 2=localhost:2781:2786:observer;12182 " +
			"--add 5=localhost:2781:2786:observer;2185 -remove 4", denied},
		{"reconfig -members server.1=localhost:2780:2785:participant;0.0.0.0:2181", denied},
		{"reconfig -file " + conf + " -v 2100000010", denied},
		{"get -w /brokers", `^I_love_zookeeper$`},
		{"removewatches /brokers",
			`^WatchedEvent state:SyncConnected type:DataWatchRemoved path:/brokers`},
		{"set /brokers myNewData", ""},
		{"set -s /quota_test mydata_for_quota_test", `^dataLength = 21\nnumChildren = 3$`},
		{"create /cas", ""}, {"set -v 0 /cas myNewData", ""},
		{"set -v 0 /cas myNewData", `^version No is not valid : /cas$`},
		{"create /acl_auth_test", ""}, {"create /acl_auth_test/child_2", ""},
		{"setAcl /acl_auth_test auth:user1:12345:crwad", ""},
		{"getAcl /acl_auth_test", `^'digest,'user1:\+owfoSBn/am19roBPzR1/MfCblE=\n: cdrwa$`},
		{"getAcl /acl_auth_test/child_2", `^'world,'anyone\n: cdrwa$`},
		{"setAcl -R /acl_auth_test auth:user1:12345:crwad", ""},
		{"getAcl /acl_auth_test/child_2", `^'digest,'user1:`},
		{"stat /acl_auth_test", `^aclVersion = 2$`},
		{"setAcl -v 2 /acl_auth_test auth:user1:12345:crwad", ""},
		{"sync /", `^Sync is OK$`},
		{"version", `^ZooKeeper CLI version: `},
		{"addWatch -m PERSISTENT /cas", ""},
		{"set /cas x", `type:NodeDataChanged path:/cas`},
		{"removewatches /cas", `type:PersistentWatchRemoved path:/cas`},
		{"whoami", `^Auth scheme: User\n(.*\n)*digest: user1$`},
		{"nonsense", `^Command not found nonsense$`},
	} {
		printed(t, s, out, example.line, example.prints)
	}
	s.typedLine(t.Context(), "quit")
	if !s.quit {
		t.Error("quit does not leave")
	}
}

// The script that is run against Apache's zkCli.sh (interop/zkcli) shows the same here. Restarts of
// the server are left out.
func TestScriptOfZkCLI(t *testing.T) {
	s, out := zkShell(t, zktest.Start(t, zktest.WithSetting("enforceQuota=true")).Servers())
	f, err := os.Open("../../../interop/zkcli/script.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := s.session.Connect(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	line, chapter := "connect", ""
	scan := bufio.NewScanner(f)
	for n := 0; scan.Scan(); n++ {
		text := scan.Text()
		switch {
		case strings.HasPrefix(text, "= "):
			chapter = text
		case strings.Contains(chapter, "restart") || strings.Contains(chapter, "kill"):
		case strings.HasPrefix(text, "$ "):
			line = text[2:]
			s.typedLine(t.Context(), line)
		case strings.HasPrefix(text, "> "):
			awaitedPart(t, out, chapter+": "+line, text[2:])
		}
	}
}

// What a watch has heard is told before its removal, as zkCli.sh does it.
func TestRemovalOfAWatchComesBehindItsEvents(t *testing.T) {
	s, out := zkShell(t, zktest.Start(t).Servers())
	printed(t, s, out, "create /a", "^Created")
	for range 50 {
		s.typedLine(t.Context(), "addWatch -m PERSISTENT /a")
		s.typedLine(t.Context(), "set /a x")
		printed(t, s, out, "removewatches /a",
			`type:NodeDataChanged path:/a .*\n(.*\n)*WatchedEvent .*type:PersistentWatchRemoved`)
	}
}

// awaitedPart waits for a pattern, and leaves what was printed for the next one.
func awaitedPart(t *testing.T, out *screen, line, pattern string) {
	t.Helper()
	want := regexp.MustCompile("(?m)" + pattern)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		out.mu.Lock()
		at := want.FindIndex(out.text.Bytes())
		if at != nil {
			out.text.Next(at[1])
		}
		got := out.text.String()
		out.mu.Unlock()
		if at != nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: printed\n%s\nwithout %s", line, got, pattern)
		}
	}
}
