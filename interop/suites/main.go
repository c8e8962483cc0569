package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience bounds one suite. The longer one takes four minutes on two cores.
const patience = 15 * time.Minute

func main() {
	if name := filepath.Base(os.Args[0]); standsInFor(name) {
		fmt.Fprintln(os.Stderr, name+":", standIn(os.Args, os.Environ()))
		os.Exit(1)
	}
	quoll := flag.String("quoll", "bin/quoll", "the server's binary")
	only := flag.String("only", "", "kazoo or gozk alone")
	dir := flag.String("dir", "interop", "the interop directory of the checkout")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *quoll, *only, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "suites:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, quoll, only, dir string) error {
	quoll, err := filepath.Abs(quoll)
	if err != nil {
		return err
	}
	links, err := os.MkdirTemp("", "quoll-suites-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(links)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range standIns() {
		if err := os.Symlink(self, filepath.Join(links, name)); err != nil {
			return err
		}
	}
	for _, s := range suites() {
		if only != "" && only != s.name {
			continue
		}
		for _, left := range s.leftOut {
			fmt.Printf("%s: left out: %s: %s\n", s.name, left.test, left.why)
		}
		cmd, err := s.prepare(ctx, dir, s.leftOut)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		cmd.Env = append(os.Environ(), quollVariable+"="+quoll, "ZOOKEEPER_BIN_PATH="+links,
			"ZOOKEEPER_VERSION=3.9.5", "ZOOKEEPER_CLASSPATH=none",
			"PATH="+links+string(os.PathListSeparator)+os.Getenv("PATH"))
		if err := play(ctx, cmd); err != nil {
			return fmt.Errorf("%s: %s: %w", s.name, strings.Join(cmd.Args, " "), err)
		}
		fmt.Printf("%s: PASS\n", s.name)
	}
	return nil
}

// play runs a suite, and ends with it every server that it has started and left.
func play(ctx context.Context, cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	endAll := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // gone is well
	defer context.AfterFunc(ctx, endAll)()
	err := cmd.Wait()
	endAll()
	return err
}
