package replica_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// The timeout of every client here, and the two ticks of the bounds.
const (
	timeoutMillis = 4000
	twoTicks      = 2000
)

// waits are the reasons why a client waits for the server. In each case the connection is parked,
// and none of its requests is answered until the log is flushed.
var waits = map[string]func(w *world) *wire{
	"in flight": func(w *world) *wire {
		c := w.connect()
		c.pipeline(101)
		return c
	},
	"global limit": func(w *world) *wire {
		var others []*wire
		for range 11 {
			others = append(others, w.connect())
		}
		c := w.connect()
		for _, other := range others {
			other.pipeline(99)
		}
		c.pipeline(2)
		return c
	},
	"bulk turn": func(w *world) *wire {
		large := strings.Repeat("x", 900<<10)
		first, c := w.connect(), w.connect()
		first.feed(first.ask(jute.OpSetData, set("/a", large)))
		c.feed(c.ask(jute.OpSetData, set("/a", large)))
		return c
	},
}

// pipeline sends writes, as fast as the loop takes them.
func (c *wire) pipeline(writes int) {
	for range writes {
		c.left = append(c.left, c.ask(jute.OpSetData, set("/a", "x"))...)
	}
	for c.feed(nil); len(c.left) > 0 && !c.parked; {
		c.feed(nil)
	}
}

func (c *wire) ping() []byte {
	return frame(&jute.RequestHeader{Xid: jute.XidPing, Type: jute.OpPing})
}

// waiting is a world in which a client waits for the server for a reason.
func waiting(t *testing.T, reason string, tells bool) (*world, *wire) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/a", "", 0)))
	w.all()
	c = waits[reason](w)
	w.step()
	require.True(t, c.parked)
	c.tells = tells
	return w, c
}

// ended says whether the end of a session is proposed.
func (w *world) ended(c *wire) bool {
	for _, e := range w.logged {
		if e.Header.Type == jute.OpCloseSession && e.Header.ClientID == c.id {
			return true
		}
	}
	return false
}

// endsWithin ticks until a session ends, and says how long that took.
func (w *world) endsWithin(c *wire, millis int64) (took int64, ok bool) {
	began := w.now.MonoMillis
	for w.now.MonoMillis-began < millis {
		if w.tick(100); w.ended(c) {
			return w.now.MonoMillis - began, true
		}
	}
	return millis, false
}

func onEachWait(t *testing.T, test func(t *testing.T, reason string, tells bool)) {
	for reason := range waits {
		for _, tells := range []bool{true, false} {
			name := reason + ", the kernel tells"
			if !tells {
				name = reason + ", nobody tells"
			}
			t.Run(name, func(t *testing.T) { test(t, reason, tells) })
		}
	}
}

// A client that pings on time does not expire while the server does not read from it, however long
// that is.
func TestAClientThatWaitsForTheServerLives(t *testing.T) {
	onEachWait(t, func(t *testing.T, reason string, tells bool) {
		w, c := waiting(t, reason, tells)
		for i := range 3 * timeoutMillis / 100 {
			if i%10 == 0 {
				c.feed(c.ping())
			}
			w.tick(100)
		}
		require.True(t, c.parked, "it still waits")
		require.False(t, w.ended(c))
	})
}

// The session of a client that died while it waited ends one timeout and two ticks after the last
// byte of the client, if the kernel tells when that was. Otherwise it ends after the wait.
func TestAClientThatDiesWhileItWaitsIsGone(t *testing.T) {
	onEachWait(t, func(t *testing.T, reason string, tells bool) {
		w, c := waiting(t, reason, tells)
		w.tick(100)
		c.feed(c.ping()) // the last byte, which is not read
		if !tells {
			_, ended := w.endsWithin(c, 2*timeoutMillis)
			require.False(t, ended, "it may live")
			w.all()
			for c.parked = false; len(c.left) > 0; w.all() {
				c.feed(nil)
			}
		}
		took, ended := w.endsWithin(c, timeoutMillis+twoTicks)
		require.True(t, ended)
		require.GreaterOrEqual(t, took, int64(timeoutMillis), "not before")
	})
}

// A client that hung up holds no session.
func TestAHangUpHoldsNoSession(t *testing.T) {
	onEachWait(t, func(t *testing.T, reason string, tells bool) {
		w, c := waiting(t, reason, tells)
		c.hungUp = true
		_, ended := w.endsWithin(c, timeoutMillis+twoTicks)
		require.True(t, ended)
	})
}

// A session that moved is kept alive only by its new connection, however long the old one waits.
func TestAMovedSessionIsHeldByItsOwnerAlone(t *testing.T) {
	w, old := waiting(t, "in flight", false)
	c := w.dial()
	c.feed(frame(&jute.ConnectRequest{
		TimeOut: timeoutMillis, SessionID: old.id, Passwd: old.passwd,
	}))
	w.now.MonoMillis++
	w.batches, w.woken = append(w.batches[:0:0], w.batches...), false
	w.step()
	require.True(t, old.closed, "the old connection is told to go")
	_, ended := w.endsWithin(old, timeoutMillis+twoTicks)
	require.True(t, ended, "the new one says nothing")
}

// The session of a client whose output is full lives as long as the client takes output, and at
// most one timeout and two ticks longer.
func TestAFullOutputHoldsASessionWhileItMoves(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.tells = true
	c.progress = 1000
	c.stream.OutputFull(true)
	for range 10 * timeoutMillis / 1000 {
		c.progress++
		for range 10 {
			w.tick(100)
		}
		c.came = w.now.MonoMillis // its pings are not read, and do not count
	}
	require.False(t, w.ended(c), "it takes a byte a second")
	took, ended := w.endsWithin(c, timeoutMillis+twoTicks)
	require.True(t, ended, "output stands")
	require.Less(t, took, int64(timeoutMillis+1000))
}

// A client that waits for its session, or that has sent half a frame, is not kept alive by waiting.
func TestNothingElseHoldsASession(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpSetData, set("/a", "x"))[:9])
	_, ended := w.endsWithin(c, timeoutMillis+twoTicks)
	require.True(t, ended, "an unfinished frame")

	w = newWorld(t)
	c = w.connect()
	c.feed(c.ask(jute.OpGetData, get("/none")))
	again := w.dial()
	w.tick(100)
	c.pipeline(1) // the answer to the connect request waits for it
	again.feed(frame(&jute.ConnectRequest{
		TimeOut: timeoutMillis, SessionID: c.id, Passwd: c.passwd,
	}))
	w.step()
	require.True(t, again.parked)
	_, ended = w.endsWithin(c, timeoutMillis+twoTicks)
	require.True(t, ended, "connecting")
}
