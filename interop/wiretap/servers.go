package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quoll/client/wire"
	"quoll/interop/apache"
	"quoll/interop/process"
)

// readyWithin bounds the start of a server on a machine that has other work too.
const readyWithin = 2 * time.Minute

// servers are those of Apache's that reach each other through taps.
type servers struct {
	dir    string
	tape   *tape
	multi  bool // a second address each, and hellos of version 2
	quorum map[int]int
	choice map[int]int // election ports
	taps   map[int][2]*tap
	runs   map[int]*apache.Server
	client map[int]int
}

// firstPort is below those that systems give to connections: what a server will listen at must not
// be taken by a connection until it starts.
const firstPort = 21_000

// unused finds a port from next on at which nobody listens.
func unused(next *int) (int, error) {
	var err error
	for tries := 0; tries < 1000; tries++ {
		*next++
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *next)); err == nil {
			return *next, l.Close()
		}
	}
	return 0, fmt.Errorf("no port: %w", err)
}

// observer is the number of the server that does not vote.
const observer = 4

func newServers(dir string, t *tape, multi bool, ids ...int) (*servers, error) {
	e := &servers{dir: dir, tape: t, multi: multi, quorum: map[int]int{}, choice: map[int]int{},
		taps: map[int][2]*tap{}, runs: map[int]*apache.Server{}, client: map[int]int{}}
	next := firstPort
	for _, id := range ids {
		for _, ports := range []map[int]int{e.quorum, e.choice, e.client} {
			port, err := unused(&next)
			if err != nil {
				return nil, err
			}
			ports[id] = port
		}
		q, err := t.listen("quorum", id, e.quorum[id])
		if err != nil {
			return nil, err
		}
		v, err := t.listen("election", id, e.choice[id])
		if err != nil {
			return nil, err
		}
		e.taps[id] = [2]*tap{q, v}
		home := e.home(id)
		if err := os.MkdirAll(home, 0o755); err != nil {
			return nil, fmt.Errorf("ensemble: %w", err)
		}
		err = os.WriteFile(filepath.Join(home, "myid"), fmt.Append(nil, id), 0o644)
		if err != nil {
			return nil, fmt.Errorf("ensemble: %w", err)
		}
	}
	return e, nil
}

func (e *servers) home(id int) string { return filepath.Join(e.dir, fmt.Sprint(id)) }

// settings are the lines of zoo.cfg that a server has in an ensemble.
func (e *servers) settings(id int) map[string]string {
	lines := map[string]string{"tickTime": "500", "initLimit": "40", "syncLimit": "20"}
	for other, taps := range e.taps {
		line := fmt.Sprintf("127.0.0.1:%d:%d", taps[0].number(), taps[1].number())
		if other == id {
			line = fmt.Sprintf("127.0.0.1:%d:%d", e.quorum[id], e.choice[id])
			if e.multi {
				line += fmt.Sprintf("|127.0.0.2:%d:%d", e.quorum[id], e.choice[id])
			}
		}
		if other == observer {
			line += ":observer"
		}
		lines[fmt.Sprintf("server.%d", other)] = line
	}
	if id == observer {
		lines["peerType"] = "observer"
	}
	return lines
}

// start runs servers at once, because none of them serves before there are enough.
func (e *servers) start(ctx context.Context, ids ...int) error {
	type started struct {
		id     int
		server *apache.Server
		err    error
	}
	all := make(chan started, len(ids))
	for _, id := range ids {
		go func() {
			s, err := apache.Start(ctx, apache.Options{
				DataDir: e.home(id), Port: e.client[id], ExtraConfig: e.settings(id),
				ReadyWithin: readyWithin, Log: os.Stderr,
				SystemProps: map[string]string{
					"zookeeper.multiAddress.enabled":                  fmt.Sprint(e.multi),
					"zookeeper.multiAddress.reachabilityCheckEnabled": "false",
				},
				JVM: []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m",
					"-Dorg.slf4j.simpleLogger.defaultLogLevel=off"},
			})
			all <- started{id, s, err}
		}()
	}
	var problems []error
	for range ids {
		s := <-all
		if s.err != nil {
			problems = append(problems, fmt.Errorf("server %d: %w", s.id, s.err))
			continue
		}
		e.runs[s.id] = s.server
	}
	return errors.Join(problems...)
}

func (e *servers) kill(ids ...int) {
	for _, id := range ids {
		if s := e.runs[id]; s != nil {
			s.Kill()
			delete(e.runs, id)
		}
	}
}

func (e *servers) close() {
	for _, s := range e.runs {
		s.Kill()
	}
	for _, taps := range e.taps {
		taps[0].accept.Close()
		taps[1].accept.Close()
	}
}

// dial connects to one of the servers, with a session to take over or a new one.
func (e *servers) dial(ctx context.Context, id int, s wire.Session) (*wire.Conn, error) {
	return wire.Dial(ctx, fmt.Sprintf("127.0.0.1:%d", e.client[id]), wire.Options{
		SessionID: s.ID, Passwd: s.Passwd, Timeout: 20 * time.Second, PingEvery: time.Second,
	})
}

// logged waits until the log of a server holds some bytes.
func (e *servers) logged(ctx context.Context, id int, what string) error {
	return poll(ctx, func() bool {
		logs, _ := filepath.Glob(filepath.Join(e.home(id), "version-2", "log.*"))
		for _, name := range logs {
			text, err := os.ReadFile(name)
			if err == nil && bytes.Contains(text, []byte(what)) {
				return true
			}
		}
		return false
	})
}

// leads waits until a server leads.
func (e *servers) leads(ctx context.Context, id int) error {
	return poll(ctx, func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		answer, err := process.FourLetter(ctx, fmt.Sprintf("127.0.0.1:%d", e.client[id]), "srvr")
		return err == nil && strings.Contains(answer, "Mode: leader")
	})
}

func poll(ctx context.Context, is func() bool) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting: %w", ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}
