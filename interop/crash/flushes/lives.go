package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// world is the directory that the lives share, and what was seen.
type world struct {
	binary string
	base   string // of the data
	notes  string // where traces and logs of the server go
	counts map[string]int
	lines  int // of the last trace
}

// life is one run of the server.
type life struct {
	name   string
	before func(w *world, m *model) error // makes the directory what the life is to find
	writes int
	until  string // a line of the server's log to wait for
	cut    bool   // what follows that line is not looked at: it must not make up for anything
	config map[string]string
}

// retained is autopurge.snapRetainCount.
const retained = 3

func lives() []life {
	return []life{
		{name: "new", writes: 400},
		{name: "killed", before: afterKill, writes: 3},
		{name: "unlucky", before: unlucky, writes: 3},
		{name: "copied", before: copied, writes: 3},
		{name: "purging", before: beforePurge, writes: 3, until: "purged", cut: true,
			config: map[string]string{"autopurge.purgeInterval": "1"}},
	}
}

func (w *world) snapshots() string { return filepath.Join(w.base, "new", "snapshots") }
func (w *world) logs() string      { return filepath.Join(w.base, "other", "logs") }

func (w *world) options(life life) process.Options {
	o := process.Options{
		DataDir: w.snapshots(), DataLogDir: w.logs(),
		ExtraConfig: map[string]string{
			"maxSessionTimeout": "600000", "autopurge.snapRetainCount": fmt.Sprint(retained),
		},
		SystemProps: map[string]string{
			"zookeeper.snapCount": "60", "zookeeper.preAllocSize": "64",
		},
	}
	for k, v := range life.config {
		o.ExtraConfig[k] = v
	}
	return o
}

// live runs one life under strace and judges it.
func (w *world) live(ctx context.Context, life life) error {
	m := newModel(w.base)
	if life.before != nil {
		if err := life.before(w, m); err != nil {
			return err
		}
	}
	file := filepath.Join(w.notes, life.name+".strace")
	said := filepath.Join(w.notes, life.name+".log")
	log, err := os.Create(said)
	if err != nil {
		return err
	}
	defer log.Close()
	o := w.options(life)
	o.Log = log
	// With -D the server is the child, and strace its grandchild: signals reach the server.
	server, err := process.Start(ctx, func(config string, o process.Options) []string {
		argv := []string{"strace", "-D", "-f", "-yy", "-s", "0", "-e", calls,
			"-e", "signal=none", "-o", file, w.binary, "server", config}
		for k, v := range o.SystemProps {
			argv = append(argv, "-D", k+"="+v)
		}
		return argv
	}, o)
	if err != nil {
		text, _ := os.ReadFile(said)
		return fmt.Errorf("%w\n%s", err, text)
	}
	defer server.Kill()
	if err := work(ctx, server.Addr(), life.writes); err != nil {
		return err
	}
	if err := w.await(ctx, life.until, said); err != nil {
		return err
	}
	seen, err := os.Stat(file)
	if err != nil {
		return err
	}
	if _, err := server.Stop(); err != nil {
		return err
	}
	text, err := whole(ctx, file)
	if life.cut {
		text = text[:min(len(text), int(seen.Size()))]
	}
	if err != nil {
		return err
	}
	return w.judge(m, text)
}

// work makes writes one after the other: each has an answer of its own.
func work(ctx context.Context, addr string, writes int) error {
	c, err := wire.Dial(ctx, addr, wire.Options{})
	if err != nil {
		return err
	}
	defer c.Abort()
	if _, _, err := c.Create(ctx, "/f", nil, nil, jute.ModePersistent); err != nil &&
		!errors.Is(err, jute.NodeExists) {
		return err
	}
	for i := range writes {
		if _, err := c.Set(ctx, "/f", fmt.Append(nil, i), -1); err != nil {
			return err
		}
	}
	return c.Close(ctx)
}

func (w *world) await(ctx context.Context, line, file string) error {
	for line != "" {
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), line) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server never said %q:\n%s", line, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// whole is a trace that tells of the end of the process.
func whole(ctx context.Context, file string) (string, error) {
	for {
		text, err := os.ReadFile(file)
		last := string(text[max(0, len(text)-4096):])
		if err != nil || strings.Contains(last, "+++ exited with") {
			return string(text), err
		}
		select {
		case <-ctx.Done():
			return "", errors.New("strace does not tell of the server's end")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// judge tells the model of a trace.
func (w *world) judge(m *model, text string) error {
	r := &reader{m: m, open: map[string]*call{}}
	for line := range strings.Lines(text) {
		r.line(line)
	}
	w.lines = r.at
	m.everything(r.at, "the end", func(bool, string) bool { return true })
	for kind, n := range m.counts {
		w.counts[kind] += n
	}
	if len(m.wrong) > 0 {
		return fmt.Errorf("%d calls too early; the first:\n  %s", len(m.wrong),
			strings.Join(m.wrong[:min(5, len(m.wrong))], "\n  "))
	}
	return nil
}

// list is the files of a kind in a directory's version-2, by zxid.
func list(dir, prefix string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "version-2", prefix+"*"))
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(zxidOf(a), zxidOf(b)) })
	return all, err
}

// zxidOf is the zxid in a file's name.
func zxidOf(path string) uint64 {
	zxid, _ := strconv.ParseUint(path[strings.LastIndex(path, ".")+1:], 16, 64) // ours: it has one
	return zxid
}

// unknown says that nothing of the names was flushed.
func (w *world) unknown(m *model) {
	for _, dir := range []string{w.snapshots(), w.logs()} {
		for path := filepath.Join(dir, "version-2", "any"); path != w.base; {
			m.soil(path, "file")
			path = filepath.Dir(path)
		}
	}
}

// unlucky adds to a kill what an unlucky start finds: a log without a byte, an unfinished snapshot.
func unlucky(w *world, m *model) error {
	if err := afterKill(w, m); err != nil {
		return err
	}
	for _, path := range []string{
		filepath.Join(w.logs(), "version-2", "log.7fffffff"),
		filepath.Join(w.snapshots(), "version-2", "tmp.snapshot.7fffffff"),
	} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// afterKill lets a server be killed in the middle of its work.
func afterKill(w *world, m *model) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := process.StartQuoll(ctx, w.binary, w.options(life{}))
	if err != nil {
		return err
	}
	defer server.Kill()
	if err := work(ctx, server.Addr(), 20); err != nil {
		return err
	}
	server.Kill()
	logs, err := list(w.logs(), "log.")
	if err != nil || len(logs) == 0 {
		return fmt.Errorf("%d logs, %w", len(logs), err)
	}
	m.files[logs[len(logs)-1]] = &file{kind: "log"}
	w.unknown(m)
	return nil
}

// copied puts a copy in the place of the directories: nothing of it is flushed, its sidecar is not
// believed, and it was made while the last record was being written.
func copied(w *world, m *model) error {
	for _, dir := range []string{w.snapshots(), w.logs()} {
		if err := os.Rename(dir, dir+".old"); err != nil {
			return err
		}
		if err := os.CopyFS(dir, os.DirFS(dir+".old")); err != nil {
			return err
		}
	}
	logs, err := list(w.logs(), "log.")
	if err != nil {
		return err
	}
	snapshots, err := list(w.snapshots(), "snapshot.")
	if err != nil {
		return err
	}
	newest := snapshots[len(snapshots)-1]
	for len(logs) > 1 && zxidOf(logs[1]) <= zxidOf(newest)+1 {
		logs = logs[1:] // the snapshot has all of it, and a start does not read it
	}
	torn, err := os.OpenFile(logs[len(logs)-1], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := torn.WriteString("the beginning of a record"); err != nil {
		return err
	}
	if err := torn.Close(); err != nil {
		return err
	}
	for _, path := range append(logs, newest) {
		m.files[path] = &file{kind: "copied " + kindOf(path)}
	}
	w.unknown(m)
	return nil
}

// beforePurge notes what a purge must leave.
func beforePurge(w *world, m *model) error {
	snapshots, err := list(w.snapshots(), "snapshot.")
	if err != nil {
		return err
	}
	if len(snapshots) <= retained {
		return fmt.Errorf("%d snapshots: nothing to purge", len(snapshots))
	}
	m.kept = snapshots[len(snapshots)-retained:]
	return nil
}
