package hostile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// Target is the member that is attacked.
type Target struct {
	Election, Quorum string // addresses
	ID, Peer         int64  // of the member, and of a live peer whose name is taken
}

// Attack is one way to be hostile.
type Attack struct {
	Name string
	// Leader says that the quorum port of the leader is the target.
	Leader bool
	Do     func(ctx context.Context, t Target, random *rand.Rand) error
}

// Attacks are all of them.
func Attacks() []Attack {
	return append(electionAttacks(), quorumAttacks()...)
}

// ErrKept: a connection that had to be closed is still open.
var ErrKept = errors.New("the connection was kept")

// Times of an attacker. closeWithin is the longest that a member may keep a connection that has
// sent what cannot be right.
const (
	dialWithin  = time.Second
	closeWithin = 12 * time.Second
	pause       = 5 * time.Millisecond
)

// each calls do with one connection after the other until ctx ends. What do gets as an error from
// the connection is what the member is meant to do.
func each(
	ctx context.Context, addr string, do func(context.Context, net.Conn) error,
) error {
	for ctx.Err() == nil {
		dialer := net.Dialer{Timeout: dialWithin}
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			wait(ctx, pause)
			continue
		}
		err = do(ctx, conn)
		conn.Close()
		if errors.Is(err, ErrKept) {
			return err
		}
		wait(ctx, pause)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// closes waits until the other side ends the connection, and reads what comes meanwhile.
func closes(ctx context.Context, conn net.Conn) error {
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := conn.SetReadDeadline(time.Now().Add(closeWithin)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() && ctx.Err() == nil {
		return fmt.Errorf("%w for %v", ErrKept, closeWithin)
	}
	return err
}

// says is an attack that sends some bytes and expects the end of the connection.
func says(make func(t Target, random *rand.Rand) []byte, quorum bool) func(
	context.Context, Target, *rand.Rand) error {
	return func(ctx context.Context, t Target, random *rand.Rand) error {
		addr := t.Election
		if quorum {
			addr = t.Quorum
		}
		return each(ctx, addr, func(ctx context.Context, conn net.Conn) error {
			if _, err := conn.Write(make(t, random)); err != nil {
				return err
			}
			return closes(ctx, conn)
		})
	}
}

// noise is up to 64 KiB of chance, the first byte of which begins no length that fits.
func noise(random *rand.Rand) []byte {
	b := make([]byte, 64+random.IntN(64<<10))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	b[0] |= 0x80
	b[1] = 0
	return b
}

// crowd holds many connections that each sent a little and then nothing.
func crowd(ctx context.Context, addr string, n int, first []byte) error {
	var all []net.Conn
	defer func() {
		for _, c := range all {
			c.Close()
		}
	}()
	dialer := net.Dialer{Timeout: dialWithin}
	for len(all) < n && ctx.Err() == nil {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			wait(ctx, pause)
			continue
		}
		all = append(all, conn)
		if _, err := conn.Write(first); err != nil {
			conn.Close()
		}
	}
	<-ctx.Done()
	return nil
}
