package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"

	"quoll/client/wire"
	"quoll/interop/apache"
	"quoll/jute"
)

// tape keeps the frames that a connection received.
type tape struct {
	mu     sync.Mutex
	events [][]byte
	reply  []byte // the last one
}

func (t *tape) frame(d wire.Direction, frame []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case d != wire.Received:
	case bytes.HasPrefix(frame, []byte{0xff, 0xff, 0xff, 0xff}): // xid -1
		t.events = append(t.events, bytes.Clone(frame))
	default:
		t.reply = bytes.Clone(frame)
	}
}

func (t *tape) take() (events [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	events, t.events = t.events, nil
	return events
}

// scene is two connections to a fresh server of Apache's: one changes, the other watches.
type scene struct {
	ctx             context.Context
	writer, watcher *wire.Conn
	tape            tape
	out             io.Writer
}

// frames records what a fresh server sends.
func frames(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "quoll-record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := apache.Start(ctx, apache.Options{DataDir: dir})
	if err != nil {
		return err
	}
	defer server.Kill()
	s := &scene{ctx: ctx, out: out}
	if s.writer, err = wire.Dial(ctx, server.Addr(), wire.Options{}); err != nil {
		return err
	}
	defer s.writer.Abort()
	s.watcher, err = wire.Dial(ctx, server.Addr(), wire.Options{Transcript: s.tape.frame})
	if err != nil {
		return err
	}
	defer s.watcher.Abort()
	for _, path := range []string{"/a", "/é€", "/a name/ with blanks"} {
		if err := s.events(path); err != nil {
			return err
		}
	}
	if err := s.missed(); err != nil {
		return err
	}
	return s.replies()
}

func (s *scene) ask(c *wire.Conn, op jute.OpCode, body jute.Record) (jute.Zxid, error) {
	h, _, err := c.Send(op, body).Wait(s.ctx)
	if err == nil && h.Err != jute.OK && h.Err != jute.NoNode {
		err = h.Err
	}
	return h.Zxid, err
}

// told writes the events that came since the last time, with what they tell of.
func (s *scene) told(zxid jute.Zxid, what string, path string) error {
	if _, err := s.ask(s.watcher, jute.OpExists, &jute.PathWatch{Path: []byte("/")}); err != nil {
		return err
	}
	for _, frame := range s.tape.take() {
		_, err := fmt.Fprintf(s.out, "event %s %x %d %x\n", what, path, int64(zxid), frame)
		if err != nil {
			return err
		}
	}
	return nil
}

// events records the four events at a node, with watches of every kind.
func (s *scene) events(path string) error {
	parent := path[:max(1, bytes.LastIndexByte([]byte(path), '/'))]
	p := []byte(path)
	if parent != "/" {
		if _, err := s.ask(s.writer, jute.OpCreate, makeNode(parent)); err != nil {
			return err
		}
	}
	watch := func(at string) error {
		for _, op := range []jute.OpCode{jute.OpGetData, jute.OpExists} {
			_, err := s.ask(s.watcher, op, &jute.PathWatch{Path: []byte(at), Watch: true})
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, step := range []struct {
		what string
		at   string
		op   jute.OpCode
		body jute.Record
	}{
		{"NodeCreated", path, jute.OpCreate, makeNode(path)},
		{"NodeDataChanged", path, jute.OpSetData, &jute.SetDataRequest{Path: p, Version: -1}},
		{"NodeDeleted", path, jute.OpDelete, &jute.PathVersion{Path: p, Version: -1}},
		{"NodeChildrenChanged", parent, jute.OpCreate, makeNode(path)},
	} {
		if step.what == "NodeChildrenChanged" {
			in := &jute.PathWatch{Path: []byte(parent), Watch: true}
			if _, err := s.ask(s.watcher, jute.OpGetChildren, in); err != nil {
				return err
			}
		} else if err := watch(step.at); err != nil {
			return err
		}
		zxid, err := s.ask(s.writer, step.op, step.body)
		if err != nil {
			return err
		}
		if err := s.told(zxid, step.what, step.at); err != nil {
			return err
		}
	}
	return nil
}

func makeNode(path string) *jute.CreateRequest {
	return &jute.CreateRequest{Path: []byte(path), Data: []byte("data"), ACL: wire.World()}
}

// missed records the events that setWatches makes up for: they have no zxid.
func (s *scene) missed() error {
	none := [][]byte{}
	for _, step := range []struct {
		what, path string
		in         func(paths [][]byte) jute.SetWatches
	}{
		{"NodeDataChanged", "/a", func(p [][]byte) jute.SetWatches {
			return jute.SetWatches{Data: p, Exist: none, Child: none}
		}},
		{"NodeDeleted", "/none", func(p [][]byte) jute.SetWatches {
			return jute.SetWatches{Data: p, Exist: none, Child: none}
		}},
		{"NodeCreated", "/a", func(p [][]byte) jute.SetWatches {
			return jute.SetWatches{Data: none, Exist: p, Child: none}
		}},
		{"NodeChildrenChanged", "/a name", func(p [][]byte) jute.SetWatches {
			return jute.SetWatches{Data: none, Exist: none, Child: p}
		}},
	} {
		in := step.in([][]byte{[]byte(step.path)})
		if _, err := s.ask(s.watcher, jute.OpSetWatches, &in); err != nil {
			return err
		}
		if err := s.told(-1, step.what, step.path); err != nil {
			return err
		}
	}
	return nil
}

// replies records the replies that have encoders of their own.
func (s *scene) replies() error {
	path := []byte("/é€")
	for _, step := range []struct {
		name string
		op   jute.OpCode
		body jute.Record
	}{
		{"getData", jute.OpGetData, &jute.PathWatch{Path: path}},
		{"exists", jute.OpExists, &jute.PathWatch{Path: path}},
		{"setData", jute.OpSetData, &jute.SetDataRequest{Path: path, Data: nil, Version: -1}},
		{"getData", jute.OpGetData, &jute.PathWatch{Path: path}},
		{"setData", jute.OpSetData, &jute.SetDataRequest{Path: path, Data: []byte{}, Version: 1}},
		{"getData", jute.OpGetData, &jute.PathWatch{Path: path}},
		{"getData", jute.OpGetData, &jute.PathWatch{Path: []byte("/none")}},
	} {
		if _, err := s.ask(s.watcher, step.op, step.body); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, "reply", step.name, hex.EncodeToString(s.tape.reply))
		if err != nil {
			return err
		}
	}
	return nil
}
