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
