package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/client/wire"
	"quoll/interop/bench/measure"
	"quoll/jute"
)

// load is one connection with a fixed number of requests in flight. Frames are encoded before the
// time starts, so that the client's own cost is that of its system calls.
type load struct {
	cell
	conn   *wire.Pipeline
	random *rand.Rand

	gets, sets [][]byte
	create     []byte // frame, with a number of ten digits at number
	number     int
	created    uint32

	sentAt  []time.Time // of the requests in flight, in their order: a ring of depth
	oldest  int
	latency measure.Histogram
}

func newLoad(ctx context.Context, addr string, c cell, index int) (*load, error) {
	conn, err := wire.DialPipeline(ctx, addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	l := &load{
		cell: c, conn: conn, random: rand.New(rand.NewPCG(uint64(index), 1)),
		sentAt: make([]time.Time, c.depth),
	}
	data := make([]byte, dataBytes)
	for i := range data {
		data[i] = byte(l.random.Uint32())
	}
	for i := range hotNodes {
		path := []byte(hotPath(i))
		l.gets = append(l.gets, wire.NewFrame(jute.OpGetData, &jute.PathWatch{Path: path}))
		l.sets = append(l.sets, wire.NewFrame(jute.OpSetData,
			&jute.SetDataRequest{Path: path, Data: data, Version: -1}))
	}
	path := fmt.Sprintf("%s/new/c%03d-%010d", home, index, 0)
	l.create = wire.NewFrame(jute.OpCreate, &jute.CreateRequest{
		Path: []byte(path), Data: data, ACL: wire.World(),
	})
	l.number = bytes.Index(l.create, []byte(path)) + len(path) - 10
	return l, nil
}

// longest is how long a load may run.
const longest = 5 * time.Minute

// frame is the next request.
func (l *load) frame() []byte {
	i := l.random.Uint32()
	switch {
	case l.kind == get, l.kind == mixed && i>>16%10 != 0:
		return l.gets[i%hotNodes]
	case l.kind == create:
		putNumber(l.create[l.number:], l.created)
		l.created++
		return l.create
	}
	return l.sets[i%hotNodes]
}

// putNumber writes ten decimal digits.
func putNumber(at []byte, n uint32) {
	for i := 9; i >= 0; i-- {
		at[i] = byte('0' + n%10)
		n /= 10
	}
}

// run keeps depth requests in flight until it has run for long enough, then waits for the last
// replies.
func (l *load) run(begin time.Time, over func(ran time.Duration) bool) error {
	now := begin
	if err := l.conn.SetDeadline(now.Add(longest)); err != nil {
		return err
	}
	for i := range l.depth {
		l.conn.Push(l.frame())
		l.sentAt[i] = now
	}
	for inFlight := l.depth; inFlight > 0; {
		if err := l.conn.Flush(); err != nil {
			return err
		}
		// One look at the clock serves all replies that one read brought.
		first := true
		for first || inFlight > 0 && l.conn.Buffered() {
			reply, err := l.conn.Next()
			if err != nil {
				return err
			}
			if reply.Header.Err != jute.OK {
				return fmt.Errorf("%s: %w", l.kind, reply.Header.Err)
			}
			if first {
				now, first = time.Now(), false
			}
			l.latency.Add(now.Sub(l.sentAt[l.oldest]))
			if !over(now.Sub(begin)) {
				l.conn.Push(l.frame())
				l.sentAt[l.oldest] = now
			} else {
				inFlight--
			}
			if l.oldest++; l.oldest == l.depth {
				l.oldest = 0
			}
		}
	}
	return nil
}

// tidy deletes what was created, outside of the measured time.
func (l *load) tidy() error {
	path := []byte(fmt.Sprintf("%s/new/%s", home, l.create[l.number-5:l.number+10]))
	frame := wire.NewFrame(jute.OpDelete, &jute.PathVersion{Path: path, Version: -1})
	number := bytes.Index(frame, path) + len(path) - 10
	if err := l.conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		return err
	}
	return l.conn.All(int(l.created), 100, func(i int) []byte {
		putNumber(frame[number:], uint32(i))
		return frame
	})
}
