package main

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// attackers is how many connections at a time send garbage. More would measure the machine.
const attackers = 4

// random sends bytes without meaning, and frames whose lengths are right and bodies random.
func random(ctx context.Context, t *target) error {
	var all sync.WaitGroup
	for i := range attackers {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(i), uint64(time.Now().UnixNano())))
			for ctx.Err() == nil {
				if conn, ok := t.dial(ctx); ok {
					t.babble(ctx, conn, dice)
					conn.Close()
				}
			}
		})
	}
	all.Wait()
	return nil
}

// babble fills one connection until the server closes it or enough was said.
func (t *target) babble(ctx context.Context, conn net.Conn, dice *rand.Rand) {
	framed := dice.IntN(2) == 0
	if framed && shake(conn, 10*time.Second) != nil {
		return
	}
	go func() { closed(conn, 10*time.Second) }() // ends with conn
	buf := make([]byte, 4+1+dice.IntN(16<<10))
	for range 64 {
		if ctx.Err() != nil {
			return
		}
		for at := range buf {
			buf[at] = byte(dice.Uint32())
		}
		if framed {
			mimic(buf, dice)
		}
		if conn.SetWriteDeadline(time.Now().Add(time.Second)) != nil {
			return
		}
		n, err := conn.Write(buf)
		t.count("random bytes", int64(n))
		if err != nil {
			t.count("closed by the server", 1)
			return
		}
	}
}

// mimic gives random bytes a true length and, mostly, the number of an operation.
func mimic(buf []byte, dice *rand.Rand) {
	binary.BigEndian.PutUint32(buf, uint32(len(buf)-4))
	if len(buf) >= 12 && dice.IntN(4) > 0 {
		binary.BigEndian.PutUint32(buf[8:], uint32(dice.IntN(25)))
	}
}

// frames sends lengths that no frame may have. A connection that claims one must be closed, but
// for 0, which may also be ignored.
func frames(ctx context.Context, t *target) error {
	const maxBuffer = 0xfffff // jute.maxbuffer's default
	lengths := []int32{-1, 0, maxBuffer + 1, -1 << 31, 1<<31 - 1}
	var all sync.WaitGroup
	for i := range attackers {
		all.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				conn, ok := t.dial(ctx)
				if !ok {
					continue
				}
				length := lengths[n/2%len(lengths)]
				if n%2 == 0 && shake(conn, 10*time.Second) != nil {
					t.count("handshakes failed", 1)
				}
				_, _ = conn.Write(binary.BigEndian.AppendUint32(nil, uint32(length)))
				t.count("wrong lengths", 1)
				if length == 0 {
					conn.Close()
				} else if !closed(conn, 5*time.Second) {
					t.count("NOT CLOSED after a wrong length", 1)
				}
				conn.Close()
			}
		})
	}
	all.Wait()
	return nil
}

// loris sends a byte a second on many sockets: half of them a connect request, the others the
// largest legal length and what may follow it. It comes back when it is closed.
func loris(ctx context.Context, t *target) error {
	const sockets = 2000
	request := hello(10 * time.Second)
	long := make([]byte, 4+0xfffff)
	binary.BigEndian.PutUint32(long, 0xfffff)
	type drip struct {
		conn net.Conn
		at   int
	}
	drips := make([]drip, sockets)
	defer func() {
		for _, d := range drips {
			if d.conn != nil {
				d.conn.Close()
			}
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		for i := range drips {
			d := &drips[i]
			if d.conn == nil {
				conn, ok := t.dial(ctx)
				if !ok {
					continue
				}
				*d = drip{conn: conn}
			}
			text := request
			if i%2 == 0 {
				text = long
			}
			_, err := d.conn.Write(text[d.at : d.at+1])
			if d.at++; err != nil || d.at == len(text) {
				t.count("closed by the server", 1)
				d.conn.Close()
				d.conn = nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}
