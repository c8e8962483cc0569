package stepper

import (
	"sync"

	"quoll/internal/replica"
	"quoll/internal/replica/inbox"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// Config is what a Stepper steps.
type Config struct {
	// Now is the time of a step.
	Now func() replica.Now
	// Step steps the replica, and carries out what it wants. calm says that few events come. Step
	// owns the events until it returns.
	Step func(ev *replica.Events, calm bool)
}

// Stepper holds the events of a replica until the next step.
type Stepper struct {
	config Config

	turn sync.Mutex // held by whoever steps
	open bool       // between Begin and Stop; guarded by turn

	mu     sync.Mutex    // guards the five fields below
	inbox  inbox.Inbox   // the events since the last step
	pace   Pace          // of the steps
	linked int           // bytes of packets in the inbox
	room   *sync.Cond    // there is room for packets again, or over is set
	over   bool          // no packet waits for room any more
	signal chan struct{} // holds one value when Run is to look into the inbox
	done   chan struct{} // closed when Run must end
	ended  chan struct{} // closed by Run at its end
}

// New returns a Stepper that steps nothing yet.
func New(config Config) *Stepper {
	s := &Stepper{
		config: config,
		signal: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{}),
	}
	s.room = sync.NewCond(&s.mu)
	return s
}

// maxLinked is how many bytes of packets may wait for a step. More are left to the connections.
const maxLinked = 16 << 20

// promptBytes is how many bytes must have left with one write for a step to follow. Of less the
// replica hears with the next event, or with its peer's tick: nobody waits for room behind so few.
// It is more than GiveNow of quorum/transport sends (16 KiB), which tells of its bytes under the
// mutex of a connection: a step would take that mutex.
const promptBytes = 32 << 10

// Submit takes a lane's batch (lane.Core).
func (s *Stepper) Submit(_ *lane.Lane, b *mail.Batch) {
	s.mu.Lock()
	s.inbox.Submit(b)
	s.mu.Unlock()
	s.Again()
}

// Durable takes the log writer's report. idle says that nothing waits for the log writer, so that
// nothing is held up when it steps.
func (s *Stepper) Durable(ticket effects.Ticket, idle bool) {
	s.mu.Lock()
	s.inbox.Durable(ticket)
	calm := s.pace.Calm()
	s.mu.Unlock()
	s.soon(calm || idle)
}

// Vote takes an event of the election port.
func (s *Stepper) Vote(ev election.LinkEvent) {
	s.mu.Lock()
	s.inbox.Vote(ev)
	s.mu.Unlock()
	s.Again()
}

// Link takes an event of the quorum port. It waits while too many packets are in the inbox.
func (s *Stepper) Link(ev effects.LinkEvent) {
	s.mu.Lock()
	for len(ev.Data) > 0 && s.linked > maxLinked && !s.over {
		s.room.Wait()
	}
	s.inbox.Link(ev)
	s.linked += len(ev.Data)
	calm := s.pace.Calm()
	s.mu.Unlock()
	if ev.Kind != effects.Wrote || ev.Bytes >= promptBytes {
		s.soon(calm)
	}
}

// PeerTick tells the peer of an ensemble the time.
func (s *Stepper) PeerTick() {
	s.mu.Lock()
	s.inbox.PeerTick()
	s.mu.Unlock()
	s.Again()
}

// JobDone takes a job's report.
func (s *Stepper) JobDone(done replica.JobDone) {
	s.mu.Lock()
	s.inbox.JobDone(done)
	s.mu.Unlock()
	s.Again()
}

// Tick asks for expiry and reaping.
func (s *Stepper) Tick() {
	s.mu.Lock()
	s.inbox.Tick()
	s.mu.Unlock()
	s.Again()
}

// AskSnapshot asks for a snapshot.
func (s *Stepper) AskSnapshot() {
	s.mu.Lock()
	s.inbox.AskSnapshot()
	s.mu.Unlock()
	s.Again()
}

// Again asks for another step, on the goroutine of Run.
func (s *Stepper) Again() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// soon has the inbox looked into: at once by the caller, if nobody has the turn. Whoever has it may
// have looked already, so then Run looks again.
func (s *Stepper) soon(atOnce bool) {
	if !atOnce || !s.turn.TryLock() {
		s.Again()
		return
	}
	s.step()
}

// Begin makes the first step. Then come those of Run and of whoever brings an event.
func (s *Stepper) Begin() {
	s.turn.Lock()
	s.open = true
	s.step()
}

// Run steps whenever something is in the inbox, until Stop.
func (s *Stepper) Run() {
	defer close(s.ended)
	for {
		select {
		case <-s.signal:
			s.turn.Lock()
			s.step()
		case <-s.done:
			return
		}
	}
}

// step makes one step, and gives back the turn, which the caller has.
func (s *Stepper) step() {
	defer s.turn.Unlock()
	if !s.open {
		return
	}
	ev, calm := s.take()
	s.config.Step(&ev, calm)
	s.mu.Lock()
	s.inbox.Recycle(ev.Batches)
	s.mu.Unlock()
}

// take empties the inbox, and sets the time of the step.
func (s *Stepper) take() (ev replica.Events, calm bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ev = s.inbox.Take()
	if s.linked > 0 {
		s.linked = 0
		s.room.Broadcast()
	}
	ev.Now = s.config.Now()
	s.pace.Took(&ev)
	return ev, s.pace.Calm()
}

// Stop ends Run. When it returns, no step runs, and none comes.
func (s *Stepper) Stop() {
	close(s.done)
	<-s.ended
	s.turn.Lock()
	s.open = false
	s.turn.Unlock()
	s.mu.Lock()
	s.over = true
	s.room.Broadcast()
	s.mu.Unlock()
}

// Done is closed when Stop has begun.
func (s *Stepper) Done() <-chan struct{} { return s.done }
