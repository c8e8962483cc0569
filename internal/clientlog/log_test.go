package clientlog

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"quoll/jute"
	"quoll/processor/tell"
	"quoll/reactor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), port)
}

// seen returns a log without a goroutine: the test calls write.
func seen(level zapcore.Level) (*Log, *observer.ObservedLogs) {
	core, logs := observer.New(level)
	return newLog(zap.New(core), zapcore.DebugLevel), logs
}

// count is how many events the lines stand for.
func count(logs []observer.LoggedEntry) (events int64) {
	for _, e := range logs {
		n := int64(1)
		if more, ok := e.ContextMap()["more"]; ok {
			n = more.(int64)
		}
		events += n
	}
	return events
}

// Events of a kind without a line would never be logged, and two kinds with the same text could not
// be told apart.
func TestEveryKindHasALineOfItsOwn(t *testing.T) {
	l, logs := seen(zapcore.DebugLevel)
	texts := map[string]bool{}
	for k := tell.Nothing + 1; k < tell.Kinds; k++ {
		if k == tell.Cut {
			continue
		}
		l.Tell(tell.Event{Kind: k, Peer: client(7), Session: 0xab, A: 1, B: 2, Text: "s"})
		l.write(time.Now())
		all := logs.TakeAll()
		require.Len(t, all, 1, "kind %d", k)
		require.Equal(t, "10.0.0.1:7", all[0].ContextMap()["address"])
		require.Equal(t, "0xab", all[0].ContextMap()["session"])
		require.False(t, texts[all[0].Message], all[0].Message)
		texts[all[0].Message] = true
	}
}

// Operators look for the meaning of a line in docs/operations.md.
func TestEveryLineIsInTheHandbook(t *testing.T) {
	book, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	for k, of := range lines {
		_, tail, found := strings.Cut(of.text, ": ")
		if !found {
			tail = of.text
		}
		require.Contains(t, string(book), tail, "%v", tell.Kind(k))
	}
}

func TestWhatALineTells(t *testing.T) {
	l, logs := seen(zapcore.DebugLevel)
	for _, c := range []struct {
		event tell.Event
		level zapcore.Level
		text  string
		with  map[string]any
	}{
		{
			tell.Event{Kind: tell.Expired, Peer: client(1), Session: 0x10, A: 4000, B: 4321}, info,
			"session expired",
			map[string]any{
				"address": "10.0.0.1:1", "session": "0x10", "timeout ms": int64(4000),
				"silent ms": int64(4321),
			},
		},
		{
			tell.Event{Kind: tell.Expired, Session: 0x10, A: 4000, B: -1}, info, "session expired",
			map[string]any{"session": "0x10", "timeout ms": int64(4000)},
		},
		{
			tell.Event{Kind: tell.ZxidAhead, Peer: client(1), A: 0x100000002, B: 0xff}, info,
			"session refused: the client has seen a newer zxid than this server",
			map[string]any{"address": "10.0.0.1:1", "seen": "0x100000002", "ours": "0xff"},
		},
		{
			tell.Event{Kind: tell.UnknownScheme, Peer: client(1), Session: 1, Text: "sasl"}, warn,
			"connection closed: unknown authentication scheme",
			map[string]any{"address": "10.0.0.1:1", "session": "0x1", "scheme": "sasl"},
		},
		{
			tell.Event{Kind: tell.NotAccepted, Err: errors.New("no loop")}, warn,
			"connection refused: accept failed", map[string]any{"error": "no loop"},
		},
		{
			tell.Event{Kind: tell.SlowFlush, A: 1200, B: 3}, warn, "a flush of the log took long",
			map[string]any{"took ms": int64(1200), "transactions": int64(3)},
		},
	} {
		l.Tell(c.event)
		l.write(time.Now())
		all := logs.TakeAll()
		require.Len(t, all, 1, c.text)
		require.Equal(t, c.text, all[0].Message)
		require.Equal(t, c.level, all[0].Level, c.text)
		require.Equal(t, c.with, all[0].ContextMap())
	}
}

func TestSessionsThatBeginAreRaisedToInfo(t *testing.T) {
	for level, want := range map[zapcore.Level]int{zapcore.DebugLevel: 0, zapcore.InfoLevel: 2} {
		core, logs := observer.New(zapcore.InfoLevel)
		l := Open(zap.New(core), level)
		l.Tell(tell.Event{Kind: tell.Established, Session: 1})
		l.Tell(tell.Event{Kind: tell.Renewed, Session: 1})
		l.Close()
		require.Equal(t, want, logs.Len())
	}
}

// The first events of a window get a line each. The others are a number at its end. The next window
// starts from zero.
func TestAWindow(t *testing.T) {
	l, logs := seen(zapcore.InfoLevel)
	begin := time.Now()
	burst := func(n int) {
		for i := range n {
			l.Tell(tell.Event{Kind: tell.WrongPassword, Peer: client(uint16(i)), Session: 9})
		}
	}
	burst(wholeLines + 5)
	next, _ := l.write(begin)
	require.Equal(t, begin.Add(windowLength), next)
	require.Len(t, logs.TakeAll(), wholeLines)
	l.Tell(tell.Event{Kind: tell.Closed, Session: 3}) // another kind has a window of its own
	next, _ = l.write(begin.Add(windowLength - 1))
	require.Equal(t, begin.Add(windowLength), next)
	require.Len(t, logs.TakeAll(), 1)
	burst(1)
	l.write(begin.Add(windowLength))
	all := logs.TakeAll()
	require.Len(t, all, 1)
	require.Equal(t, "session refused: wrong password: 6 more in 10 s", all[0].Message)
	require.Equal(t, warn, all[0].Level)
	require.Equal(t, map[string]any{
		"last address": "10.0.0.1:0", "last session": "0x9", "more": int64(6),
	}, all[0].ContextMap())
	burst(1)
	next, _ = l.write(begin.Add(windowLength + time.Second))
	require.Equal(t, begin.Add(2*windowLength-1), next, "of the other kind")
	require.Len(t, logs.TakeAll(), 1, "whole again")
	next, _ = l.write(begin.Add(10 * windowLength))
	require.True(t, next.IsZero(), "the writer sleeps")
	require.Zero(t, logs.Len(), "nothing to add up")
}

// An event that gets a line wakes the writer at once. An event that is only counted does not.
func TestALoneEventWakesTheWriter(t *testing.T) {
	l, logs := seen(zapcore.InfoLevel)
	begin := time.Now()
	for range wholeLines {
		l.Tell(tell.Event{Kind: tell.Closed, Session: 1})
		require.Len(t, l.signal, 1)
		<-l.signal
	}
	l.Tell(tell.Event{Kind: tell.Closed, Session: 2})
	require.Empty(t, l.signal)
	l.write(begin)
	require.Len(t, logs.TakeAll(), wholeLines)
	l.write(begin.Add(windowLength))
	all := logs.TakeAll()
	require.Len(t, all, 1, "the one that had no line")
	require.Equal(t, "session closed by its client: 1 more in 10 s", all[0].Message)
}

// Many goroutines report many events of several kinds at once, and the lines add up.
func TestAStormAddsUp(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	l := Open(zap.New(core), zapcore.DebugLevel)
	const storm, tellers = 10_000, 8
	kinds := []tell.Kind{tell.Expired, tell.FrameLength, tell.TooManyOfAddress}
	var all sync.WaitGroup
	for range tellers {
		all.Go(func() {
			for i := range storm / tellers {
				for _, k := range kinds {
					l.Tell(tell.Event{Kind: k, Peer: client(uint16(i)), Session: 5})
				}
			}
		})
	}
	all.Wait()
	l.Close()
	for _, k := range kinds {
		of := logs.Filter(func(e observer.LoggedEntry) bool {
			return strings.HasPrefix(e.Message, lines[k].text)
		}).All()
		require.LessOrEqual(t, len(of), 100)
		require.EqualValues(t, storm, count(of))
	}
}

// blocked is an output that takes nothing until it is opened.
type blocked struct {
	zapcore.Core
	entered chan struct{}
	open    chan struct{}
}

func (b *blocked) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, b)
}

func (b *blocked) Write(e zapcore.Entry, fields []zapcore.Field) error {
	select {
	case b.entered <- struct{}{}:
	default:
	}
	<-b.open
	return b.Core.Write(e, fields)
}

// A stopped terminal or a full pipe must neither delay a loop nor fill memory.
func TestALogThatTakesNothingHoldsUpNobody(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	b := &blocked{Core: core, entered: make(chan struct{}, 1), open: make(chan struct{})}
	l := Open(zap.New(b), zapcore.DebugLevel)
	const events = 100_000
	l.Tell(tell.Event{Kind: tell.Closed, Session: 1})
	<-b.entered
	for range events - 1 {
		l.Tell(tell.Event{Kind: tell.Closed, Session: 1})
	}
	l.mu.Lock()
	require.LessOrEqual(t, len(l.queue), wholeLines)
	l.mu.Unlock()
	close(b.open)
	l.Close()
	require.LessOrEqual(t, logs.Len(), 3*wholeLines)
	require.EqualValues(t, events, count(logs.All()))
}

func TestALevelThatIsOffCostsNothing(t *testing.T) {
	l, logs := seen(zapcore.WarnLevel)
	e := tell.Event{Kind: tell.Established, Peer: client(1), Session: 1}
	require.Zero(t, testing.AllocsPerRun(100, func() { l.Tell(e) }))
	e.Kind = tell.WrongPassword
	for range wholeLines {
		l.Tell(e)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { l.Tell(e) }), "what is only counted")
	l.write(time.Now())
	require.Equal(t, wholeLines, logs.Len())
}

// Clients that leave get no line, however they leave. A connection that the reactor closed by a
// rule gets a line that names the rule.
func TestWhyCut(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for err, want := range map[error]tell.Kind{
		nil: tell.Nothing, io.EOF: tell.Nothing, reset: tell.Nothing,
		syscall.EPIPE: tell.Nothing, net.ErrClosed: tell.Nothing,
		reactor.ErrStalled: tell.Stalled, reactor.ErrOutputCap: tell.OutputFull,
		reactor.ErrEarlyInput: tell.InputFull, reactor.ErrInputCap: tell.InputFull,
		reactor.ErrInputBudget: tell.Unfinished, reactor.ErrInputStalled: tell.Unfinished,
		reactor.ErrConnectDeadline: tell.NoSession, errors.New("a new rule"): tell.Cut,
	} {
		require.Equal(t, want, whyCut(err), "%v", err)
		core, logs := observer.New(zapcore.DebugLevel)
		l := Open(zap.New(core), zapcore.DebugLevel)
		l.Tell(tell.Event{Kind: tell.Cut, Peer: client(1), Err: err})
		l.Close()
		if want == tell.Nothing {
			require.Zero(t, logs.Len(), "%v", err)
			continue
		}
		require.Equal(t, fmt.Sprint(err), logs.All()[0].ContextMap()["error"])
	}
}

// Text that a client chose can neither forge a line nor fill the log.
func TestClientsTextIsHarmless(t *testing.T) {
	var out strings.Builder
	c := zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()),
		zapcore.AddSync(&out), zapcore.DebugLevel)
	l := newLog(zap.New(c), zapcore.DebugLevel)
	text := []byte("a\nERROR forged\x1b[2J\xff" + strings.Repeat("x", 1<<20))
	l.Tell(tell.Event{Kind: tell.UnknownScheme, Peer: client(1), Text: tell.Clip(text)})
	l.write(time.Now())
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.NotContains(t, out.String(), "\x1b")
	require.Less(t, out.Len(), 400)
}

func TestNothingIsWrittenAfterClose(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	l := Open(zap.New(core), zapcore.DebugLevel)
	l.Close()
	l.Tell(tell.Event{Kind: tell.Closed, Session: jute.SessionID(1)})
	require.Zero(t, logs.Len())
}
