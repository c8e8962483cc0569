package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// each keeps many attackers busy, some at a time: one is called again and again until ctx ends,
// with the connection that it returned, nil at first.
func (t *target) each(
	ctx context.Context, clients int, one func(conn net.Conn, i int) net.Conn,
) {
	const workers = 50
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			conns := make([]net.Conn, clients/workers)
			for ctx.Err() == nil {
				for i := range conns {
					if ctx.Err() == nil {
						conns[i] = one(conns[i], worker*len(conns)+i)
					}
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
}

// endless is 1,500 sessions that each begin a frame of a megabyte, send all of it but the end, and
// a byte a second from then on; 50 of them send at a time, some 100 MB/s in all, so that memory is
// attacked and not the cores. Who is closed comes back. A legal client among them sends a megabyte
// in pieces.
func endless(ctx context.Context, t *target) error {
	const clients, frameBytes = 1500, 1_000_000
	begun := make([]byte, 4+frameBytes-8192)
	binary.BigEndian.PutUint32(begun, frameBytes)
	done := make(chan error, 1)
	go func() { done <- t.slowly(ctx) }()
	t.each(ctx, clients, func(conn net.Conn, _ int) net.Conn {
		text := begun[4:5]
		if conn == nil {
			c, ok := t.dial(ctx)
			if !ok {
				return nil
			}
			if shake(c, 30*time.Second) != nil {
				c.Close()
				return nil
			}
			conn, text = c, begun
		}
		const pieceBytes = 64 << 10
		for len(text) > 0 {
			piece := text[:min(pieceBytes, len(text))]
			text = text[len(piece):]
			_ = conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
			if _, err := conn.Write(piece); err != nil {
				t.count("closed", 1)
				conn.Close()
				return nil
			}
			t.count("bytes", int64(len(piece)))
			if len(text) > 0 {
				pause(ctx, 30*time.Millisecond)
			}
		}
		return conn
	})
	return <-done
}

// slowly sets a megabyte over and over, in pieces, 4 MB/s.
func (t *target) slowly(ctx context.Context) error {
	const dataBytes, pieceBytes = 1_000_000, 40_000
	conn, err := wire.Dial(ctx, t.addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return nil // the window is over
	}
	defer conn.Abort()
	_, _, err = conn.Create(ctx, "/slowly", nil, nil, jute.ModePersistent)
	if err != nil && !errors.Is(err, jute.NodeExists) && ctx.Err() == nil {
		return fmt.Errorf("a create among endless frames: %w", err)
	}
	frame := wire.NewFrame(jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/slowly"), Data: make([]byte, dataBytes), Version: -1,
	})
	raw, ok := t.dial(ctx)
	if !ok {
		return nil
	}
	defer raw.Close()
	if err := shake(raw, 30*time.Second); err != nil {
		return err
	}
	for xid := int32(1); ctx.Err() == nil; xid++ {
		for rest := numbered(frame, xid); len(rest) > 0 && ctx.Err() == nil; {
			n := min(pieceBytes, len(rest))
			if _, err := raw.Write(rest[:n]); err != nil {
				return fmt.Errorf("a megabyte in pieces: %w", err)
			}
			rest = rest[n:]
			pause(ctx, 10*time.Millisecond)
		}
		if ctx.Err() != nil {
			return nil
		}
		_ = raw.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := readFrame(raw, nil); err != nil {
			return fmt.Errorf("the answer to a megabyte: %w", err)
		}
		t.count("megabytes set in pieces", 1)
	}
	return nil
}

// longWatch is one stranger's connection that watches 1,500 paths of 900 KB, and begins anew when
// the server has closed it.
func longWatch(ctx context.Context, t *target) error { return t.watchLong(ctx, 1) }

// longWatches is 50 such connections.
func longWatches(ctx context.Context, t *target) error { return t.watchLong(ctx, 50) }

func (t *target) watchLong(ctx context.Context, clients int) error {
	const paths, pathBytes = 1500, 900_000
	path := append([]byte{'/'}, bytes.Repeat([]byte("n"), pathBytes-1)...)
	var all sync.WaitGroup
	slots := make(chan struct{}, 2) // what one machine sends is enough from two
	for i := range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				slots <- struct{}{}
				conn, ok := t.dial(ctx)
				if ok && shake(conn, 30*time.Second) == nil {
					mine := bytes.Clone(path)
					for n := range paths {
						copy(mine[1:], fmt.Sprintf("%08d", i*paths+n))
						frame := wire.NewFrame(jute.OpExists, &jute.PathWatch{
							Path: mine, Watch: true,
						})
						_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
						if _, err := conn.Write(numbered(frame, int32(n+1))); err != nil {
							break
						}
						if _, err := readFrame(conn, nil); err != nil {
							t.count("closed", 1)
							break
						}
						t.count("watches set", 1)
					}
				}
				<-slots
				if ok {
					pause(ctx, time.Second)
					conn.Close()
				}
			}
		})
	}
	all.Wait()
	return nil
}
