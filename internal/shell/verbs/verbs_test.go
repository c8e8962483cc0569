package verbs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
	"quoll/zktest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bench runs verbs as the process of one verb does, with what it printed in buffers.
type bench struct {
	host     verb.Host
	out, err bytes.Buffer
}

func newBench(t *testing.T) *bench {
	b := &bench{}
	home := t.TempDir()
	b.host = verb.Host{
		Stdin: strings.NewReader(""), Stdout: &b.out, Stderr: &b.err, Dir: "/",
		Settings: settings.Default(),
		Getenv: func(name string) string {
			if name == "HOME" {
				return home
			}
			return ""
		},
	}
	return b
}

// served is a bench whose verbs go to a server.
func served(t *testing.T, opts ...zktest.Option) *bench {
	b := newBench(t)
	b.host.Settings.Servers = zktest.Start(t, opts...).Servers()
	return b
}

// do runs a verb and returns its exit code.
func (b *bench) do(args ...string) int {
	b.out.Reset()
	b.err.Reset()
	root := &cobra.Command{Use: "quoll", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(verb.Commands(Table(), &b.host)...)
	root.SetOut(&b.out)
	root.SetArgs(verb.Dashes(Table(), verb.Leading(args)))
	err := root.ExecuteContext(context.Background())
	if code, ok := verb.Report(&b.host, err); ok {
		return code
	}
	if err != nil {
		b.err.WriteString(err.Error())
		return 2
	}
	return 0
}

// must runs a verb that succeeds, and returns what it printed.
func (b *bench) must(t *testing.T, args ...string) string {
	t.Helper()
	if code := b.do(args...); code != 0 {
		t.Fatalf("%q: exit code %d: %s", args, code, b.err.String())
	}
	return b.out.String()
}

// moving is what differs from run to run: zxids, sessions and times.
var moving = regexp.MustCompile(`0x[0-9a-f]*[1-9a-f][0-9a-f]*|\d{4}-\d\d-\d\dT[0-9:.]+Z`)

// The golden files freeze the names of fields and their order, in each format.
func TestGolden(t *testing.T) {
	b, frozen := served(t), goldens{}
	b.must(t, "create", "/a", "text")
	b.must(t, "create", "/a/bin")
	b.must(t, "create", "/a/null")
	b.must(t, "set", "-b", "/a/bin", "/wAB")
	for _, example := range []struct{ name, line string }{
		{"ls", "ls /a"}, {"ls", "ls --long --limit 1 /a"}, {"ls", "ls /a /a/bin"},
		{"ls", "ls --limit 1 --count /a"},
		{"ls", "ls -R /a"},
		{"get", "get /a"}, {"get", "get /a/bin"}, {"get", "get /a/null"}, {"get", "get -s /a"},
		{"stat", "stat /a"}, {"stat", "stat --exit-code /none"},
		{"set", "set /a text"}, {"set", "set -s /a text"},
		{"create", "create -s /a/s-"},
		{"touch", "touch /a"},
		{"rm", "rm --dry-run /a/bin"},
		{"rmr", "rmr --dry-run /a"},
		{"txn", "txn --dry-run check\u00a0/a"},
		{"acl", "acl get /a"}, {"acl", "acl set /a world:anyone:cdrwa"},
		{"acl", "acl set -R --dry-run --add /a ip:10.0.0.1:r"},
		{"whoami", "whoami"}, {"sync", "sync /"}, {"count", "count /a"},
		{"ephemerals", "ephemerals"}, {"auth", "auth digest ann:secret"},
		{"quota", "quota set -n 100 -B 5000 /a"}, {"quota", "quota get /a"},
		{"quota", "quota del -n /a"}, {"quota", "quota del /a"}, {"quota", "quota get /a"},
		{"4lw", "4lw ruok"}, {"4lw", "4lw nope"}, {"ensemble", "ensemble"}, {"ensemble", "ensemble -s"},
		{"reconfig", "reconfig --dry-run --add 4=h:1:2;3 --remove 1"},
		{"reconfig", "reconfig --yes --remove 1"},
		{"removewatches", "removewatches /a"},
		{"errors", "get /none"}, {"errors", "create /none/x"}, {"errors", "rmr /a"},
	} {
		frozen.add(b, example.name, example.line)
	}
	frozen.check(t)
}

// goldens are the texts of golden files, a file a verb.
type goldens map[string]string

// add runs a line in each format and keeps what it printed.
func (g goldens) add(b *bench, name, line string) {
	for _, format := range []string{"text", "json", "jsonl", "yaml"} {
		code := b.do(append(words(line), "-o", format)...)
		got := moving.ReplaceAllString(b.out.String()+b.err.String(), "*")
		got = strings.ReplaceAll(got, b.host.Settings.Servers, "SERVER")
		g[name] += fmt.Sprintf("$ quoll %s -o %s\n%s", line, format, got)
		if code != 0 {
			g[name] += fmt.Sprintf("exit code %d\n", code)
		}
	}
}

// words are those of a line; a no-break space stands for a space inside a word.
func words(line string) []string {
	all := strings.Fields(strings.ReplaceAll(line, "\u00a0", "\x00"))
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], "\x00", " ")
	}
	return all
}

func (g goldens) check(t *testing.T) {
	for name, got := range g {
		golden(t, name, got)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v; got\n%s\nwant\n%s", name, err, got, want)
	}
}
