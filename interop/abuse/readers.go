package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// bulkBytes is the data of the node that is asked for where replies shall be large.
const bulkBytes = 10_000

// bulk makes a node of a size, and returns the frame that gets it.
func (t *target) bulk(ctx context.Context, path string) ([]byte, error) {
	conn, err := wire.Dial(ctx, t.addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	defer conn.Abort()
	_, _, err = conn.Create(ctx, path, make([]byte, bulkBytes), nil, jute.ModePersistent)
	if err != nil && !errors.Is(err, jute.NodeExists) {
		return nil, err
	}
	return wire.NewFrame(jute.OpGetData, &jute.PathWatch{Path: []byte(path)}), nil
}

// deaf is many clients that each ask for 6 MB, and for more each second, and never read.
// The server may close them when their session's time is over; then they come back.
func deaf(ctx context.Context, t *target) error {
	const clients, asks, workers = 4000, 600, 100
	get, err := t.bulk(ctx, "/deaf")
	if err != nil {
		return err
	}
	var volley []byte
	for i := range asks {
		volley = append(volley, numbered(get, int32(i+1))...)
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			conns := make([]net.Conn, clients/workers)
			for round := 0; ctx.Err() == nil; round++ {
				for i := range conns {
					if ctx.Err() != nil {
						break
					}
					conns[i] = t.shout(ctx, conns[i], volley, get)
				}
				pause(ctx, time.Second)
			}
			for _, conn := range conns {
				if conn != nil {
					conn.Close()
				}
			}
		})
	}
	all.Wait()
	return nil
}

// shout keeps one deaf client busy: a new one asks a lot, an old one a little more. It returns the
// connection, nil if it is closed.
func (t *target) shout(ctx context.Context, conn net.Conn, volley, more []byte) net.Conn {
	text := more
	if conn == nil {
		c, ok := t.dial(ctx)
		if !ok {
			return nil
		}
		// Little room here leaves the replies with the server.
		if c.SetReadBuffer(4<<10) != nil || shake(c, 10*time.Second) != nil {
			t.count("handshakes failed", 1)
			c.Close()
			return nil
		}
		conn, text = c, volley
	}
	if conn.SetWriteDeadline(time.Now().Add(time.Millisecond)) != nil {
		return nil
	}
	_, err := conn.Write(text)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.count("writes held by the server", 1)
	case err != nil:
		t.count("closed by the server", 1)
		conn.Close()
		return nil
	}
	return conn
}

func numbered(frame []byte, xid int32) []byte {
	frame = append([]byte(nil), frame...)
	binary.BigEndian.PutUint32(frame[4:], uint32(xid))
	return frame
}

// large is a legal client that has 200 sets of 1 MB in flight, again and again. Each is answered.
func large(ctx context.Context, t *target) error {
	const sets, bytes = 200, 1_000_000
	if _, err := t.bulk(ctx, "/large"); err != nil {
		return err
	}
	conn, ok := t.dial(ctx)
	if !ok {
		return errors.New("it could not connect")
	}
	defer conn.Close()
	if err := shake(conn, 30*time.Second); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	set := wire.NewFrame(jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/large"), Data: make([]byte, bytes), Version: -1,
	})
	in := bufio.NewReader(conn)
	for done := false; !done; done = ctx.Err() != nil {
		if err := conn.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
			return err
		}
		failed := make(chan error, 1)
		go func() {
			for i := range sets {
				if _, err := conn.Write(numbered(set, int32(i+1))); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
		if err := replies(in, 1, sets); err != nil {
			return fmt.Errorf("after %d volleys: %w", t.counts()["volleys of 200 MB"], err)
		}
		if err := <-failed; err != nil {
			return err
		}
		t.count("volleys of 200 MB", 1)
	}
	return nil
}

// replies reads the replies to xids first, first+1, ..., all of them without an error.
func replies(in *bufio.Reader, first, n int) error {
	var buf []byte
	for xid := first; xid < first+n; xid++ {
		frame, err := readFrame(in, buf)
		if err != nil {
			return fmt.Errorf("reply %d of %d: %w", xid, n, err)
		}
		var h jute.ReplyHeader
		if _, err := jute.Decode(frame, &h); err != nil {
			return err
		}
		if h.Xid != int32(xid) || h.Err != jute.OK {
			return fmt.Errorf("reply %d of %d: xid %d, %v", xid, n, h.Xid, h.Err)
		}
		buf = frame
	}
	return nil
}

// sleeper is a legal client that asks for 30 MB, sleeps, and then reads it all. Its receive buffer
// is the system's: with one below a loopback segment the kernel waits for its probes of the closed
// window, by then half a minute apart, whoever the server is.
func sleeper(ctx context.Context, t *target) error {
	const asks = 3000
	// A session lives longer than the sleep.
	timeout := 40 * time.Second
	get, err := t.bulk(ctx, "/sleeper")
	if err != nil {
		return err
	}
	conn, ok := t.dial(ctx)
	if !ok {
		return errors.New("it could not connect")
	}
	defer conn.Close()
	if err := shake(conn, timeout); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	sent := make(chan error, 1)
	go func() {
		for i := range asks {
			if _, err := conn.Write(numbered(get, int32(i+1))); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	time.Sleep(t.sleep)
	woken := time.Now()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if err := replies(bufio.NewReader(conn), 1, asks); err != nil {
		return fmt.Errorf("%v after a sleep of %v: %w", time.Since(woken), t.sleep, err)
	}
	t.count("replies read after the sleep", asks)
	if err := <-sent; err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
