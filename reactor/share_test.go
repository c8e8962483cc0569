package reactor

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/panjf2000/gnet/v2"
)

// TestThoseThatWantMoreTakeTurns: a turn serves as many as its share allows, in the order in which
// they asked, and who was not served stands before who was and asked again.
func TestThoseThatWantMoreTakeTurns(t *testing.T) {
	var served strings.Builder
	var l *loop
	l = fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
		return &stream{input: func([]byte) int {
			fmt.Fprint(&served, c.ID())
			for until := l.clock() + readyShare; l.clock() < until; {
			}
			c.Again()
			return 0
		}}
	}})
	var links []*fakeLink
	for range 4 {
		f := l.fakeConn(t)
		links = append(links, f)
		l.received(f.c, []byte("more"))
	}
	l.turn()
	equal(t, "1234", served.String(), "first input")
	for range 6 {
		l.turn()
	}
	equal(t, "1234123412", served.String(), "one a turn, in order")
	l.received(links[3].c, []byte("and more"))
	equal(t, "1234123412", served.String(), "new bytes are no second share")
	l.turn()
	l.turn()
	equal(t, "123412341234", served.String(), "the order stays")
	equal(t, len("moreand more"), links[3].c.in.Len(), "nothing is lost")
}

// TestRoomShrinksWithTheQueue and with what is pending.
func TestRoomShrinksWithTheQueue(t *testing.T) {
	var rooms []int
	l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
		return &stream{input: func([]byte) int {
			rooms = append(rooms, c.Room())
			c.Again()
			return 0
		}}
	}})
	c := l.fakeConn(t).c
	equal(t, roomMaxBytes, c.Room(), "alone")
	for range 15 {
		l.received(l.fakeConn(t).c, []byte("more"))
	}
	equal(t, turnRoomBytes/16, c.Room(), "one of 16")
	for range 100 {
		l.received(l.fakeConn(t).c, []byte("more"))
	}
	equal(t, roomMinBytes, c.Room(), "one of many")
	rooms = nil
	l.turn()
	l.turn()
	for _, room := range rooms {
		equal(t, roomMinBytes, room, "in line")
	}
	holds(t, len(rooms) > 0, "someone was served")
	l = fakeLoop(t, Config{}, Lane{Open: func(*Conn) Stream { return &stream{} }})
	c = l.fakeConn(t).c
	l.r.stats.PendingBytes.Store(l.r.cfg.OutputBudget/2 + 1)
	equal(t, roomMinBytes, c.Room(), "where memory is short")
}

// TestTurnsWithoutEndLeaveTimeToRead: a task of gnet's that queues itself runs 256 times before a
// socket is looked at, so a loop whose connections always want more must ask for its turns in
// another way. The greedy stream itself speaks for the other client, on the loop, and counts its
// turns while the kernel holds what it said: how fast anybody else runs does not count.
func TestTurnsWithoutEndLeaveTimeToRead(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const words = 200
		var other *Conn       // the connection that asks for little
		var near *net.TCPConn // its client
		said, heard, turns := 0, 0, 0
		greedy, done := make(chan bool, 1), make(chan bool)
		speak := func() {
			switch {
			case near == nil:
			case said > heard && other.link.unread():
				turns++
			case said == heard && said < words:
				said++
				if _, err := near.Write([]byte("e")); err != nil {
					t.Error(err)
				}
			}
		}
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			other = c // the second of two
			return &stream{input: func(in []byte) int {
				if in[0] == 'e' {
					if heard++; heard == words {
						close(done)
					}
					return len(in)
				}
				select {
				case greedy <- true:
				default:
				}
				speak()
				c.Again()
				return 0
			}}
		}})
		_, err := s.dial().Write([]byte("more"))
		noError(t, err)
		receive(t, greedy, "the greedy one")
		nc := s.dial()
		eventually(t, "the other is open", func() bool { return s.stats.Open.Load() == 2 })
		s.do(0, func() { near = nc })
		receive(t, done, "all words")
		s.stop()
		t.Logf("%d turns a word", turns/words)
		holds(t, tr == Std || turns < 128*words, "%d turns between two looks at the sockets",
			turns/words)
	})
}

// TestGnetTasksComeBeforeSockets is why gnetLoop.knock is there.
func TestGnetTasksComeBeforeSockets(t *testing.T) {
	var said atomic.Bool
	l := startLab(t, &lab{traffic: func(gnet.Conn) gnet.Action {
		said.Store(true)
		return gnet.None
	}})
	nc, gc := l.connect()
	el, ran, done := gc.EventLoop(), 0, make(chan bool)
	var again func(context.Context) error
	again = func(ctx context.Context) error {
		if ran++; ran == 1 {
			l.say(nc, "here")
		}
		if ran < 100 {
			return el.Execute(ctx, gnet.RunnableFunc(again))
		}
		done <- said.Load()
		return nil
	}
	noError(t, el.Execute(t.Context(), gnet.RunnableFunc(again)))
	holds(t, !receive(t, done, "the tasks"), "the socket waited for 100 tasks")
}

// TestThousandsThatStallAreClosedByAndBy, and with a reset: nothing of them stays in the kernel.
func TestThousandsThatStallAreClosedByAndBy(t *testing.T) {
	l := fakeLoop(t, Config{StallTimeout: 1}, Lane{Open: func(*Conn) Stream { return &stream{} }})
	var links []*fakeLink
	for range 3*stallsPerScan - 1 {
		f := l.fakeConn(t)
		links = append(links, f)
		f.room = 0
		f.c.Write([]byte("nobody reads this"))
	}
	l.turn()
	closed := func() (n int) {
		for _, f := range links {
			if f.closed {
				n++
				holds(t, f.c.deaf(), "with a reset")
			}
		}
		return n
	}
	for _, want := range []int{stallsPerScan, 2 * stallsPerScan, 3*stallsPerScan - 1} {
		l.signal(sigTick)
		l.turn()
		equal(t, want, closed(), "closed")
	}
}

// TestThousandsThatWaitForTheBudgetResumeByAndBy: one connection leaves, and its memory is not given
// to all the others at once.
func TestThousandsThatWaitForTheBudgetResumeByAndBy(t *testing.T) {
	const each, many = 100, 3 * resumesPerScan
	l := fakeLoop(t, Config{OutputBudget: each * many},
		Lane{Open: func(*Conn) Stream { return &stream{} }})
	write := func(size int) *fakeLink {
		f := l.fakeConn(t)
		f.room = 0
		f.c.Write(make([]byte, size))
		return f
	}
	big := write(each * many)
	var links []*fakeLink
	for range many {
		links = append(links, write(each))
	}
	l.turn()
	reading := func() (n int) {
		for _, f := range links {
			if f.mode == readOn {
				n++
			}
		}
		return n
	}
	l.signal(sigTick)
	l.turn()
	equal(t, 0, reading(), "read from above the budget")
	big.c.Close()
	l.turn()
	for _, want := range []int{resumesPerScan, 2 * resumesPerScan, many} {
		l.signal(sigTick)
		l.turn()
		equal(t, want, reading(), "read from")
	}
}
