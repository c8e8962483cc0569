package zkcli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"quoll/internal/shell/settings"
)

func TestArgs(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"ls /":                 "ls /",
		"--server h:1 ls -R /": "--server h:1 ls -R /",
		"-o json ls /":         "-o json ls /",
		"-server h:1":          "--zkcli --server h:1",
		"-timeout 5000 -r -waitforconnection -server h:1 create -s -e /a x": "--zkcli " +
			"--session-timeout 5000ms --read-only --wait-for-connection --server h:1 create -s -e /a x",
		"-client-configuration f get -s /": "--zkcli --client-configuration f get -s /",
		"-server h:1 -o json ls /":         "--zkcli --server h:1 -o json ls /",
		"-server":                          "--zkcli --server",
		"--yes -server h rmr /a":           "--zkcli --yes --server h rmr /a",
	} {
		if got := Args(strings.Fields(in)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s:\n got %v\nwant %s", in, got, want)
		}
	}
}

// What ZooKeeper 3.4 took without a flag. More words, and those of other commands, stay.
func TestDeprecated(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"ls /a":                 "ls /a",
		"ls /a true":            "ls /a -w",
		"stat /a watch":         "stat /a -w",
		"get -s /a 1":           "get -s /a -w",
		"delete /a 3":           "delete /a -v 3",
		"delete -v 3 /a":        "delete -v 3 /a",
		"get /a b c":            "get /a b c",
		"get -- /a b":           "get -- /a b",
		"set /a data":           "set /a data",
		"getEphemerals /a rest": "getEphemerals /a rest",
	} {
		got, note := Deprecated(strings.Fields(in))
		if strings.Join(got, " ") != want || (note != "") != (in != want) {
			t.Errorf("%s: %v, %q", in, got, note)
		}
	}
}

// The words of Java's client, from its PathUtils.
func TestCheckPath(t *testing.T) {
	for path, want := range map[string]string{
		"/":           "",
		"/a/é/...":    "",
		"":            "Path length must be > 0",
		"a":           "Path must start with / character",
		"/a/":         "Path must not end with / character",
		"/a//b":       `Invalid path string "/a//b" caused by empty node name specified @3`,
		"/a/./b":      `Invalid path string "/a/./b" caused by relative paths not allowed @3`,
		"/é/..":       `Invalid path string "/é/.." caused by relative paths not allowed @4`,
		"/a\x00":      "Invalid path string \"/a\x00\" caused by null character not allowed @2",
		"/é/a\x1bx":   "Invalid path string \"/é/a\x1bx\" caused by invalid character @4",
		"/\U0001f600": "Invalid path string \"/\U0001f600\" caused by invalid character @1",
	} {
		got := ""
		if err := CheckPath(path); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s", path, got)
		}
	}
}

func TestProperties(t *testing.T) {
	file := filepath.Join(t.TempDir(), "client.properties")
	text := "# TLS\nzookeeper.client.secure=true\nzookeeper.ssl.trustStore.location = ca.pem\n" +
		"zookeeper.clientCnxnSocket=Netty\nzookeeper.odd=1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set := settings.Default()
	unknown, err := Properties(file, &set)
	if err != nil || !set.Secure || set.TLS.CA != "ca.pem" ||
		!slices.Equal(unknown, []string{"zookeeper.odd"}) {
		t.Errorf("%+v, %v, %v", set, unknown, err)
	}
	if err := os.WriteFile(file, []byte("zookeeper.ssl.keyStore.location=a.jks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Properties(file, &set); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Errorf("a key store of Java's: %v", err)
	}
}
