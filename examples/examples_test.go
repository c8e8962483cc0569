// Package examples_test builds the programs below examples and runs each of them.
package examples_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/zktest"
)

// run is one run of a program. It must end with code 0, and print want.
type run struct {
	args string // behind the connection string, with spaces between them
	want string
}

// programs has each program of this directory, with runs of it one after the other against a
// server of its own.
//
// read-only: the table of the test.
var programs = map[string][]run{
	"barrier": {{
		args: "-members 3 -steps 4", want: "3 members have done 12 parts of 4 steps\n",
	}},
	"cache": {{args: "-changes 1", want: "Added /settings\nAdded /settings/1\n" +
		"/settings/1 is on; old: false\n"}},
	"config": {
		{args: "-color red", want: "revision 1: red, size 7\n"},
		{args: "-color blue", want: "revision 2: blue, size 7\n"},
	},
	"counter": {
		{args: "-add 2 -times 2", want: "2\n4\n"},
		{args: "-add -1", want: "3\n"},
	},
	"queue": {
		{args: "put one two", want: ""},
		{args: "-items 2 work", want: "one, delivered 1 times\ntwo, delivered 1 times\n"},
	},
	"priority": {{args: "5:tidy 1:fire 3:mail", want: "fire\nmail\ntidy\n"}},
	"delay": {{
		args: "-after 50ms",
		want: "egg, too early: false\ntea, too early: false\ncake, too early: false\n",
	}},
	"revoke": {{args: "", want: "the backup has the disk\n" +
		"the backup stops, because it is asked to\nthe restore has the disk\n"}},
	"discovery": {{args: "-calls 5", want: "http://localhost:8080/ greets\n" +
		"http://localhost:8081/ fails\nhttp://localhost:8082/ greets\n" +
		"http://localhost:8080/ greets\nhttp://localhost:8081/ fails\n"}},
	"elect": {{args: "-candidates 3", want: "3 terms, one after the other\n"}},
	"group": {{args: "-members 2", want: "2 are there\n" +
		"host-1 has left; host-2 is there longest now\n"}},
	"lock": {{args: "-path /locks/report -workers 3", want: "3 workers, 3 reports\n"}},
	"naming": {
		{args: "-orders 2", want: "worker 0: order 1\nworker 0: order 2\n"},
		{args: "-orders 1", want: "worker 0: order 101\n"},
	},
	"node": {{args: "-jobs 1", want: "/status/host-7: job 1\n"}},
	"partition": {{args: "-shards 2", want: "first has all 2\nfirst gives up 1\n" +
		"second has shard-2\n"}},
	"rwlock":    {{args: "-readers 4", want: "4 readers, each saw equal prices\n"}},
	"semaphore": {{args: "-files 5", want: "5 files, never more than 2: true\n"}},
	"task": {{args: "-tasks 2", want: "report-1: written for month 1\n" +
		"report-2: written for month 2\n"}},
	"topic": {
		{args: "-messages 1", want: "1: news 1\n"},
		{args: "-messages 4", want: "too late for 2\n4: news 3\n5: news 4\n"},
	},
	"twophase": {
		{args: "-id 4711", want: "order 4711: commit\n"},
		{args: "-id 4712 -stock 0", want: "order 4712: abort\n"},
	},
}

// goCommand runs the go command in this directory.
func goCommand(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// readSources reads what the programs are made of, because the go command takes an earlier result
// for this one unless a file has changed that the test itself has read.
func readSources(t *testing.T) {
	for _, dir := range []string{".", "../client"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".go" {
				_, err = os.ReadFile(path)
			}
			return err
		})
		require.NoError(t, err)
	}
}

func TestPrograms(t *testing.T) {
	readSources(t)
	bin := t.TempDir()
	goCommand(t, "build", "-o", bin, "./...")
	for name, runs := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := zktest.Start(t)
			for _, r := range runs {
				args := append([]string{"-servers", server.Servers()}, strings.Fields(r.args)...)
				c := exec.CommandContext(t.Context(), filepath.Join(bin, name), args...)
				out, err := c.CombinedOutput()
				require.NoError(t, err, "%s %s:\n%s", name, r.args, out)
				require.Equal(t, r.want, string(out), "%s %s", name, r.args)
			}
		})
	}
}

// A program that is in no row of the table is never run.
func TestEveryProgramIsRun(t *testing.T) {
	var names []string
	for path := range strings.Lines(goCommand(t, "list", "./...")) {
		if name := strings.TrimSpace(filepath.Base(path)); name != "examples" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		require.NotEmpty(t, programs[name], name)
	}
	require.Len(t, programs, len(names))
}
