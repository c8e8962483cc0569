package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"quoll/jute"
)

const atATime = 100

// sessions measures many sessions, and what is left when they are gone.
func sessions(ctx context.Context, s settings, v *verdicts) error {
	server, end, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	// Some connections first, so that what is made once does not count as a leak.
	if err := s.crowd(server.Addr(), min(s.sessions, 20*atATime), nil); err != nil {
		return err
	}
	time.Sleep(time.Second)
	was, err := count(server)
	if err != nil {
		return err
	}
	rss, err := server.kernel.RSS()
	if err != nil {
		return err
	}
	v.note(fmt.Sprintf("VmRSS before the %d sessions", s.sessions), fmt.Sprintf("%d MiB", rss>>20))
	err = s.crowd(server.Addr(), s.sessions, func(took time.Duration) {
		v.within(fmt.Sprintf("%d sessions, %d connecting at a time", s.sessions, atATime), took,
			3*time.Second)
		if rss, err := server.kernel.RSS(); err == nil {
			v.note("VmRSS with them", fmt.Sprintf("%d MiB", rss>>20))
		}
	})
	if err != nil {
		return err
	}
	return leaks(ctx, s, v, server, was)
}

// crowd makes n sessions, calls connected while they are all there, and closes them: half by
// closeSession, half by going away.
func (s settings) crowd(addr string, n int, connected func(took time.Duration)) error {
	conns := make([]net.Conn, n)
	begin := time.Now()
	err := each(n, func(i int) (err error) {
		conns[i], err = connect(addr, 30*time.Second)
		return err
	})
	if err == nil && connected != nil {
		connected(time.Since(begin))
	}
	return errors.Join(err, each(n, func(i int) error {
		if conns[i] == nil {
			return nil
		}
		defer conns[i].Close()
		if i%2 == 0 {
			return nil
		}
		return bye(conns[i])
	}))
}

// each does something n times, some at a time; what fails ends its lane.
func each(n int, do func(i int) error) error {
	var next atomic.Int64
	errs := make([]error, atATime)
	var all sync.WaitGroup
	for w := range atATime {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[w] == nil; i = int(next.Add(1)) - 1 {
				errs[w] = do(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// connect makes a connection with a session, at the least cost to this side.
func connect(addr string, timeout time.Duration) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", addr, 20*time.Second)
	if err != nil {
		return nil, err
	}
	frame := jute.Append(jute.FrameStart(nil),
		&jute.ConnectRequest{
			TimeOut: int32(timeout.Milliseconds()), Passwd: make([]byte, 16),
		})
	jute.FrameEnd(frame, 0)
	reply, err := ask(conn, frame)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	var r jute.ConnectResponse
	if _, err := jute.Decode(reply, &r); err != nil || r.TimeOut <= 0 {
		conn.Close()
		return nil, fmt.Errorf("handshake: timeout %d, %w", r.TimeOut, err)
	}
	return conn, nil
}

// bye ends the session.
func bye(conn net.Conn) error {
	frame := jute.Append(jute.FrameStart(nil),
		&jute.RequestHeader{Xid: 1, Type: jute.OpCloseSession})
	jute.FrameEnd(frame, 0)
	_, err := ask(conn, frame)
	return err
}

func ask(conn net.Conn, frame []byte) ([]byte, error) {
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > 1<<16 {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	reply := make([]byte, n)
	_, err := io.ReadFull(conn, reply)
	return reply, err
}

// census is what may leak.
type census struct{ descriptors, threads int }

func count(server *subject) (census, error) {
	descriptors, err := server.kernel.Descriptors()
	if err != nil {
		return census{}, err
	}
	threads, err := server.kernel.Threads()
	return census{descriptors, threads}, err
}

// leaks compares with the time before. Goroutines are counted in the dump that a Go program prints
// on SIGQUIT, beside that of a server that has served nobody.
func leaks(ctx context.Context, s settings, v *verdicts, server *subject, was census) error {
	var now census
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var err error
		if now, err = count(server); err != nil {
			return err
		}
		if now.descriptors <= was.descriptors || time.Now().After(deadline) {
			break
		}
	}
	v.figure(fmt.Sprintf("descriptors after %d connects", s.sessions),
		fmt.Sprint(now.descriptors), fmt.Sprintf("<= %d", was.descriptors),
		now.descriptors <= was.descriptors)
	// The Go runtime keeps the threads that blocked system calls once needed: there may be more
	// when the machine is busy, but not more with every connection.
	v.figure("threads", fmt.Sprint(now.threads), fmt.Sprintf("<= %d + 16", was.threads),
		now.threads <= was.threads+16)
	after, err := goroutines(server)
	if err != nil {
		return err
	}
	idle, end, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	fresh, err := goroutines(idle)
	if err != nil {
		return err
	}
	v.figure("goroutines", fmt.Sprint(after), fmt.Sprintf("<= %d + 2", fresh), after <= fresh+2)
	return nil
}

// goroutines counts what a server dumps on SIGQUIT, and ends it.
func goroutines(server *subject) (int, error) {
	if err := server.Signal(syscall.SIGQUIT); err != nil {
		return 0, err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if strings.Contains(server.log.String(), "end of the dump") {
			break
		}
		if time.Now().After(deadline) {
			return 0, errors.New("SIGQUIT brought no dump")
		}
	}
	server.Kill()
	n := strings.Count("\n"+server.log.String(), "\ngoroutine ")
	if n == 0 {
		return 0, errors.New("SIGQUIT left no dump of goroutines")
	}
	return n, nil
}
