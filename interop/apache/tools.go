package apache

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Java runs one of the classes on the class path to its end and returns what it printed on
// standard output. The error carries the exit code and what was printed on standard error.
func Java(ctx context.Context, class string, args []string) (string, error) {
	command, err := tool(ctx, class, args)
	if err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w\n%s", class, err, stderr.String())
	}
	return stdout.String(), nil
}

func tool(ctx context.Context, class string, args []string) (*exec.Cmd, error) {
	classPath, err := ClassPath(ctx)
	if err != nil {
		return nil, err
	}
	argv := append(JVMFlags(), "-cp", classPath, class)
	return exec.CommandContext(ctx, "java", append(argv, args...)...), nil
}

// FormatSnapshot prints a snapshot file through Apache's SnapshotFormatter: one block of lines a
// node with its Stat, then the sessions. withData adds each node's data in base64.
func FormatSnapshot(ctx context.Context, file string, withData bool) (string, error) {
	args := []string{file}
	if withData {
		args = []string{"-d", file}
	}
	return Java(ctx, "org.apache.zookeeper.server.SnapshotFormatter", args)
}

// DumpTxnLog prints a transaction log through Apache's TxnLogToolkit, one line a transaction,
// checksums verified.
func DumpTxnLog(ctx context.Context, file string) (string, error) {
	return Java(ctx, "org.apache.zookeeper.server.persistence.TxnLogToolkit",
		[]string{"-d", "-v", file})
}

// ZKCli runs commands, one a line, through zkCli in one session and returns the transcript:
// both output streams as they came, since zkCli prints data on one and words on the other. A
// command that fails prints its reason and does not end the session.
func ZKCli(ctx context.Context, addr, script string) (string, error) {
	command, err := ZKCliCommand(ctx, "-server", addr, "-timeout", "10000", "-waitforconnection")
	if err != nil {
		return "", err
	}
	command.Stdin = strings.NewReader(script)
	out, err := command.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("zkCli: %w", err)
	}
	return string(out), nil
}

// ZKCliCommand is the process of zkCli with arguments of its own. It prints what zkCli prints, and
// no log. ErrNoJava if java or mvn is missing.
func ZKCliCommand(ctx context.Context, args ...string) (*exec.Cmd, error) {
	command, err := tool(ctx, "org.apache.zookeeper.ZooKeeperMain", args)
	if err != nil {
		return nil, err
	}
	at := slices.Index(command.Args, "-cp")
	command.Args = slices.Insert(command.Args, at, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off")
	return command, nil
}
