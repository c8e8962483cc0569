package strays

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"quoll/interop/apache"
)

// oracle is a JVM with Apache's classes.
type oracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	classPath, err := apache.ClassPath(t.Context())
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	argv := append(apache.JVMFlags(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
		"-Dzookeeper.preAllocSize=64", "-cp", classPath, "Oracle.java")
	command := exec.CommandContext(t.Context(), "java", argv...)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := command.Wait(); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return &oracle{in, bufio.NewReader(out)}
}

func (o *oracle) ask(t *testing.T, verb, what string) string {
	t.Helper()
	if _, err := fmt.Fprintf(o.in, "%s %s\n", verb, hex.EncodeToString([]byte(what))); err != nil {
		t.Fatal(err)
	}
	answer, err := o.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(answer)
}

// restored is what Apache finds in a data directory.
type restored struct {
	refusal string // "" when it starts
	zxid    int64
	nodes   int
}

// restore lets Apache restore a directory, as the start of its server does: it may change files.
func (o *oracle) restore(t *testing.T, dir string) (r restored) {
	t.Helper()
	answer := o.ask(t, "restore", dir)
	if _, err := fmt.Sscanf(answer, "zxid %d nodes %d", &r.zxid, &r.nodes); err != nil {
		r.refusal = answer
	}
	return r
}
