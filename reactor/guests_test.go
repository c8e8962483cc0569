package reactor

import (
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"quoll/reactor/door"
)

// At the limit of open files some connections are let in all the same, to ask how the server is.
// They are few, they leave as guests, and they have little time.
func TestGuestsAtTheLimitOfDescriptors(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		guests := make(chan bool, 1000)
		closed := make(chan error, 1000)
		refused := make(chan door.Refusal, 1000)
		s := start(t, &server{
			cfg: Config{
				Transport: tr, ConnectDeadline: time.Hour, Listeners: []string{},
				Refused: func(why door.Refusal, _ netip.AddrPort, _ error) { refused <- why },
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
		s.behind(1)
		ask := func() {
			nc := s.dial()
			_, err := nc.Write(frameOf([]byte("ruok")))
			noError(t, err)
			equal(t, "ruok", string(readFrame(t, nc)), "answer")
		}
		ask()
		holds(t, !<-guests, "the first is no guest")
		for range door.GuestsMost {
			ask()
			holds(t, <-guests, "a guest")
		}
		_, err := io.ReadAll(s.dial())
		noError(t, err)
		equal(t, door.ByDescriptors, <-refused, "refused")
		for range door.GuestsMost { // they are silent
			err := receive(t, closed, "the end of a guest")
			holds(t, errors.Is(err, ErrConnectDeadline), "why: %v", err)
		}
		ask()
		holds(t, <-guests, "there is room for guests again")
		equal(t, 1, s.handle.r.door.Admitted(), "who came first is still there")
	})
}

// behind puts a server without listeners behind a door for which the limit of open files leaves
// room for so many connections.
func (s *server) behind(descriptors int) {
	s.t.Helper()
	r := s.handle.r
	r.cfg.Limits.Descriptors = descriptors
	r.door = r.newDoor()
	ln, at, err := r.door.Bind("127.0.0.1:0")
	noError(s.t, err)
	noError(s.t, r.door.Open(ln))
	s.addr = at.String()
}
