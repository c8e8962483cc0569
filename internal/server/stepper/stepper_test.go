package stepper

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/internal/replica"
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a busy machine may take.
const patience = 20 * time.Second

// watched is a Stepper with a clock of its own, whose steps are kept.
type watched struct {
	*Stepper
	t     *testing.T
	mu    sync.Mutex // guards the fields below
	now   int64      // ms
	steps []replica.Events
	calms []bool
}

func newWatched(t *testing.T) *watched {
	w := &watched{t: t, now: 1000}
	w.Stepper = New(Config{Now: w.clock, Step: w.step})
	return w
}

func (w *watched) clock() replica.Now {
	w.mu.Lock()
	defer w.mu.Unlock()
	return replica.Now{MonoMillis: w.now}
}

func (w *watched) step(ev *replica.Events, calm bool) {
	w.mu.Lock()
	w.steps = append(w.steps, *ev)
	w.calms = append(w.calms, calm)
	w.mu.Unlock()
}

// after lets time pass.
func (w *watched) after(millis int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += millis
}

// taken returns the steps since the last call.
func (w *watched) taken() []replica.Events {
	w.mu.Lock()
	defer w.mu.Unlock()
	steps := w.steps
	w.steps, w.calms = nil, nil
	return steps
}

// begin begins. Run does not run yet, so every further step is made by whoever brings an event.
func (w *watched) begin() {
	w.Begin()
	require.Len(w.t, w.taken(), 1)
}

// inTurn makes a step as Run does.
func (w *watched) inTurn() {
	<-w.signal
	w.turn.Lock()
	w.Stepper.step()
}

func (w *watched) stop() {
	go w.Run()
	w.Stop()
}

var packet = effects.LinkEvent{Kind: effects.Packet, Link: 3, Data: []byte("packet")}

// TestInACalmTimeWhoBringsAnEventSteps: a packet, and the disk's report, are in a step when the
// call returns, and nobody else is woken.
func TestInACalmTimeWhoBringsAnEventSteps(t *testing.T) {
	w := newWatched(t)
	w.begin()
	w.Link(packet)
	w.Durable(7, false)
	steps := w.taken()
	require.Len(t, steps, 2)
	require.Equal(t, []effects.LinkEvent{packet}, steps[0].Links)
	require.EqualValues(t, 7, steps[1].Disk)
	require.Empty(t, w.signal)
	w.stop()
}

// TestOthersWakeTheCore: lanes, clocks, jobs and the election port are never held up by a step.
func TestOthersWakeTheCore(t *testing.T) {
	for name, bring := range map[string]func(*watched){
		"batch":     func(w *watched) { w.Submit(nil, new(mail.Batch)) },
		"vote":      func(w *watched) { w.Vote(election.LinkEvent{Link: 1}) },
		"job":       func(w *watched) { w.JobDone(replica.JobDone{}) },
		"tick":      func(w *watched) { w.Tick() },
		"peer tick": func(w *watched) { w.PeerTick() },
		"snapshot":  func(w *watched) { w.AskSnapshot() },
		"again":     func(w *watched) { w.Again() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			w.begin()
			bring(w)
			require.Empty(t, w.taken())
			require.Len(t, w.signal, 1)
			w.inTurn()
			require.Len(t, w.taken(), 1)
			w.stop()
		})
	}
}

// TestUnderLoadEventsGather: when a window has had calmEvents, events gather for Run. They do so in
// the next window too. Behind a window with few events whoever brings one steps again.
func TestUnderLoadEventsGather(t *testing.T) {
	w := newWatched(t)
	w.begin()
	for range 2 * calmEvents {
		w.Link(packet)
	}
	made := len(w.taken())
	require.InDelta(t, calmEvents, made, 2)
	w.inTurn()
	require.Len(t, w.taken()[0].Links, 2*calmEvents-made)

	w.after(windowMillis)
	w.Link(packet)
	require.Empty(t, w.taken(), "the last window had many")
	w.inTurn()
	require.Equal(t, []bool{false}, w.calms)
	w.after(windowMillis)
	w.Link(packet)
	w.inTurn()
	require.Equal(t, []bool{false, true}, w.calms, "this step finds the last window calm")
	w.taken()
	w.Link(packet)
	require.Len(t, w.taken(), 1)
	w.stop()
}

// TestALittleThatHasLeftMakesNoStep: it is told with the next event.
func TestALittleThatHasLeftMakesNoStep(t *testing.T) {
	w := newWatched(t)
	w.begin()
	little := effects.LinkEvent{Kind: effects.Wrote, Bytes: promptBytes - 1}
	much := effects.LinkEvent{Kind: effects.Wrote, Bytes: promptBytes}
	w.Link(little)
	require.Empty(t, w.taken())
	require.Empty(t, w.signal)
	w.Link(much)
	require.Equal(t, []effects.LinkEvent{little, much}, w.taken()[0].Links)
	w.stop()
}

// TestWhoFindsTheTurnTakenLeavesTheEvent: an event that comes while a step runs, behind its look
// into the inbox, is in the next step of the core.
func TestWhoFindsTheTurnTakenLeavesTheEvent(t *testing.T) {
	w := newWatched(t)
	w.begin()
	w.turn.Lock()
	w.Link(packet)
	require.Empty(t, w.taken())
	w.turn.Unlock()
	require.Len(t, w.signal, 1)
	w.inTurn()
	require.Equal(t, []effects.LinkEvent{packet}, w.taken()[0].Links)
	w.stop()
}

// TestALogWriterThatIsIdleStepsUnderLoad: nothing is held up by it. With something to write it wakes
// the core, and so it does when somebody else steps.
func TestALogWriterThatIsIdleStepsUnderLoad(t *testing.T) {
	w := newWatched(t)
	w.begin()
	w.pace.calm = false
	w.Durable(1, false)
	require.Empty(t, w.taken())
	require.Len(t, w.signal, 1)
	w.inTurn()
	require.Len(t, w.taken(), 1)
	w.Durable(2, true)
	steps := w.taken()
	require.Len(t, steps, 1)
	require.EqualValues(t, 2, steps[0].Disk)
	require.Empty(t, w.signal)

	w.turn.Lock()
	w.Durable(3, true)
	w.turn.Unlock()
	require.Empty(t, w.taken())
	require.Len(t, w.signal, 1)
	w.stop()
}

// TestNothingIsSteppedBeforeBeginNorBehindStop: what comes before is in the first step.
func TestNothingIsSteppedBeforeBeginNorBehindStop(t *testing.T) {
	w := newWatched(t)
	w.pace = Pace{calm: true}
	w.Link(packet)
	require.Empty(t, w.taken())
	w.Begin()
	require.Len(t, w.taken()[0].Links, 1)
	w.stop()
	w.taken()
	w.pace = Pace{calm: true}
	w.Link(packet)
	w.Durable(1, false)
	w.Tick()
	require.Empty(t, w.taken())
	select {
	case <-w.Done():
	default:
		t.Fatal("not done")
	}
}

// TestStopWaitsForAStep that somebody else makes.
func TestStopWaitsForAStep(t *testing.T) {
	begun, gate := make(chan struct{}), make(chan struct{})
	s := New(Config{
		Now: func() replica.Now { return replica.Now{MonoMillis: 1000} },
		Step: func(ev *replica.Events, _ bool) {
			if len(ev.Links) > 0 {
				close(begun)
				<-gate
			}
		},
	})
	s.Begin()
	go s.Run()
	go s.Link(packet)
	<-begun
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Stop()
	}()
	select {
	case <-stopped:
		t.Error("a step runs behind Stop")
	case <-time.After(20 * time.Millisecond):
	}
	close(gate)
	<-stopped
}

// TestPacketsWaitForRoom: beyond maxLinked a packet waits until a step has made room, or until Stop.
// Nothing else waits.
func TestPacketsWaitForRoom(t *testing.T) {
	w := newWatched(t)
	w.begin()
	w.pace.calm = false
	long := effects.LinkEvent{Kind: effects.Packet, Data: make([]byte, maxLinked+1)}
	w.Link(long)
	w.Link(effects.LinkEvent{Kind: effects.Wrote, Bytes: 1})
	w.Durable(1, false)
	bring := func() <-chan struct{} {
		brought := make(chan struct{})
		go func() {
			defer close(brought)
			w.Link(long)
		}()
		select {
		case <-brought:
			t.Fatal("the packet did not wait")
		case <-time.After(20 * time.Millisecond):
		}
		return brought
	}
	brought := bring()
	w.inTurn()
	<-brought
	<-w.signal // Run finds nothing to do
	brought = bring()
	w.stop()
	<-brought
}

// TestEveryEventIsInOneStep: many goroutines bring events. The clock runs at first, then it stands,
// and so many come in one window.
func TestEveryEventIsInOneStep(t *testing.T) {
	const bringers, each = 8, 2000
	var running, ticks sync.Mutex
	got := make([][]int, bringers+1)
	now, busy, total := int64(1000), 0, 0
	all := make(chan struct{})
	s := New(Config{
		Now: func() replica.Now {
			ticks.Lock()
			defer ticks.Unlock()
			return replica.Now{MonoMillis: now}
		},
		Step: func(ev *replica.Events, calm bool) {
			if !running.TryLock() {
				panic("two steps at once")
			}
			defer running.Unlock()
			for _, link := range ev.Links {
				got[link.Link] = append(got[link.Link], link.Bytes)
				total++
			}
			if !calm {
				busy++
			}
			if total == bringers*each {
				close(all)
				total++
			}
		},
	})
	s.Begin()
	go s.Run()
	for i := range bringers {
		go func() {
			for n := range each {
				if n%50 == 0 && n < each/2 {
					ticks.Lock()
					now += windowMillis / 2
					ticks.Unlock()
				}
				s.Link(effects.LinkEvent{
					Kind: effects.Packet, Link: effects.LinkID(i + 1), Bytes: n, Data: packet.Data,
				})
			}
		}()
	}
	select {
	case <-all:
	case <-time.After(patience):
		t.Fatal("an event is missing")
	}
	s.Stop()
	for i, bytes := range got[1:] {
		require.Len(t, bytes, each, "bringer %d", i)
		for n, want := range bytes {
			require.Equal(t, n, want)
		}
	}
	require.NotZero(t, busy)
}
