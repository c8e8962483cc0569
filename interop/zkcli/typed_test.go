package zkcli_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answer is what a shell has printed for a line, without what is another each time.
type answer struct{ out, err []string }

func (a answer) String() string { return fmt.Sprintf("%q, on standard error %q", a.out, a.err) }

// like compares an answer with that of zkCli, as far as the kind of a line wants it.
func (a answer) like(want answer, kind byte) bool {
	switch kind {
	case '-':
		return true
	case '~':
		return (len(a.out) == 0) == (len(want.out) == 0) &&
			(len(a.err) == 0) == (len(want.err) == 0)
	}
	return slices.Equal(a.out, want.out) && slices.Equal(a.err, want.err)
}

// told is what a shell has printed for all lines. The first answer is that to none.
type told struct {
	answers []answer
	events  []string // of watches, which come beside
}

// marker is a line whose answer, on standard error, tells that the one before it was answered.
const (
	marker = "redo 999999"
	marked = "Command index out of range"
)

// typed types lines into a shell, one after the other.
func typed(t *testing.T, command *exec.Cmd, lines []line) *told {
	t.Helper()
	in, err := command.StdinPipe()
	require.NoError(t, err)
	errs, err := command.StderrPipe()
	require.NoError(t, err)
	// What was written to a file before the marker was written to the pipe can be read.
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer out.Close()
	command.Stdout = out
	require.NoError(t, command.Start())
	scan := bufio.NewScanner(errs)
	all, from := &told{}, int64(0)
	for _, l := range lines {
		_, err := io.WriteString(in, l.text+"\n"+marker+"\n")
		require.NoError(t, err)
		var a answer
		for scan.Scan() && scan.Text() != marked {
			a.err = append(a.err, scan.Text())
		}
		require.Equal(t, marked, scan.Text(), "%s ends the shell: %q", l.text, a.err)
		text, err := io.ReadAll(io.NewSectionReader(out, from, 1<<30))
		require.NoError(t, err)
		from += int64(len(text))
		a.out = strings.Split(string(text), "\n")
		all.answers = append(all.answers, all.without(a))
	}
	require.NoError(t, in.Close())
	_, err = io.Copy(io.Discard, errs)
	require.NoError(t, err)
	_ = command.Wait() // the exit code is that of the last marker
	rest, err := io.ReadAll(io.NewSectionReader(out, from, 1<<30))
	require.NoError(t, err)
	all.without(answer{out: strings.Split(string(rest), "\n")})
	slices.Sort(all.events) // each watch has its own thread here
	return all
}

// done runs a shell that does one command, and returns what it printed and its exit code. The
// events are among the lines.
func done(t *testing.T, command *exec.Cmd) (answer, int) {
	t.Helper()
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		require.NoError(t, err)
	}
	mask := func(text string) (lines []string) {
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, masked(line))
		}
		return lines
	}
	return answer{mask(out.String()), mask(errs.String())}, command.ProcessState.ExitCode()
}

// read-only: what is another each time.
var masks = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`(zxid: )\d+`), "${1}N"},
	{regexp.MustCompile(`^([cmp]Zxid = 0x)[0-9a-f]+`), "${1}N"},
	{regexp.MustCompile(`^([cm]time = \w{3} \w{3} )\d\d \d\d:\d\d:\d\d (\w+ )\d{4}$`), "${1}D T ${2}Y"},
	{regexp.MustCompile(`^(ephemeralOwner = 0x)[1-9a-f][0-9a-f]*`), "${1}N"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDR"},
	{regexp.MustCompile(`^(version=)[0-9a-f]+$`), "${1}N"},
	{regexp.MustCompile(`^[0-9a-f]+( ADDR)`), "VERSION$1"},
	{regexp.MustCompile(`^ZooKeeper CLI version: .*`), "VERSION"},
}

func masked(line string) string {
	for _, m := range masks {
		line = m.is.ReplaceAllString(line, m.as)
	}
	return line
}

// without takes the events and empty lines out of an answer, and masks the rest. JLine is Java's.
func (all *told) without(a answer) answer {
	keep := func(lines []string) (kept []string) {
		for _, line := range lines {
			switch line = masked(line); {
			case line == "" || line == "WATCHER::" || strings.HasPrefix(line, "JLine support"):
			case strings.HasPrefix(line, "WatchedEvent "):
				all.events = append(all.events, line)
			default:
				kept = append(kept, line)
			}
		}
		return kept
	}
	return answer{keep(a.out), keep(a.err)}
}
