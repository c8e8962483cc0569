package reactor

import (
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"
)

// At the limit of open files some connections are let in all the same, to ask how the server is.
// They are few, they leave as guests, and they have little time.
func TestGuestsAtTheLimitOfDescriptors(t *testing.T) {
	a := newAdmission(0, 0)
	var addr netip.Addr
	for range guestsMost {
		holds(t, a.enterGuest(addr), "there is room for guests")
	}
	holds(t, !a.enterGuest(addr), "no more")
	equal(t, 0, a.count(), "guests are not among the others")
	a.leave(addr, true)
	holds(t, a.enterGuest(addr), "one has left")
	for range guestsMost {
		a.leave(addr, true)
	}
	equal(t, 0, len(a.byAddress), "addresses")

	onBoth(t, func(t *testing.T, tr Transport) {
		guests := make(chan bool, 1000)
		closed := make(chan error, 1000)
		refused := make(chan Refusal, 1000)
		s := start(t, &server{
			cfg: Config{
				Transport: tr, ConnectDeadline: time.Hour,
				Refused: func(why Refusal, _ netip.AddrPort, _ error) { refused <- why },
			},
			open: func(c *Conn) Stream {
				guests <- c.Guest()
				return &stream{
					input: framed(c, 9, func(p []byte) { writeFrame(c, p) }),
					closed: func(err error) {
						if c.Guest() {
							closed <- err
						}
					},
				}
			},
		})
		limits := s.handle.r.admission
		limits.mu.Lock()
		limits.maxTotal, limits.totalRefusal = 1, RefusedByDescriptors
		limits.mu.Unlock()
		ask := func() {
			nc := s.dial()
			_, err := nc.Write(frameOf([]byte("ruok")))
			noError(t, err)
			equal(t, "ruok", string(readFrame(t, nc)), "answer")
		}
		ask()
		holds(t, !<-guests, "the first is no guest")
		for range guestsMost {
			ask()
			holds(t, <-guests, "a guest")
		}
		_, err := io.ReadAll(s.dial())
		noError(t, err)
		equal(t, RefusedByDescriptors, <-refused, "refused")
		for range guestsMost { // they are silent
			err := receive(t, closed, "the end of a guest")
			holds(t, errors.Is(err, ErrConnectDeadline), "why: %v", err)
		}
		ask()
		holds(t, <-guests, "there is room for guests again")
		equal(t, 1, limits.count(), "who came first is still there")
	})
}

// Clients that are turned away come back at once: at the limit the acceptor takes its time.
func TestTheAcceptorRestsAtTheLimitOfDescriptors(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr}, open: echo})
		limits := s.handle.r.admission
		limits.mu.Lock()
		limits.maxTotal, limits.totalRefusal = 1, RefusedByDescriptors
		limits.total = 1
		limits.mu.Unlock()
		const clients = 50
		began := time.Now()
		for range clients {
			nc := s.dial()
			_, _ = nc.Write(frameOf([]byte("x")))
			defer nc.Close()
		}
		eventually(t, "all are answered or refused", func() bool {
			return s.stats.Accepted.Load()+s.stats.Refused[RefusedByDescriptors].Load() == clients
		})
		holds(t, time.Since(began) >= (clients-1)*atLimitPause, "it rested")
		limits.mu.Lock()
		limits.total = 0
		limits.mu.Unlock()
	})
}
