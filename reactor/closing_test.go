package reactor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// ruok is a client that does what `echo ruok | nc` does: the word and the FIN at once.
func ruok(t *testing.T, s *server) *net.TCPConn {
	t.Helper()
	nc := s.dial()
	_, err := nc.Write([]byte("ruok"))
	noError(t, err)
	noError(t, nc.CloseWrite())
	return nc
}

// TestAnswerAfterFIN: a four-letter word is answered although the client has sent its FIN, in one
// write, however the stream ends it.
func TestAnswerAfterFIN(t *testing.T) {
	endings := map[string]struct {
		end  func(*Conn)
		want error
	}{
		"leaves it to the client": {func(*Conn) {}, io.EOF},
		"Close":                   {(*Conn).Close, nil},
		"CloseAfterFlush":         {(*Conn).CloseAfterFlush, nil},
	}
	onBoth(t, func(t *testing.T, tr Transport) {
		for name, ending := range endings {
			t.Run(name, func(t *testing.T) {
				closed := make(chan error, 1)
				s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
					return &stream{closed: func(err error) { closed <- err },
						input: func(in []byte) int {
							if len(in) < 4 {
								return 0
							}
							c.Write([]byte("im"))
							c.Write([]byte("ok"))
							ending.end(c)
							return len(in)
						}}
				}})
				nc := s.dial()
				eventually(t, "open", func() bool { return s.stats.Open.Load() == 1 })
				thaw := s.freeze()
				_, err := nc.Write([]byte("ruok"))
				noError(t, err)
				noError(t, nc.CloseWrite())
				thaw()
				got, err := io.ReadAll(nc)
				noError(t, err)
				equal(t, "imok", string(got), "the answer")
				holds(t, errors.Is(receive(t, closed, "Closed"), ending.want), "%v", ending.want)
				s.stop()
				equal(t, 1, s.stats.Writes.Load(), "writes")
			})
		}
	})
}

// TestFINBehindManyBatches: a stream that takes its input in small batches gets all of it although
// the FIN is there from the first.
func TestFINBehindManyBatches(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const frames = 6000
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			c.Established()
			return &stream{input: framed(c, 1, func(p []byte) { writeFrame(c, p) })}
		}})
		nc := s.dial()
		eventually(t, "open", func() bool { return s.stats.Open.Load() == 1 })
		all := bytes.Repeat(frameOf([]byte("12345")), frames)
		thaw := s.freeze()
		_, err := nc.Write(all)
		noError(t, err)
		noError(t, nc.CloseWrite())
		thaw()
		got, err := io.ReadAll(nc)
		noError(t, err)
		holds(t, bytes.Equal(all, got), "all %d bytes, got %d", len(all), len(got))
	})
}

// TestLongAnswerAfterFIN: an answer that the kernel does not take at once is not cut short by the
// FIN, nor by the close that the stream asked for.
func TestLongAnswerAfterFIN(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		answer := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
		closed := make(chan error, 1)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			return &stream{closed: func(err error) { closed <- err },
				input: func(in []byte) int {
					c.Write(answer)
					c.CloseAfterFlush()
					c.Write([]byte("too late"))
					return len(in)
				}}
		}})
		got, err := io.ReadAll(ruok(t, s))
		noError(t, err)
		holds(t, bytes.Equal(answer, got), "all %d bytes, got %d", len(answer), len(got))
		noError(t, receive(t, closed, "Closed"))
	})
}

// TestCloseAfterFlushDeadline: a client that does not read does not keep a connection that waits
// for its output to leave.
func TestCloseAfterFlushDeadline(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		closed := make(chan error, 1)
		cfg := Config{Transport: tr, CloseDeadline: 30 * time.Millisecond}
		s := start(t, &server{cfg: cfg, open: func(c *Conn) Stream {
			return &stream{closed: func(err error) { closed <- err },
				input: func(in []byte) int {
					c.Write(make([]byte, 32<<20))
					c.CloseAfterFlush()
					return len(in)
				}}
		}})
		ruok(t, s)
		noError(t, receive(t, closed, "Closed"))
		equal(t, 1, s.stats.Closed[ClosedByServer].Load(), "closed by the server")
	})
}

// TestFINBehindParkedInput: while a connection is parked its FIN is not seen; after Unpark the
// stream gets what came before the FIN, then Closed. The lane parks, so a read may be under way.
func TestFINBehindParkedInput(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		for _, late := range []string{"", " and three"} {
			events := make(chan string, 8)
			var conn *Conn
			consume := false
			s := &server{cfg: Config{Transport: tr}}
			s.open = func(c *Conn) Stream {
				conn = c
				return &stream{
					closed: func(err error) { events <- "closed " + err.Error() },
					input: func(in []byte) int {
						if !consume {
							return 0
						}
						events <- string(in)
						return len(in)
					}}
			}
			start(t, s)
			nc := s.dial()
			_, err := nc.Write([]byte("one and two"))
			noError(t, err)
			eventually(t, "the input", func() bool { return s.stats.Inputs.Load() > 0 })
			s.do(0, func() { conn.Park() })
			_, err = nc.Write([]byte(late))
			noError(t, err)
			noError(t, nc.CloseWrite())
			// The FIN has been there for many turns when the connection is unparked.
			for turns := s.stats.Turns.Load(); s.stats.Turns.Load() < turns+100; {
				s.wakes[0]()
			}
			equal(t, 0, len(events), "events while parked")
			s.do(0, func() { consume = true; conn.Unpark() })
			var got string
			for got != "one and two"+late {
				ev := receive(t, events, "the parked input")
				holds(t, ev != "closed EOF", "input before Closed, got %q", got)
				got += ev
			}
			equal(t, "closed EOF", receive(t, events, "Closed"), "the end")
			s.stop()
		}
	})
}

// TestResetWhileOutputIsPending: a client that is gone for good does not stay for being parked.
func TestResetWhileOutputIsPending(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		closed := make(chan error, 1)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			return &stream{closed: func(err error) { closed <- err },
				input: func(in []byte) int {
					c.Write(make([]byte, 32<<20))
					c.Park()
					return len(in)
				}}
		}})
		nc := s.dial()
		_, err := nc.Write([]byte("go"))
		noError(t, err)
		_, err = io.ReadFull(nc, make([]byte, 1<<20))
		noError(t, err)
		noError(t, nc.SetLinger(0))
		noError(t, nc.Close())
		holds(t, receive(t, closed, "Closed") != nil, "Closed tells an error")
		eventually(t, "nothing pending", func() bool { return s.stats.PendingBytes.Load() == 0 })
	})
}

// TestCloseInsideEverything: whatever a stream calls, and when, Closed comes once, last, and not
// inside another call.
func TestCloseInsideEverything(t *testing.T) {
	calls := map[string]func(*Conn){
		"Close":           (*Conn).Close,
		"CloseAfterFlush": (*Conn).CloseAfterFlush,
		"Park":            (*Conn).Park,
		"Unpark":          (*Conn).Unpark,
		"Again":           (*Conn).Again,
		"Established":     (*Conn).Established,
		"Write":           func(c *Conn) { c.Write(make([]byte, 100)) },
		"WriteMuch":       func(c *Conn) { c.Write(make([]byte, 8<<20)) },
	}
	onBoth(t, func(t *testing.T, tr Transport) {
		for first, a := range calls {
			for second, b := range calls {
				closed := make(chan int, 4)
				s := &server{cfg: Config{Transport: tr}}
				s.open = func(c *Conn) Stream {
					depth, ends := 0, 0
					return &stream{
						input: func(in []byte) int {
							depth++
							a(c)
							b(c)
							c.Close()
							c.Close()
							depth--
							return len(in)
						},
						closed: func(error) {
							ends++
							for _, call := range calls {
								call(c) // of no effect
							}
							closed <- depth + 10*ends + c.Pending()
						}}
				}
				start(t, s)
				nc := s.dial()
				_, err := nc.Write([]byte("x"))
				noError(t, err)
				equal(t, 10, receive(t, closed, "Closed"), first+", "+second)
				s.stop()
				equal(t, 0, len(closed), "further calls of Closed")
				_ = nc.Close()
			}
		}
	})
}

// TestClosedMayUseOtherConnections: the end of one connection writes to another, as a session's
// end fires the watches of others.
func TestClosedMayUseOtherConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		var watcher *Conn
		opened := make(chan struct{}, 2)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			defer func() { opened <- struct{}{} }()
			if watcher == nil {
				watcher = c
				return &stream{}
			}
			return &stream{
				input:  func(in []byte) int { c.Close(); return len(in) },
				closed: func(error) { writeFrame(watcher, []byte("it is gone")) },
			}
		}})
		first := s.dial()
		receive(t, opened, "open")
		second := s.dial()
		receive(t, opened, "open")
		_, err := second.Write([]byte("bye"))
		noError(t, err)
		equal(t, "it is gone", string(readFrame(t, first)), "the event")
	})
}
