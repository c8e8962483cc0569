package config

import (
	"strings"
	"testing"
)

const trio = "dataDir=/d\ninitLimit=10\nsyncLimit=5\n" +
	"server.1=a:2888:3888;2181\nserver.2=b:2888:3888;2181\nserver.3=c:2888:3888;2181\n"

// loadMember loads a zoo.cfg on the server of a number.
func loadMember(text, myid string, defines ...string) (*Config, error) {
	return loadText(text, map[string]string{"/d/myid": myid}, defines...)
}

// The server can be a member of an ensemble, and config check says what the members come to.
func TestAnEnsembleIsKnown(t *testing.T) {
	c, err := loadMember(trio+"server.4=d:2888:3888:observer;2181\npeerType=observer\n", "4\n")
	noError(t, err)
	isTrue(t, c.Ensemble())
	equal(t, 4, len(c.Quorum.Members.Members))
	equal(t, 2181, c.Network.Client.Port)
	isEmpty(t, c.Warnings, warnings(c))
	var out strings.Builder
	noError(t, c.WriteCheck(&out, false))
	contains(t, out.String(), "ensemble: 3 vote, 2 of them decide; 1 observe; this one is 4 and "+
		"observes\n")
	contains(t, out.String(), "server.4")

	c, err = loadMember(trio+"group.1=1:2\ngroup.7=3\nweight.1=2\n", "1")
	noError(t, err)
	equal(t, int64(2), c.Quorum.Members.Weight(1))
	out.Reset()
	noError(t, c.WriteCheck(&out, false))
	contains(t, out.String(), "3 vote, in groups by weight, of 2 groups 2 decide; this one is 1 "+
		"and votes\n")

	c, err = loadMember("dataDir=/d\nclientPort=2181\nserver.1=a:1:2\n", "1")
	noError(t, err)
	isFalse(t, c.Ensemble())
	out.Reset()
	noError(t, c.WriteCheck(&out, false))
	containsNot(t, out.String(), "decide")
	c, err = loadMember("dataDir=/d\nclientPort=2181\nserver.1=a:1:2\nstandaloneEnabled=false\n"+
		"initLimit=1\nsyncLimit=1\n", "1")
	noError(t, err)
	isTrue(t, c.Ensemble())
}

// TestWeightsThatDecideNothing: groups without weight are not counted. Apache's server starts and
// looks for a leader for ever when no quorum is possible, and so does this one, but says so.
func TestWeightsThatDecideNothing(t *testing.T) {
	const six = trio + "server.4=d:1:2;3\nserver.5=e:1:2;3\nserver.6=f:1:2;3\n"
	for text, want := range map[string]string{
		trio + "group.1=1:2:3\nweight.1=0\nweight.2=0\nweight.3=0\n": "3 vote, in groups by weight, " +
			"and can never decide; this one is 1",
		trio + "server.4=d:1:2:observer;3\ngroup.1=1:2:3:4\nweight.4=9\n": "can never decide; 1 observe",
	} {
		c, err := loadMember(text, "1")
		noError(t, err, text)
		equal(t, 1, len(c.Warnings), text, warnings(c))
		contains(t, warnings(c), "nobody can ever lead", text)
		var out strings.Builder
		noError(t, c.WriteCheck(&out, false))
		contains(t, out.String(), want)
	}
	c, err := loadMember(six+"group.1=1:2:3\ngroup.2=4:5:6\n"+
		"weight.4=0\nweight.5=0\nweight.6=0\n", "1")
	noError(t, err)
	containsNot(t, warnings(c), "nobody")
	var out strings.Builder
	noError(t, c.WriteCheck(&out, false))
	contains(t, out.String(), "6 vote, in groups by weight, of 1 groups 1 decide")
}

// A config that is refused for its groups has no members, and is not without them: config check
// prints it.
func TestMembersThatAreRefusedAreNone(t *testing.T) {
	c, err := loadMember(trio+"group.1=1:2\n", "1")
	errorContains(t, err, "server 3 is in no group")
	isFalse(t, c.Ensemble())
	noError(t, c.WriteCheck(&strings.Builder{}, true))
}

// Whoever looks for a mistake needs the file: there are data directories of several servers.
func TestMessagesAboutMyidNameTheFile(t *testing.T) {
	for _, myid := range []string{"", "one\n", "7\n"} {
		_, err := loadMember(trio, myid)
		errorContains(t, err, "/d/myid", myid)
	}
	_, err := loadText(trio, nil)
	errorContains(t, err, "myid is missing: /d/myid must have the number")
}

// Each of these lines is lost where an ensemble is meant, and the server starts.
func TestServerLinesThatAreLost(t *testing.T) {
	for text, want := range map[string]string{
		trio + "server.3=d:2888:3888;2181\n": "zoo.cfg:6: server.3: stands in zoo.cfg:7 again",
		strings.ReplaceAll(trio, "server.3", "Server.3"): "zoo.cfg:6: Server.3: no such setting; " +
			"did you mean server.3?",
		strings.ReplaceAll(trio, "server.3", "sever.3"): "did you mean server.3?",
		"dataDir=/d\nserver.1=a:2888:3888;2181\n": "zoo.cfg:2: server.1: is the only server line: " +
			"this server runs alone",
	} {
		c, err := loadMember(text, "1")
		noError(t, err, text)
		contains(t, warnings(c), want)
	}
	lines := "server.1=a:1:2;3\nserver.2=b:1:2;3\nserver.3=c:1:2;3\n"
	c, err := loadText("dataDir=/d\ninitLimit=10\nsyncLimit=5\ndynamicConfigFile=/dyn\n",
		map[string]string{"/d/myid": "1", "/dyn": lines + "server.2=d:1:2;3\n"})
	noError(t, err)
	contains(t, warnings(c), "dyn:2: server.2: stands in dyn:4 again")
}

// What has no effect in an ensemble either is not said to be honoured.
func TestSettingsOfApachesEnsemblesWithoutEffect(t *testing.T) {
	for _, text := range []string{
		"syncEnabled=false", "observer.syncEnabled=true", "leader.maxConcurrentSnapSyncs=1",
		"leader.maxTimeToWaitForEpoch=10", "learner.asyncSending=true", "electionPortBindRetry=x",
		"observer.election.DelayMs=1", "multiAddress.reachabilityCheckEnabled=false",
		"quorum.auth.learnerRequireSasl=true", "commitProcessor.numWorkerThreads=1",
	} {
		c, err := loadMember(trio+text+"\n", "1")
		noError(t, err, text)
		equal(t, 1, len(c.Warnings), text, warnings(c))
	}
	c, err := loadMember(trio+"electionPortBindRetry=0\n", "1")
	noError(t, err)
	equal(t, 0, c.Quorum.Election.BindRetries)
	isEmpty(t, c.Warnings)
}

func TestASyncMayAskAQuorum(t *testing.T) {
	for text, on := range map[string]bool{
		"": false, "sync.quorum=on\n": true, "sync.quorum=ON\n": true, "sync.quorum=off\n": false,
	} {
		c, err := loadMember(trio+text, "1")
		noError(t, err)
		equal(t, on, c.Quorum.QuorumSync, text)
		var out strings.Builder
		noError(t, c.WriteCheck(&out, true))
		contains(t, out.String(), map[bool]string{
			true:  "sync.quorum                                  on  ",
			false: "sync.quorum                                  off ",
		}[on], text)
	}
	_, err := loadMember(trio+"sync.quorum=true\n", "1")
	errorContains(t, err, "sync.quorum: \"true\" is neither on nor off")
}

func TestWhatAnEnsembleCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"initLimit=0":                 "initLimit is not set",
		"syncLimit=0":                 "syncLimit is not set",
		"reconfigEnabled=True":        "zoo.cfg:7: reconfigEnabled: members that change",
		"sslQuorum=true":              "TLS is not served",
		"portUnification=true":        "TLS is not served",
		"quorum.auth.enableSasl=true": "SASL is not served",
		"oraclePath=/o":               "oracle",
		"group.1=1:2":                 "server 3 is in no group",
		"group.1=1:2:3\ngroup.2=3":    "in two groups",
		"weight.1=2":                  "is in no group",
		"group.1=1:2:3:9":             "server 9 is in a group and has no weight",
		"group.1=1:2:3\nweight.2=x":   "is not a weight",
		"version=x":                   "version",
		"server.01=h:1:2":             "already",
	} {
		_, err := loadMember(trio+text+"\n", "1")
		errorContains(t, err, want, text)
	}
	_, err := loadText(trio, nil)
	errorContains(t, err, "myid is missing")
	_, err = loadMember(trio, "7")
	errorContains(t, err, "myid says 7")
	_, err = loadMember(trio+"server.255=e:1:2\nextendedTypesEnabled=true\n", "255")
	errorContains(t, err, "the highest is 254")
	for _, text := range []string{
		"reconfigEnabled=false", "sslQuorum=false", "quorum.auth.enableSasl=FALSE",
		"server.255=e:1:2", "group.1=1:2:3\nweight.9=5",
	} {
		_, err := loadMember(trio+text+"\n", "1")
		noError(t, err, text)
	}
	_, err = loadMember(trio+"dynamicConfigFile=/dyn\n", "1")
	errorContains(t, err, "belongs into")
	c, err := loadText("dataDir=/d\ninitLimit=10\nsyncLimit=5\ndynamicConfigFile=/dyn.1f\n",
		map[string]string{"/d/myid": "1", "/dyn.1f": "server.1=a:1:2;3\nserver.2=b:1:2;3\n"})
	noError(t, err)
	equal(t, int64(0x1f), c.Quorum.Members.Version)
}

func TestWhatIsSurelyNotMeantInAnEnsemble(t *testing.T) {
	for name, c := range map[string]struct{ text, myid, want string }{
		"role": {trio + "peerType=observer\n", "1", "server.1 says participant"},
		"other role": {trio + "server.4=d:1:2:observer;3\npeerType=participant\n", "4",
			"server.4 says observer"},
		"two": {strings.Replace(trio, "server.3=c", "server.3=c:1:2:observer\n#", 1), "1",
			"no failure is tolerated"},
		"four":                {trio + "server.4=d:1:2;3\n", "1", "as many failures as 3"},
		"number":              {trio + "server.300=d:1:2;3\nserver.4=e:1:2\n", "300", "not in 1 to 255"},
		"zero":                {trio + "server.0=d:1:2;3\nserver.4=e:1:2\n", "0", "not in 1 to 255"},
		"same quorum":         {trio + "server.5=A:2888:9:observer\n", "1", "a:2888 of server.1"},
		"quorum and election": {trio + "server.5=c:9:2888:observer\n", "1", "c:2888 of server.3"},
		"clients and quorum":  {trio + "server.5=z:9:8:observer;b:2888\n", "1", "b:2888 of server.2"},
		"own clients":         {trio + "server.5=z:9:8:observer;9\n", "1", "z:9 of server.5"},
		"local sessions":      {trio + "localSessionsEnabled=true\n", "1", "every session is global"},
		"observers":           {trio + "observerMasterPort=2191\n", "1", "do not serve observers"},
	} {
		got, err := loadMember(c.text, c.myid)
		noError(t, err, name)
		contains(t, warnings(got), c.want, name)
		equal(t, 1, len(got.Warnings), name, warnings(got))
	}
	got, err := loadMember(trio, "1", "jute.maxbuffer=2000000")
	noError(t, err)
	contains(t, warnings(got), "must be the same on every member")
	got, err = loadMember(trio, "1", "zookeeper.testingonly.initialZxid=4278190080")
	noError(t, err)
	contains(t, warnings(got), "this server cannot lead")
	got, err = loadMember(trio, "1", "zookeeper.testingonly.initialZxid=4278190079")
	noError(t, err)
	isEmpty(t, got.Warnings, warnings(got))
	got, err = loadMember(trio+"server.4=d:1:2:observer;3\n", "4")
	noError(t, err)
	isEmpty(t, got.Warnings, "the line alone says that it observes", warnings(got))
	for name, text := range map[string]string{
		"ports by the kernel": strings.ReplaceAll(trio, "2181", "h:0"),
		"same role":           trio + "peerType=participant\n",
		"wildcards":           trio + "server.4=0.0.0.0:2181:2:observer;3\n",
	} {
		c, err := loadMember(text, "1")
		noError(t, err, name)
		isEmpty(t, c.Warnings, name, warnings(c))
	}
}
