package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quoll/internal/shell/verb"
)

const apachesFiles = "../../persistence/testdata/apache/plain/version-2/"

// tool runs a subcommand and returns what it printed and its exit code.
func tool(args ...string) (string, int) {
	var out bytes.Buffer
	root := rootCommand(verb.NewHost())
	root.SetArgs(args)
	root.SetOut(&out)
	err := root.Execute()
	return out.String(), exitCode(err)
}

func TestTools(t *testing.T) {
	torn := filepath.Join(t.TempDir(), "log.1")
	data, err := os.ReadFile(apachesFiles + "log.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(torn, data[:1000], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		code int
		has  string
	}{
		{[]string{"log", "dump", apachesFiles + "log.1"}, 0, "type=createContainer"},
		{[]string{"log", "dump", "--from", "0x20", "--to", "34", "--json", apachesFiles + "log.1"}, 0,
			`"zxid":"0x22"`},
		{[]string{"log", "dump", "--from", "x", apachesFiles + "log.1"}, 2, ""},
		{[]string{"log", "dump", torn, apachesFiles + "log.25"}, 1, "zxid=0x25"},
		{[]string{"log", "verify", apachesFiles}, 0, "records=89"},
		{[]string{"log", "verify", torn}, 1, "a torn end"},
		{[]string{"log", "verify"}, 2, ""},
		{[]string{"snapshot", "dump", "--data", "--acls", apachesFiles + "snapshot.59"}, 0,
			`path="/plain" data="hello at last"`},
		{[]string{"snapshot", "verify", apachesFiles + "snapshot.59"}, 0, "nodes=81"},
		{[]string{"snapshot", "verify", apachesFiles + "log.1"}, 1, "problem="},
		{[]string{"snapshot", "diff", apachesFiles + "snapshot.23", apachesFiles + "snapshot.59"}, 1,
			"onlyRight=53"},
		{[]string{"snapshot", "diff", apachesFiles + "snapshot.23", apachesFiles + "snapshot.23"}, 0,
			"onlyRight=0"},
		{[]string{"snapshot", "summary", "--depth", "0", apachesFiles + "snapshot.59"}, 0,
			`path="/" children=71 nodes=81`},
	} {
		out, code := tool(tc.args...)
		if code != tc.code || !strings.Contains(out, tc.has) {
			t.Errorf("%v: exit code %d, want %d; printed\n%s", tc.args, code, tc.code, out)
		}
	}
}
