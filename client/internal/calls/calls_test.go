package calls

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/client/internal/machine"
	"quoll/jute"
)

var (
	errCause   = errors.New("cause")
	errUnknown = errors.New("unknown")
)

func unknown(error) error { return errUnknown }

// hand is a queue with a clock that a test moves.
type hand struct {
	*Queue
	now time.Duration
}

func newHand(limits Limits) *hand {
	if limits.Requests == 0 {
		limits.Requests, limits.Bytes = 100, 1<<20
	}
	h := new(hand)
	h.Queue = NewQueue(limits, func() time.Duration { return h.now })
	return h
}

func (h *hand) make(kind Kind, size int) *Call {
	c := h.New(jute.OpGetData, kind)
	enc := c.Begin()
	body := make([]byte, size)
	enc.Buffer("body", &body)
	c.End(enc)
	return c
}

func (h *hand) enqueue(t require.TestingT, kind Kind, size int) *Call {
	c := h.make(kind, size)
	require.NoError(t, h.Enqueue(context.Background(), c))
	return c
}

// xids are those of the frames that a Take has made.
func xids(frames []byte) (out []int32) {
	for len(frames) > 0 {
		size := binary.BigEndian.Uint32(frames)
		out = append(out, int32(binary.BigEndian.Uint32(frames[4:])))
		frames = frames[4+size:]
	}
	return out
}

func (h *hand) reply(t require.TestingT, xid int32) *Call {
	c, err := h.Match(jute.ReplyHeader{Xid: xid}, false)
	require.NoError(t, err)
	h.Complete(c, []byte("reply"))
	return c
}

func isDone(c *Call) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

func TestCallsAreSentAndAnsweredInOrder(t *testing.T) {
	h := newHand(Limits{})
	a, b := h.enqueue(t, Read, 1), h.enqueue(t, Write, 2)
	frames, more := h.Take([]byte("control"), 7)
	require.False(t, more)
	require.Equal(t, []int32{1, 2}, xids(frames[len("control"):]))
	require.Equal(t, time.Duration(7), a.SentAt())
	_, err := h.Match(jute.ReplyHeader{Xid: 2}, false)
	require.ErrorIs(t, err, ErrXid)
	h.reply(t, 1)
	require.True(t, isDone(a))
	require.False(t, isDone(b))
	require.Equal(t, "reply", string(a.Reply))
	h.reply(t, 2)
	require.True(t, isDone(b))
	_, err = h.Match(jute.ReplyHeader{Xid: 3}, false)
	require.ErrorIs(t, err, ErrXid)
}

// A Take is bounded; the next one goes on.
func TestTakeIsBounded(t *testing.T) {
	h := newHand(Limits{})
	for range 3 {
		h.enqueue(t, Read, takeBytes/2)
	}
	frames, more := h.Take(nil, 0)
	require.True(t, more)
	require.Len(t, xids(frames), 1)
	h.enqueue(t, Read, 2*takeBytes)
	for want := range []int{1, 1, 1} {
		frames, _ = h.Take(nil, 0)
		require.Len(t, xids(frames), 1, want)
	}
}

// The connection took a part of the bytes: calls of which it took none can be sent again, also
// writes.
func TestReturn(t *testing.T) {
	for cut, unsent := range map[string]int{"nothing": 3, "one byte": 2, "one frame": 2, "all": 0} {
		h := newHand(Limits{})
		for range 3 {
			h.enqueue(t, Write, 10)
		}
		frames, _ := h.Take(nil, 0)
		size := len(frames) / 3
		h.Return(map[string]int{
			"nothing": 0, "one byte": 1, "one frame": size, "all": len(frames),
		}[cut])
		got, sent := h.Len()
		require.Equal(t, unsent, got, cut)
		require.Equal(t, 3-unsent, sent, cut)
	}
}

func TestReturnTouchesOnlyTheLastTake(t *testing.T) {
	h := newHand(Limits{})
	h.enqueue(t, Write, 10)
	h.Take(nil, 0)
	h.enqueue(t, Write, 10)
	h.Take(nil, 0)
	h.Return(-5) // not even the control before the calls was written
	unsent, sent := h.Len()
	require.Equal(t, []int{1, 1}, []int{unsent, sent})
}

// Calls made meanwhile stay behind those that come back.
func TestReturnKeepsTheOrder(t *testing.T) {
	h := newHand(Limits{})
	first := h.enqueue(t, Write, 1)
	h.Take(nil, 0)
	second := h.enqueue(t, Write, 1)
	h.Return(0)
	require.Equal(t, []*Call{first, second}, h.unsent.all())
	h.Take(nil, 0)
	h.enqueue(t, Read, 1)
	h.Settle(Fates{Writes: machine.Again})
	require.Equal(t, first, h.unsent.front())
}

func TestAuthIsAnsweredEarly(t *testing.T) {
	h := newHand(Limits{})
	h.enqueue(t, Read, 1)
	auth := h.New(jute.OpAuth, Read)
	auth.End(auth.Begin())
	require.NoError(t, h.Enqueue(context.Background(), auth))
	frames, _ := h.Take(nil, 0)
	require.Equal(t, []int32{1, jute.XidAuth}, xids(frames))
	h.reply(t, jute.XidAuth)
	require.True(t, isDone(auth))
	_, err := h.Match(jute.ReplyHeader{Xid: jute.XidAuth}, false)
	require.ErrorIs(t, err, ErrXid)
	h.reply(t, 1)
}

func TestXidsStayPositive(t *testing.T) {
	h := newHand(Limits{})
	h.lastXid = 1<<31 - 2
	h.enqueue(t, Read, 1)
	h.enqueue(t, Read, 1)
	frames, _ := h.Take(nil, 0)
	require.Equal(t, []int32{1<<31 - 1, 1}, xids(frames))
}

// A caller who leaves: what is not sent is forgotten, what is sent keeps its place until the reply.
func TestAbandon(t *testing.T) {
	h := newHand(Limits{})
	sent, written := h.enqueue(t, Read, 1), h.enqueue(t, Write, 1)
	h.Take(nil, 0)
	unsent := h.enqueue(t, Write, 1)
	for c, want := range map[*Call]machine.Fate{
		sent: machine.Fail, written: machine.Unknown, unsent: machine.Fail,
	} {
		fate, answered := h.Abandon(c)
		require.False(t, answered)
		require.Equal(t, want, fate)
	}
	left, under := h.Len()
	require.Equal(t, []int{0, 2}, []int{left, under})
	h.reply(t, 1)
	h.reply(t, 2)

	c := h.enqueue(t, Read, 1)
	h.Take(nil, 0)
	h.reply(t, 3)
	_, answered := h.Abandon(c)
	require.True(t, answered, "the reply was faster")
	require.True(t, isDone(c))
}

func TestLate(t *testing.T) {
	h := newHand(Limits{Requests: 100, Bytes: 1 << 20, Timeout: time.Second})
	read, write := h.enqueue(t, Read, 1), h.enqueue(t, Write, 1)
	bounded := h.make(Read, 1)
	bounded.Bounded = true
	require.NoError(t, h.Enqueue(context.Background(), bounded))
	h.Take(nil, 0)
	unsent := h.enqueue(t, Write, 1)
	h.now = time.Second - 1
	h.Late(errCause, unknown)
	require.False(t, isDone(read))
	h.now = time.Second
	h.Late(errCause, unknown)
	for c, want := range map[*Call]error{read: errCause, write: errUnknown, unsent: errCause} {
		require.True(t, isDone(c))
		require.Equal(t, want, c.Err)
	}
	require.False(t, isDone(bounded))
	for xid := range int32(3) {
		h.reply(t, xid+1) // in their places there is still someone
	}
	require.True(t, isDone(bounded))
}

func TestRefuse(t *testing.T) {
	h := newHand(Limits{Requests: 1, Bytes: 1 << 20})
	h.enqueue(t, Read, 1)
	waiting := make(chan error)
	go func() { waiting <- h.Enqueue(context.Background(), h.make(Read, 1)) }()
	for inLine := 0; inLine == 0; {
		h.mu.Lock()
		inLine = len(h.room.line)
		h.mu.Unlock()
	}
	h.Refuse(errCause)
	require.Equal(t, errCause, <-waiting)
	require.Equal(t, errCause, h.Enqueue(context.Background(), h.make(Read, 1)))
	h.Refuse(nil)
	h.Settle(Fates{Unsent: machine.Fail, Err: errCause})
	h.enqueue(t, Read, 1)
}

// The line is fair: a large call is not overtaken for ever by small ones.
func TestRoomIsGivenInOrder(t *testing.T) {
	r := room{maxRequests: 10, maxBytes: 100}
	frame := func(n int) *Call { return &Call{frame: make([]byte, n)} }
	first := frame(80)
	require.True(t, r.take(first))
	large := r.wait(frame(90))
	require.False(t, r.take(frame(1)), "someone waits already")
	small := r.wait(frame(1))
	require.False(t, large.granted)
	r.give(first)
	require.True(t, large.granted)
	require.True(t, small.granted)
	r.forget(large)
	r.give(small.call)
	require.Zero(t, r.requests)
	require.Zero(t, r.bytes)
}

// model is what a queue should do, said in the plainest way: every call has a state of its own.
type model struct {
	kind      Kind
	place     string // unsent, sent, over
	left      bool
	err       error
	answered  bool
	timesSent int
}

// Whatever happens in whatever order: each call ends once, as the fates say; a write is sent at
// most once; the order of calls stays.
func TestQueueAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHand(Limits{})
		var all []*Call
		state := map[*Call]*model{}
		in := func(place string) (out []*Call) {
			for _, c := range all {
				if state[c].place == place {
					out = append(out, c)
				}
			}
			return out
		}
		t.Repeat(map[string]func(*rapid.T){
			"enqueue": func(t *rapid.T) {
				kind := rapid.SampledFrom([]Kind{Read, Write}).Draw(t, "kind")
				c := h.enqueue(t, kind, rapid.IntRange(0, 20).Draw(t, "size"))
				all = append(all, c)
				state[c] = &model{kind: kind, place: "unsent"}
			},
			"take": func(t *rapid.T) {
				unsent := in("unsent")
				frames, _ := h.Take(nil, 0)
				require.Len(t, xids(frames), len(unsent))
				kept := rapid.IntRange(0, len(frames)).Draw(t, "written")
				if kept < len(frames) {
					h.Return(kept)
				}
				at := 0
				for _, c := range unsent {
					if at < kept || kept == len(frames) {
						state[c].place = "sent"
						state[c].timesSent++
					}
					at += len(c.frame)
				}
			},
			"reply": func(t *rapid.T) {
				sent := in("sent")
				if len(sent) == 0 {
					return
				}
				h.reply(t, sent[0].Xid())
				state[sent[0]].place, state[sent[0]].answered = "over", true
			},
			"break": func(t *rapid.T) {
				h.Settle(Fates{
					Reads: machine.Again, Writes: machine.Unknown, Err: errCause, Unknown: errUnknown,
				})
				for _, c := range in("sent") {
					if state[c].kind == Write {
						state[c].place, state[c].err = "over", errUnknown
					} else {
						state[c].place = "unsent"
					}
				}
			},
			"expire": func(t *rapid.T) {
				h.Settle(Fates{
					Unsent: machine.Fail, Reads: machine.Fail, Writes: machine.Unknown,
					Err: errCause, Unknown: errUnknown,
				})
				for _, c := range append(in("sent"), in("unsent")...) {
					state[c].err = errCause
					if state[c].place == "sent" && state[c].kind == Write {
						state[c].err = errUnknown
					}
					state[c].place = "over"
				}
			},
			"": func(t *rapid.T) {
				unsent, sent := h.Len()
				require.Equal(t, len(in("unsent")), unsent)
				require.Equal(t, len(in("sent")), sent)
				require.Equal(t, fmt.Sprint(in("unsent")), fmt.Sprint(h.unsent.all()))
				require.Equal(t, unsent+sent, h.room.requests)
				for c, m := range state {
					if m.kind == Write {
						require.LessOrEqual(t, m.timesSent, 1)
					}
					if m.place == "over" {
						require.True(t, isDone(c))
						require.Equal(t, m.err, c.Err)
						delete(state, c)
						m.place = "forgotten"
						state[c] = m
						m.left = true
					}
				}
				kept := all[:0]
				for _, c := range all {
					if state[c].place == "forgotten" {
						require.False(t, isDone(c), "once")
						delete(state, c)
						continue
					}
					kept = append(kept, c)
				}
				all = kept
			},
		})
	})
}

// While a write is unsent, callers are awaited whose writes were answered since the last Take, and
// those of replies that are at hand. Nobody else is.
func TestWhoIsAwaited(t *testing.T) {
	h := newHand(Limits{})
	answer := func(xid int32, atHand bool) {
		t.Helper()
		c, err := h.Match(jute.ReplyHeader{Xid: xid}, atHand)
		require.NoError(t, err)
		h.Complete(c, nil)
	}
	back := func() bool {
		select {
		case <-h.Back():
			return true
		default:
			return false
		}
	}
	h.enqueue(t, Read, 1)
	h.enqueue(t, Write, 1)
	h.enqueue(t, Write, 1)
	h.Take(nil, 0)
	answer(1, true)
	h.enqueue(t, Write, 1)
	require.False(t, h.Awaited(), "who reads waits for nobody's flush")
	answer(2, true)
	require.True(t, h.Awaited())
	h.enqueue(t, Read, 1)
	back()
	require.True(t, h.Awaited(), "one is back, and the next one has a reply at hand")
	answer(3, false)
	require.True(t, h.Awaited())
	require.False(t, back())
	h.enqueue(t, Read, 1)
	require.False(t, h.Awaited(), "whatever a caller asks, it is back")
	require.True(t, back())

	h.Take(nil, 0) // 4 is a write, 5 and 6 are reads
	answer(4, true)
	h.enqueue(t, Read, 1)
	require.False(t, h.Awaited(), "nothing is unsent that would be flushed")
	h.enqueue(t, Write, 1)
	require.True(t, h.Awaited())
	h.AtHand(false)
	require.False(t, h.Awaited(), "what was at hand was an event")
	require.True(t, back())
	answer(5, false)
	answer(6, false)

	h.Take(nil, 0) // 7 is a read, 8 a write
	answer(7, false)
	answer(8, false)
	h.Take(nil, 0)
	h.enqueue(t, Write, 1)
	require.False(t, h.Awaited(), "one was away, and one has come")
	answerAway := h.enqueue(t, Write, 1)
	h.Take(nil, 0) // 9 and 10 are writes
	answer(9, false)
	answer(10, false)
	require.True(t, isDone(answerAway))
	h.Take(nil, 0)
	h.enqueue(t, Write, 1)
	require.True(t, h.Awaited(), "a Take that takes nothing forgets nobody")
	h.Take(nil, 0) // 11
	h.enqueue(t, Write, 1)
	require.False(t, h.Awaited(), "what there was is written")

	left := h.enqueue(t, Write, 1)
	then := h.make(Write, 1)
	then.Then = func(*Call) {}
	require.NoError(t, h.Enqueue(context.Background(), then))
	h.Take(nil, 0) // 12 to 14
	answer(11, false)
	h.enqueue(t, Write, 1)
	require.False(t, h.Awaited())
	h.Abandon(left)
	answer(12, false)
	h.enqueue(t, Write, 1)
	answer(13, false)
	answer(14, false)
	require.False(t, h.Awaited(), "one has left, and the other one does not wait")

	h.Take(nil, 0) // 15 and 16
	answer(15, false)
	answer(16, false)
	h.enqueue(t, Write, 1)
	require.True(t, h.Awaited())
	back()
	h.Settle(Fates{Writes: machine.Unknown})
	require.False(t, h.Awaited(), "there is no connection any more")
	require.True(t, back())
}
