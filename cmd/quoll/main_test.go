package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"quoll/internal/config"
	"quoll/internal/shell/verb"
	"quoll/persistence"
	"quoll/persistence/disk"
	"quoll/persistence/owner"
)

// execute runs a command line and returns what it printed and its exit code.
func execute(args ...string) (string, int) {
	var out bytes.Buffer
	root := rootCommand(verb.NewHost())
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.Execute()
	if err != nil {
		fmt.Fprintln(&out, err)
	}
	return out.String(), exitCode(err)
}

func TestConfigCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zoo.cfg")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("dataDir=/d\nclientPort=2181\nsnapCuont=5\n")
	out, code := execute("config", "check", file, "-Dzookeeper.snapCount=7", "-D", "tickTime=2000")
	for _, want := range []string{"dataDir", "zoo.cfg:1", "did you mean snapCount?", "2000"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q lacks %q", out, want)
		}
	}
	if code != 0 {
		t.Errorf("code %d: %s", code, out)
	}
	if strings.Contains(out, "autopurge") {
		t.Error("defaults without --all")
	}
	if out, _ := execute("config", "check", "--all", file); !strings.Contains(out, "autopurge") {
		t.Error("no defaults with --all")
	}
	write("dataDir=/gone\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer\n")
	out, code = execute("config", "check", file)
	for _, want := range []string{"ensemble: 2 vote", "no failure is tolerated", "initLimit",
		"myid is missing"} {
		if !strings.Contains(out, want) || code != 2 {
			t.Errorf("code %d: %q lacks %q", code, out, want)
		}
	}
	write("dataDir=/gone\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\ngroup.1=1:2\n")
	if out, code = execute("config", "check", file); code != 2 ||
		!strings.Contains(out, "server 3 is in no group") {
		t.Errorf("code %d: %s", code, out)
	}
	write("clientPort=x\n")
	if out, code = execute("config", "check", file); code != 2 || !strings.Contains(out, "dataDir") {
		t.Errorf("code %d: %s", code, out)
	}
}

// A mistake that the text alone shows is an error. A problem of this machine is a warning, or with
// --here an error. The command makes no file.
func TestConfigCheckOfThisMachine(t *testing.T) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "zoo.cfg")
	data := filepath.Join(dir, "data")
	plain := filepath.Join(dir, "plain")
	if err := errors.Join(os.WriteFile(plain, nil, 0o600), os.Mkdir(data, 0o700)); err != nil {
		t.Fatal(err)
	}
	good := "clientPortAddress=127.0.0.1\nclientPort=0\ndataDir=" + data + "\n"
	for text, want := range map[string]string{
		good: "",
		good + "clientPort=" + strings.TrimPrefix(door.Addr().String(), "127.0.0.1:") + "\n": "in use",
		good + "clientPortAddress=no.such.name.invalid\n":                                    "clientPort",
		good + "dataDir=" + filepath.Join(plain, "below") + "\n":                             "not a directory",
		good + "datadir.autocreate=false\n":                                                  "has no version-2",
		good + "dataLogDir=" + filepath.Join(plain, "below") + "\n":                          "dataLogDir",
		good + "audit.enable=true\nquoll.auditFile=/gone/audit\n":                            "/gone",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, code := execute("config", "check", file)
		if code != 0 || strings.Contains(out, "warning: here") != (want != "") ||
			!strings.Contains(out, want) {
			t.Errorf("%s: code %d: %s", text, code, out)
		}
		out, code = execute("config", "check", "--here", file)
		if wantCode := map[bool]int{true: 0, false: 2}[want == ""]; code != wantCode ||
			!strings.Contains(out, want) {
			t.Errorf("%s: --here: code %d: %s", text, code, out)
		}
	}
	for _, text := range []string{
		"quoll.eventLoops=-1", "clientPortAddress=127.0.0.1:2181",
		"quoll.outputBytes=9000000000000000000",
	} {
		if err := os.WriteFile(file, []byte(good+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"config", "check", file}, {"server", file}} {
			if out, code := execute(args...); code != config.ExitInvalid {
				t.Errorf("%v %s: code %d: %s", args, text, code, out)
			}
		}
	}
	member := good + "initLimit=5\nsyncLimit=2\nserver.2=127.0.0.1:2:3\nserver.1="
	for _, own := range []struct {
		at, want string
		warnings int
	}{
		{"no.such.name.invalid", "no.such.name.invalid", 1}, // not once more for the other port
		{"192.0.2.1", "quorumListenOnAllIPs=true listens at all", 2},
	} {
		text := member + own.at + ":1:2\n"
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600),
			os.WriteFile(filepath.Join(data, "myid"), []byte("1\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		out, code := execute("config", "check", file)
		if code != 0 || !strings.Contains(out, own.want) ||
			strings.Count(out, "warning: here") != own.warnings {
			t.Errorf("%s: code %d: %s", text, code, out)
		}
	}
	text := member + "127.0.0.1:1:2\nserver.3=no.such.name.invalid:1:2\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := execute("config", "check", "--here", file); !strings.Contains(out,
		"\nwarning: here: server.3: another member: lookup no.such.name.invalid") {
		t.Error(out)
	}
	if err := os.Remove(filepath.Join(data, "myid")); err != nil {
		t.Fatal(err)
	}
	if made, err := os.ReadDir(data); err != nil || len(made) > 0 {
		t.Errorf("it made %v, %v", made, err)
	}
}

func TestExitCodes(t *testing.T) {
	for _, args := range [][]string{
		{"config", "check"}, {"config", "check", "--what"}, {"config", "check", "/gone/zoo.cfg"},
		{"config", "chekc"}, {"nothing"},
	} {
		if out, code := execute(args...); code != config.ExitInvalid {
			t.Errorf("%v: code %d: %s", args, code, out)
		}
	}
	for _, c := range []struct {
		want int
		err  error
	}{
		{config.ExitOK, nil},
		{config.ExitUnexpected, errors.New("x")},
		{config.ExitUnexpected, serverError(fmt.Errorf("listen: %w", syscall.EADDRINUSE))},
		{config.ExitDataDir, serverError(fmt.Errorf("%w: x", persistence.ErrDirectory))},
		{config.ExitDataDir, serverError(fmt.Errorf("%w: x", owner.ErrBusy))},
		{config.ExitDataDir, serverError(&owner.ForeignError{File: "log.1"})},
		{config.ExitTxnLog, serverError(fmt.Errorf("%w: x", persistence.ErrDisk))},
	} {
		if code := exitCode(c.err); code != c.want {
			t.Errorf("%v: code %d, want %d", c.err, code, c.want)
		}
	}
}

// Who finds a full disk at night is told what to do.
func TestAFullDiskSaysWhatToDo(t *testing.T) {
	full := disk.Error("write", "/data/log.1", &os.PathError{
		Op: "write", Path: "/data/log.1", Err: syscall.ENOSPC,
	})
	const want = "make room there and start again"
	if text := serverError(full).Error(); !strings.Contains(text, want) {
		t.Error(text)
	}
	broken := disk.Error("sync", "/data/log.1", syscall.EIO)
	if text := serverError(broken).Error(); strings.Contains(text, want) {
		t.Error(text)
	}
}

// A data directory that cannot be made has another exit code than a log that cannot be written.
func TestADataDirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := execute("server", "-D", "dataDir="+filepath.Join(file, "data"), "-D", "clientPort=0")
	if code != config.ExitDataDir {
		t.Errorf("code %d: %s", code, out)
	}
}

// Every start that fails, for any reason, is in the audit log once.
func TestAFailedStartIsAudited(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"setting":   {"dataDir=" + dir, "tickTime=fast"},
		"level":     {"dataDir=" + dir, "quoll.logLevel=loud"},
		"directory": {"dataDir=" + filepath.Join(file, "data"), "clientPort=0"},
		"port": {
			"dataDir=" + filepath.Join(dir, "data"), "clientPort=" + port,
			"clientPortAddress=127.0.0.1",
		},
		"file": nil,
	} {
		t.Run(name, func(t *testing.T) {
			audit := filepath.Join(t.TempDir(), "audit.log")
			line := []string{"server"}
			if args == nil {
				line = append(line, filepath.Join(dir, "gone.cfg"))
			}
			for _, set := range append(args, "zookeeper.audit.enable=true", "quoll.auditFile="+audit) {
				line = append(line, "-D", set)
			}
			if out, code := execute(line...); code == config.ExitOK {
				t.Fatal(out)
			}
			text, err := os.ReadFile(audit)
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(string(text), "\n"); lines != 1 ||
				!strings.Contains(string(text), "operation=serverStart\tresult=failure") {
				t.Errorf("%d lines: %s", lines, text)
			}
		})
	}
}
