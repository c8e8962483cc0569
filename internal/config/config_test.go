package config

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"quoll/processor/auth"
)

// loadText loads a zoo.cfg given as text, on a disk that holds the other files.
func loadText(text string, files map[string]string, defines ...string) (*Config, error) {
	read := func(name string) ([]byte, error) {
		if name == "zoo.cfg" {
			return []byte(text), nil
		}
		if content, ok := files[name]; ok {
			return []byte(content), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return load(read, "zoo.cfg", defines)
}

const minimal = "dataDir=/d\nclientPort=2181\n"

func mustLoad(t *testing.T, text string, defines ...string) *Config {
	t.Helper()
	c, err := loadText(minimal+text, nil, defines...)
	noError(t, err)
	return c
}

// warnings returns the texts of a configuration's warnings, one a line.
func warnings(c *Config) string {
	var b strings.Builder
	for _, w := range c.Warnings {
		b.WriteString(w.String() + "\n")
	}
	return b.String()
}

func TestDefaultsAreThoseOfZooKeeper(t *testing.T) {
	c := mustLoad(t, "")
	isEmpty(t, c.Warnings)
	equal(t, Storage{
		DataDir: "/d", DataLogDir: "/d", AutoCreateDirs: true, AutoCreateDB: true,
		SnapCount: 100000, SnapSizeLimitBytes: 4 << 30, LogSizeLimitBytes: -1024,
		PreAllocBytes: 64 << 20, ForceSync: true, FsyncWarning: time.Second,
		MaxBatchSize: 1000, LastZxidInSnapshot: true, Watermark: Lag,
		Lock: "auto", LockWait: 10 * time.Second,
		Purge: Purge{SnapRetainCount: 3},
	}, c.Storage)
	equal(t, 3*time.Second, c.Sessions.TickTime)
	equal(t, 6*time.Second, c.Sessions.MinTimeout)
	equal(t, time.Minute, c.Sessions.MaxTimeout)
	equal(t, Listener{Set: true, Port: 2181}, c.Network.Client)
	equal(t, 60, c.Network.MaxPerAddress)
	equal(t, 0xfffff, c.Network.MaxBufferBytes)
	equal(t, 10*time.Second, c.Network.SessionlessTimeout)
	equal(t, 1000, c.Throttle.GlobalOutstanding)
	isTrue(t, c.Throttle.DropStale && c.Throttle.StaleConnectionCheck)
	equal(t, int64(100<<20), c.Throttle.LargeMaxBytes)
	equal(t, Auth{DigestEnabled: true, DigestAlgorithm: "SHA1"}, c.Auth)
	isTrue(t, c.Features.TreeDigest && c.Features.CloseSessionTxn)
	equal(t, Containers{time.Minute, 10000, 0}, c.Features.Containers)
	isTrue(t, c.Observability.Allows("srvr"))
	isFalse(t, c.Observability.Allows("mntr"))
}

func TestWithoutAFile(t *testing.T) {
	none := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	c, err := load(none, "", []string{"clientPort=2182"})
	noError(t, err)
	equal(t, "./quoll-data", c.Storage.DataDir)
	equal(t, 2182, c.Network.Client.Port)
	isEmpty(t, c.Warnings)
}

func TestTheLinesThatEverybodyHas(t *testing.T) {
	c := mustLoad(t, "tickTime=2000\ninitLimit=10\nsyncLimit=5\n#maxClientCnxns=60\n"+
		"autopurge.snapRetainCount=5\nautopurge.purgeInterval=1\nadmin.enableServer=false\n"+
		"4lw.commands.whitelist= srvr, mntr ,ruok\nmaxClientCnxns=0\nstandaloneEnabled=true\n")
	isEmpty(t, c.Warnings)
	equal(t, 2*time.Second, c.Sessions.TickTime)
	equal(t, 4*time.Second, c.Sessions.MinTimeout)
	equal(t, Purge{5, time.Hour}, c.Storage.Purge)
	isTrue(t, c.Observability.Allows("mntr"))
	isTrue(t, c.Observability.Allows("ruok"))
	isFalse(t, c.Observability.Allows("cons"))
	equal(t, 10, c.Quorum.InitLimitTicks)
}

// Each row has a value that is easy to read wrongly, and what Apache reads.
func TestValuesAreReadAsApacheReadsThem(t *testing.T) {
	for _, trap := range []struct {
		text  string
		check func(*Config) bool
		warns string // part of the one warning; "" is none
	}{
		{"snapCount=1", func(c *Config) bool { return c.Storage.SnapCount == 2 }, "too small"},
		{"snapCount=010", func(c *Config) bool { return c.Storage.SnapCount == 8 }, ""},
		{"snapCount=0x10", func(c *Config) bool { return c.Storage.SnapCount == 16 }, ""},
		{"snapCount=#10", func(c *Config) bool { return c.Storage.SnapCount == 16 }, ""},
		{"snapCount=08", func(c *Config) bool { return c.Storage.SnapCount == 100000 },
			"not a number"},
		{"snapCount=1k", func(c *Config) bool { return c.Storage.SnapCount == 100000 },
			"not a number"},
		{"snapCount=9999999999", func(c *Config) bool { return c.Storage.SnapCount == 100000 },
			"not a number"},
		{"snapCount=5\nsnapCount=6", func(c *Config) bool { return c.Storage.SnapCount == 6 },
			"zoo.cfg:3: snapCount: stands in zoo.cfg:4 again, and the last one holds"},
		{"snapCount=5\nsnapCount=5", func(c *Config) bool { return c.Storage.SnapCount == 5 }, ""},
		{"snapCount = 7 \t", func(c *Config) bool { return c.Storage.SnapCount == 7 }, ""},
		{"snapCount:7", func(c *Config) bool { return c.Storage.SnapCount == 7 }, ""},
		{"snapCount 7", func(c *Config) bool { return c.Storage.SnapCount == 7 }, ""},
		{"snapCou\\\n   nt=7", func(c *Config) bool { return c.Storage.SnapCount == 7 }, ""},
		{"\\u0073napCount=7", func(c *Config) bool { return c.Storage.SnapCount == 7 }, ""},
		{"autopurge.snapRetainCount=1",
			func(c *Config) bool { return c.Storage.Purge.SnapRetainCount == 3 }, "too small"},
		{"snapshot.trust.empty=yes",
			func(c *Config) bool { return !c.Storage.Trust.EmptySnapshot }, "counts as false"},
		{"snapshot.trust.empty=TRUE",
			func(c *Config) bool { return c.Storage.Trust.EmptySnapshot }, ""},
		{"digest.enabled=off", func(c *Config) bool { return !c.Features.TreeDigest },
			"counts as false"},
		{"forceSync=no", func(c *Config) bool { return !c.Storage.ForceSync }, "power failure"},
		{"forceSync=false", func(c *Config) bool { return c.Storage.ForceSync },
			"counts as true"},
		{"forceSync=No", func(c *Config) bool { return c.Storage.ForceSync }, "counts as true"},
		{"skipACL=yes", func(c *Config) bool { return c.Auth.SkipACL }, "everybody"},
		{"skipACL=true", func(c *Config) bool { return !c.Auth.SkipACL }, "counts as false"},
		{"flushDelay=30", func(c *Config) bool {
			return c.Storage.FlushDelay == 30*time.Millisecond &&
				c.Storage.MaxQueuePoll == 10*time.Millisecond
		}, ""},
		{"maxWriteQueuePollTime=7", func(c *Config) bool {
			return c.Storage.MaxQueuePoll == 7*time.Millisecond
		}, ""},
		{"cnxTimeout=700\nquorumCnxnTimeoutMs=800\ntcpKeepAlive=true\n" +
			"fastleader.minNotificationInterval=50\nfastleader.maxNotificationInterval=0x100\n" +
			"leaderConnectDelayDuringRetryMs=20\nelectionPortBindRetry=7",
			func(c *Config) bool {
				return c.Quorum.Election == Election{ConnectTimeout: 700 * time.Millisecond,
					HelloTimeout: 800 * time.Millisecond, TCPKeepAlive: true,
					MinInterval: 50 * time.Millisecond, MaxInterval: 256 * time.Millisecond,
					RedialDelay: 20 * time.Millisecond, BindRetries: 7}
			}, ""},
		{"snapshot.compression.method=GZ",
			func(c *Config) bool { return c.Storage.SnapshotCompression == Gzip }, ""},
		{"snapshot.compression.method=snappy",
			func(c *Config) bool { return c.Storage.SnapshotCompression == Plain }, "not yet"},
		{"snapshot.compression.method=zip",
			func(c *Config) bool { return c.Storage.SnapshotCompression == Plain }, "no method"},
		{"largeRequestMaxBytes=0",
			func(c *Config) bool { return c.Throttle.LargeMaxBytes == 100<<20 }, "positive"},
		{"jute.maxbuffer.extrasize=2000",
			func(c *Config) bool { return c.Network.MaxExtraBytes == 2000 }, ""},
		{"jute.maxbuffer.extrasize=10",
			func(c *Config) bool { return c.Network.MaxExtraBytes == 1024 }, "too small"},
		{"tickTime=1", func(c *Config) bool { return c.Network.MaxExtraBytes == 0xfffff }, ""},
		{"commitLogCount=600\nsnapshotSizeFactor=0.5\nforceSnapshotSync=true",
			func(c *Config) bool {
				q := &c.Quorum.Sync
				return q.CommitLogCount == 600 && q.SnapshotSizeFactor == 0.5 && q.ForceSnapshot
			}, ""},
		{"commitLogCount=499",
			func(c *Config) bool { return c.Quorum.Sync.CommitLogCount == 500 }, "too small"},
		{"snapshotSizeFactor=1.5",
			func(c *Config) bool { return c.Quorum.Sync.SnapshotSizeFactor == 0.33 }, "at most 1"},
		{"snapshotSizeFactor=x",
			func(c *Config) bool { return c.Quorum.Sync.SnapshotSizeFactor == 0.33 }, "at most 1"},
		{"snapshotSizeFactor=-1",
			func(c *Config) bool { return c.Quorum.Sync.SnapshotSizeFactor == -1 }, ""},
		{"request_throttle_stall_time=10", func(*Config) bool { return true }, "intervals"},
		{"request_throttler.shutdownTimeout=10", func(*Config) bool { return true }, "3 s"},
		{"allowSaslFailedClients=true", func(*Config) bool { return true }, "SASL"},
		{"clientPort=0", func(c *Config) bool {
			return c.Network.Client == Listener{Set: true}
		}, "clientPort: stands in zoo.cfg:3 again"},
		{"clientPortAddress=::1", func(c *Config) bool {
			return c.Network.Client == Listener{true, "::1", 2181}
		}, ""},
		{"minSessionTimeout=100\nmaxSessionTimeout=200", func(c *Config) bool {
			return c.Sessions.MinTimeout == 100*time.Millisecond &&
				c.Sessions.MaxTimeout == 200*time.Millisecond
		}, ""},
		{"enforce.auth.enabled=true\nenforce.auth.schemes=digest, ip", func(c *Config) bool {
			return c.Auth.Enforce && len(c.Auth.EnforceSchemes) == 2
		}, ""},
		{"DigestAuthenticationProvider.digestAlg=SHA-256",
			func(c *Config) bool { return c.Auth.DigestAlgorithm == "SHA-256" }, ""},
		{"4lw.commands.whitelist=*", func(c *Config) bool { return c.Observability.Allows("wchc") },
			""},
		{"quoll.transport=std\nquoll.watermark=strict", func(c *Config) bool {
			return c.Network.Transport == Std && c.Storage.Watermark == Strict
		}, ""},
		{"quoll.trustMissingLog=true", func(c *Config) bool {
			return c.Storage.Trust.MissingLog
		}, ""},
		{"quoll.lock=required\nquoll.lockWaitMillis=0", func(c *Config) bool {
			return c.Storage.Lock == "required" && c.Storage.LockWait == 0
		}, ""},
		{"dataLogDir=logs", func(c *Config) bool { return c.Storage.DataLogDir == "logs" },
			"relative"},
		{"dataLogDir=", func(c *Config) bool { return c.Storage.DataLogDir == c.Storage.DataDir },
			"is empty: the logs are in dataDir"},
		{"authProvider.x=org.example.Mine", nil, `"org.example.Mine" cannot be loaded`},
		{"authProvider.1=", nil, "cannot be loaded"},
		{"authProvider.1=DigestAuthenticationProvider", nil, "cannot be loaded"},
		{"authProvider.1=org.apache.zookeeper.server.auth.KeyAuthenticationProvider", nil,
			"cannot be loaded"},
		{"DigestAuthenticationProvider.enabled=false\n" +
			"authProvider.1=org.apache.zookeeper.server.auth.DigestAuthenticationProvider",
			func(c *Config) bool { return c.Auth.DigestEnabled }, ""},
		{"maxResponseCacheSize=0", nil, "no cache"},
		{"maxResponseCacheSize=400", nil, ""},
		{"admin.enableServer=true", nil, "no AdminServer"},
		{"jute.maxbuffer=99", func(c *Config) bool { return c.Network.MaxBufferBytes == 0xfffff },
			"give it as -D jute.maxbuffer="},
		{"readonlymode.enabled=true", func(c *Config) bool { return !c.Features.ReadOnlyMode },
			"give it as -D"},
		{"zookeeper.snapCount=5", func(c *Config) bool { return c.Storage.SnapCount == 100000 },
			"without the prefix"},
		{"snapCuont=5", nil, "did you mean snapCount?"},
		{"ticktime=5", nil, "did you mean tickTime?"},
		{"autopurge.purgeIntervall=5", nil, "did you mean autopurge.purgeInterval?"},
		{"something.else=5", nil, "no such setting"},
		{"superUser.a=x", nil, "SASL"},
		{"ssl.quorum.keyStore.password=x", nil, "TLS"},
		{"metricsProvider.httpPort=7000", nil, "mntr"},
	} {
		t.Run(trap.text, func(t *testing.T) {
			c := mustLoad(t, trap.text)
			if trap.check != nil && !trap.check(c) {
				t.Errorf("%+v", c)
			}
			if got := warnings(c); trap.warns == "" && got != "" ||
				trap.warns != "" && (len(c.Warnings) != 1 || !strings.Contains(got, trap.warns)) {
				t.Errorf("warnings %q, want %q", got, trap.warns)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	sasl := "authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
	for text, want := range map[string]string{
		"tickTime=0":            "tickTime must be positive",
		"tickTime=fast":         `zoo.cfg:3: tickTime: "fast" is not a number`,
		"tickTime=0x10":         "not a number",
		"tickTime=":             "not a number",
		"clientPort=70000":      "not a port",
		"dataDir=":              "dataDir is not set",
		"dataDir=\\u00g0":       "malformed",
		"minSessionTimeout=900": "", // below the maximum, so it is valid
		"minSessionTimeout=900\nmaxSessionTimeout=800": "larger than",
		"localSessionsEnabled=yes":                     "neither true nor false",
		"reconfigEnabled=TRUE":                         "",
		"peerType=leader":                              "peerType",
		"electionAlg=2":                                "electionAlg",
		"electionAlg=3":                                "",
		"secureClientPort=2281":                        "TLS",
		"client.portUnification=true":                  "TLS",
		"client.portUnification=false":                 "",
		"sessionRequireClientSASLAuth=true":            "SASL",
		sasl:                                           "SASL",
		"authProvider.1=org.apache.zookeeper.server.auth.X509AuthenticationProvider": "TLS",
		"authProvider.1=org.example.Mine\n" +
			"enforce.auth.enabled=true\nenforce.auth.schemes=mine": "no scheme mine",
		"enforce.auth.enabled=true":                            "enforce.auth.schemes must be set",
		"enforce.auth.enabled=true\nenforce.auth.schemes=sasl": "no scheme sasl",
		"enforce.auth.schemes=sasl":                            "",
		"DigestAuthenticationProvider.digestAlg=ROT13":         "ROT13",
		"quoll.transport=quic":                                 "quoll.transport",
		"quoll.outputBytes=0":                                  "must be positive",
		"quoll.eventLoops=-1":                                  "-1 is not in 0 to 1024",
		"quoll.eventLoops=100000":                              "100000 is not in 0 to 1024",
		"clientPortAddress=127.0.0.1:2181":                     "the port belongs into clientPort",
		"clientPortAddress=[::1]:2181":                         "is not an address",
		"clientPortAddress=host:":                              "is not an address",
		"clientPortAddress=[::1":                               "is not an address",
		"clientPortAddress=[host]":                             "is not an address",
		"clientPortAddress=::1":                                "",
		"clientPortAddress=[::1]":                              "",
		"clientPortAddress=fe80::1%eth0":                       "",
		"quoll.lock=maybe":                                     `"maybe" is none of auto`,
		"quoll.lockWaitMillis=-1":                              "must not be negative",
		"standaloneEnabled=false":                              "server line",
		"server.1=a:1:2":                                       "",
		"server.1=a:1:2\nserver.2=b:1:2":                       "myid is missing",
		"server.1=a:1:2\nstandaloneEnabled=false":              "myid is missing",
		"server.1=a:1:2\nserver.2=b:1:2:observer":              "observer",
		"server.1=a:1:2:observer":                              "observer",
		"server.1=a:1":                                         "host:port:port",
		"server.1=a:1:1":                                       "both quorum and election",
		"server.1=a:1:2:king":                                  "no role king",
		"server.1=[::1:1:2":                                    "bracket",
		"server.1=a:1:99999":                                   "not a port",
		"server.one=a:1:2":                                     "number of the server",
		"server.1=a:1:2;b:c:3":                                 "neither a port",
		"server.1=a:1:2;3;4":                                   "more than one address",
		"server.1=;3":                                          "host:port:port",
		"server.1=;":                                           "host:port:port",
		"dynamicConfigFile=/gone":                              "dynamicConfigFile",
		"dynamicConfigFile=/gone\nserver.1=a:1:2":              "belongs into",
		"quorum.auth.enableSasl=maybe":                         "neither true nor false",
		"authProvider.1=org.apache.zookeeper.server.auth.IPAuthenticationProvider":                           "",
		"enforce.auth.enabled=true\nenforce.auth.schemes=digest\nDigestAuthenticationProvider.enabled=false": "no scheme digest",
	} {
		_, err := loadText(minimal+text, nil)
		if want == "" {
			noError(t, err, text)
			continue
		}
		errorIs(t, err, ErrInvalid, text)
		errorContains(t, err, want, text)
	}
}

func TestAllProblemsAreInOneError(t *testing.T) {
	_, err := loadText("tickTime=x\nlocalSessionsEnabled=y\nclientPortAddress=h\n", nil)
	for _, part := range []string{"tickTime", "localSessionsEnabled", "dataDir is not set",
		"clientPortAddress is set"} {
		errorContains(t, err, part)
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "zoo.cfg"), nil)
	errorIs(t, err, ErrInvalid)
	errorIs(t, err, fs.ErrNotExist)
}

func TestLayers(t *testing.T) {
	c := mustLoad(t, "", "zookeeper.snapCount=5", "jute.maxbuffer=0x1000",
		"readonlymode.enabled=true", "znode.container.checkIntervalMs=100",
		"zookeeper.extendedTypesEnabled=true")
	isEmpty(t, c.Warnings)
	equal(t, 5, c.Storage.SnapCount)
	equal(t, 4096, c.Network.MaxBufferBytes)
	isTrue(t, c.Features.ReadOnlyMode && c.Features.ExtendedTypes)
	equal(t, 100*time.Millisecond, c.Features.Containers.CheckInterval)

	c = mustLoad(t, "snapCount=7", "zookeeper.snapCount=5")
	equal(t, 7, c.Storage.SnapCount, "a line wins over a system property")
	contains(t, warnings(c), "zoo.cfg:3 wins")

	c = mustLoad(t, "snapCount=7\ntickTime=1", "snapCount=5", "tickTime=2", "quoll.transport=std")
	isEmpty(t, c.Warnings)
	equal(t, 5, c.Storage.SnapCount, "-D with a key of zoo.cfg is a last line")
	equal(t, 2*time.Millisecond, c.Sessions.TickTime)
	equal(t, Std, c.Network.Transport)

	c = mustLoad(t, "", "fsync.warningthresholdms=5")
	equal(t, 5*time.Millisecond, c.Storage.FsyncWarning)
	for _, order := range [][]string{
		{"fsync.warningthresholdms=5", "zookeeper.fsync.warningthresholdms=6"},
		{"zookeeper.fsync.warningthresholdms=6", "fsync.warningthresholdms=5"},
	} {
		c = mustLoad(t, "", order...)
		equal(t, 6*time.Millisecond, c.Storage.FsyncWarning)
	}

	for define, want := range map[string]string{
		"zookeeper.tickTime=5":         "write -D tickTime=",
		"zookeeper.jute.maxbuffer=5":   "write -D jute.maxbuffer=",
		"zookeeper.snapCuont=5":        "did you mean snapCount?",
		"snapCuont=5":                  "did you mean snapCount?",
		"com.sun.management.port=5":    "no such setting",
		"zookeeper.what.ever.it.was=1": "no such setting",
	} {
		contains(t, warnings(mustLoad(t, "", define)), want)
	}
}

func TestMembers(t *testing.T) {
	const line = "dataDir=/d\nserver.1=localhost:2888:3888;2181\n"
	c, err := loadText(line, map[string]string{"/d/myid": "1\n"})
	noError(t, err, "what the official image writes for one server")
	equal(t, Listener{true, "0.0.0.0", 2181}, c.Network.Client)
	equal(t, int64(1), c.Quorum.ServerID)
	equal(t, "server.1=localhost:2888:3888:participant;0.0.0.0:2181\nversion=0",
		c.Quorum.Members.String())

	c, err = loadText(line, nil)
	noError(t, err)
	contains(t, warnings(c), "no client can connect", "without myid the line is nobody's")

	_, err = loadText(line, map[string]string{"/d/myid": "1 \n"})
	errorContains(t, err, "myid")
	_, err = loadText(line+"clientPort=2182\n", map[string]string{"/d/myid": "1"})
	errorContains(t, err, "2182")
	_, err = loadText(line+"clientPort=2181\n", map[string]string{"/d/myid": "1"})
	noError(t, err)
	_, err = loadText(line+"clientPort=2181\nclientPortAddress=10.0.0.1\n",
		map[string]string{"/d/myid": "1"})
	errorContains(t, err, "10.0.0.1")

	const two = minimal + "server.2=[::1]:1:2|[fe80::1]:3:4;[::]:2181\n"
	_, err = loadText(two, nil)
	errorContains(t, err, "multiAddress.enabled")
	for _, how := range []string{"multiAddress.enabled=true", "zookeeper.multiAddress.enabled=TRUE"} {
		c, err = loadText(two, map[string]string{"/d/myid": "2"}, how)
		noError(t, err)
		equal(t, "server.2=[0:0:0:0:0:0:0:1]:1:2|[fe80:0:0:0:0:0:0:1]:3:4:participant;"+
			"[0:0:0:0:0:0:0:0]:2181\nversion=0", c.Quorum.Members.String())
		equal(t, Listener{true, "::", 2181}, c.Network.Client)
	}
	_, err = loadText("dataDir=/d\nclientPort=7\nclientPortAddress=0::1\n"+
		"server.2=h:1:2;[0::1]:7\n", map[string]string{"/d/myid": "2"})
	noError(t, err, "one address written in two ways")
}

// Java's split drops empty parts at the end, so a separator there means nothing.
func TestSeparatorsAtTheEnd(t *testing.T) {
	for _, line := range []string{
		"a:1:2;", "a:1:2;;", "a:1:2|;", "a:1:2:;", "a:1:2:", "a:1:2:::|;", "[::1]:1:2:;",
	} {
		c, err := loadText("dataDir=/d\nclientPort=7\nserver.1="+line+"\n",
			map[string]string{"/d/myid": "1\n"})
		noError(t, err, line)
		equal(t, Listener{Set: true, Port: 7}, c.Network.Client, line)
		m, _ := c.Quorum.Members.Member(1)
		isTrue(t, m.StaticClient, line)
		equal(t, "0.0.0.0:7", m.Client.String(), line)
	}
	c, err := loadText("dataDir=/d\nserver.1=a:1:2;3;\n", map[string]string{"/d/myid": "1\n"})
	noError(t, err)
	equal(t, Listener{true, "0.0.0.0", 3}, c.Network.Client)
}

func TestDynamicFile(t *testing.T) {
	files := map[string]string{"/dyn": "server.1=a:1:2\n"}
	c, err := loadText(minimal+"dynamicConfigFile=/dyn\n", files)
	noError(t, err)
	equal(t, 1, len(c.Quorum.Members.Members))
	files["/dyn"] = "server.1=a:1:2\nserver.2=a:1:2\nserver.3=a:1:2\n"
	_, err = loadText(minimal+"dynamicConfigFile=/dyn\n", files)
	errorContains(t, err, "myid is missing")
	files["/dyn"] = "tickTime=2000\n"
	_, err = loadText(minimal+"dynamicConfigFile=/dyn\n", files)
	errorContains(t, err, "only members")
	files["/dyn"] = "version=1\n"
	_, err = loadText(minimal+"dynamicConfigFile=/dyn\n", files)
	errorContains(t, err, "only members")
}

func TestSecretsStayHidden(t *testing.T) {
	const canary = "super:tweety+bird="
	c := mustLoad(t, "DigestAuthenticationProvider.superDigest="+canary+"\n"+
		"ssl.keyStore.password="+canary+"\nssl.trustStore.passwrd="+canary+"\n",
		"zookeeper.SASLAuthenticationProvider.superPassword="+canary, "unknown="+canary)
	equal(t, canary, c.Auth.SuperDigest.Reveal())
	var out strings.Builder
	noError(t, c.WriteCheck(&out, true))
	noError(t, c.WriteConf(&out, Live{}))
	text, err := json.Marshal(c)
	noError(t, err)
	fmt.Fprintf(&out, "%s %v %+v %#v %v %+v %#v %q", text, c, c, c, c.Auth, c.Auth, c.Auth,
		c.Auth.SuperDigest)
	fmt.Fprint(&out, warnings(c))
	containsNot(t, out.String(), "tweety")
	contains(t, out.String(), hidden)
}

func TestConfAnswersInApachesWords(t *testing.T) {
	c := mustLoad(t, "dataLogDir=/l/./x/\nmaxClientCnxns=7\n")
	var out strings.Builder
	noError(t, c.WriteConf(&out, Live{ClientPort: 2181, DataDirBytes: 10, LogDirBytes: 20}))
	equal(t, "clientPort=2181\nsecureClientPort=-1\ndataDir=/d/version-2\n"+
		"dataDirSize=10\ndataLogDir=/l/x/version-2\ndataLogSize=20\ntickTime=3000\n"+
		"maxClientCnxns=7\nminSessionTimeout=6000\nmaxSessionTimeout=60000\n"+
		"clientPortListenBacklog=-1\nserverId=0\n", out.String())
}

// A member of an ensemble tells more, with the members behind it and no end of the line.
func TestConfOfAMember(t *testing.T) {
	c, _ := loadMember("dataDir=/d\ntickTime=2000\ninitLimit=10\nsyncLimit=5\n"+
		"multiAddress.enabled=true\nserver.3=a:2888:3888|b:2889:3889;2181\n"+
		"server.4=c:2888:3888:observer;2181\nserver.5=d:2888:3888;2181\n", "3")
	var out strings.Builder
	noError(t, c.WriteConf(&out, Live{ClientPort: 2181}))
	contains(t, out.String(), "serverId=3\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\n"+
		"electionPort=3888|3889\nquorumPort=2888|2889\npeerType=0\nmembership: \nserver.")
	isTrue(t, strings.HasSuffix(out.String(), "\nversion=0"))
	c, _ = loadMember(trio+"server.4=d:2888:3888:observer;2181\npeerType=observer\n", "4")
	out.Reset()
	noError(t, c.WriteConf(&out, Live{}))
	contains(t, out.String(), "peerType=1\n")
}

func TestCheckShowsWhatHolds(t *testing.T) {
	c := mustLoad(t, "snapCount=1\nskipACL=yes\nmaxResponseCacheSize=7\n")
	var out strings.Builder
	noError(t, c.WriteCheck(&out, false))
	isTrue(t, regexp.MustCompile(`(?m)^snapCount +2 +zoo.cfg:3 +honoured$`).MatchString(out.String()), out.String())
	isTrue(t, regexp.MustCompile(`(?m)^skipACL +yes +zoo.cfg:4 +honoured$`).MatchString(out.String()), out.String())
	isTrue(t, regexp.MustCompile(`(?m)^maxResponseCacheSize +7 +zoo.cfg:5 +no effect: `).MatchString(out.String()), out.String())
	contains(t, out.String(), "warning: zoo.cfg:3: snapCount: 1 is too small")
	containsNot(t, out.String(), "tickTime")
	out.Reset()
	noError(t, c.WriteCheck(&out, true))
	isTrue(t, regexp.MustCompile(`(?m)^tickTime +3000 +default +honoured`).MatchString(out.String()), out.String())
}

// With an algorithm that is accepted but not computed nobody could authenticate.
func TestEveryDigestAlgorithmIsThere(t *testing.T) {
	for _, alg := range digestAlgorithms {
		c := mustLoad(t, "", "zookeeper.DigestAuthenticationProvider.digestAlg="+strings.ToLower(alg))
		equal(t, alg, c.Auth.DigestAlgorithm)
		notEmpty(t, auth.Digest(c.Auth.DigestAlgorithm, []byte("bob:secret")), alg)
	}
}
