package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWhatQuollRefusesIsTakenOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zoo.cfg")
	const kept = "tickTime=2000\nclientPort=20000\nserver.1=localhost:1:2:participant\n"
	text := "secureClientPort=1\nssl.keyStore.location=/k\nlocalSessionsEnabled=false\n" + kept +
		"authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := takeOut(file); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != kept {
		t.Errorf("%q, %v", got, err)
	}
}

func TestZooKeepersDefinesAreKept(t *testing.T) {
	got := server("quoll", "zoo.cfg", []string{
		"-cp", "none", "-Dzookeeper.extendedTypesEnabled=true", "-Dfile.encoding=UTF-8",
		"-Dzookeeper.root.logger=INFO", "org.apache.zookeeper.server.quorum.QuorumPeerMain",
	})
	want := []string{
		"quoll", "server", "zoo.cfg", "-D", "quoll.logLevel=warn",
		"-D", "zookeeper.extendedTypesEnabled=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
