package main

import (
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flood opens connections to a port, says nothing on them, and opens others in place of those that
// are closed, until it is told to end.
func flood(at string, connections int) (end func()) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for {
				c, err := net.DialTimeout("tcp", at, time.Second)
				if err == nil {
					closed := make(chan struct{})
					go func() {
						defer close(closed)
						_, _ = c.Read(make([]byte, 1))
					}()
					select {
					case <-closed:
					case <-stop:
					}
					_ = c.Close()
					<-closed
				}
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	return func() {
		close(stop)
		all.Wait()
	}
}

// reigns is how often a member has come to serve.
func (m *member) reigns() int {
	text, err := os.ReadFile(m.log)
	require.NoError(m.t, err)
	return strings.Count(string(text), "the reign stands")
}

// Members may open few files, and a crowd holds on to every port that they have. The ensemble goes
// on to write, and a member that is killed comes back through a crowd at the clients' ports: log,
// snapshots and the members' own connections have their descriptors.
func TestAFloodLeavesMembersTheirDescriptors(t *testing.T) {
	all := trio(t)
	for _, m := range all {
		m.files = 128
		m.start()
	}
	leader := serving(t, all)
	w := write([]string{leader.addr})
	defer w.end()
	more := func(n int64) {
		t.Helper()
		from := w.acked.Load()
		require.Eventually(t, func() bool { return w.acked.Load() >= from+n }, patience,
			time.Millisecond)
	}
	more(10)
	var strangers []func()
	for _, m := range all {
		defer flood(m.addr, 100)()
		for _, at := range m.ports {
			strangers = append(strangers, flood(at, 100))
		}
	}
	for range 10 {
		more(50)
	}
	for _, end := range strangers {
		end()
	}
	for _, m := range all {
		if m == leader {
			continue
		}
		before := m.reigns()
		m.kill()
		more(50)
		m.start()
		require.Eventually(t, func() bool { return m.reigns() > before }, patience,
			10*time.Millisecond)
		more(50)
	}
	for _, m := range all {
		text, err := os.ReadFile(m.log)
		require.NoError(t, err)
		require.NotContains(t, string(text), "too many open files")
		require.NotContains(t, string(text), "the role has ended")
	}
}
