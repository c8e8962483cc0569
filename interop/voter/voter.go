package voter

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
	"quoll/quorum/election"
	"quoll/quorum/ports"
	"quoll/quorum/transport"
)

// ErrNoMember: the server is not in the configuration.
var ErrNoMember = errors.New("not a member of the ensemble")

// tick is how often the member is told the time.
const tick = 10 * time.Millisecond

// Result is how an election has ended.
type Result struct {
	State ensemble.State
	Vote  election.Vote
}

// Voter is one server's part in elections.
type Voter struct {
	member    *election.Member
	transport *transport.Transport
	events    chan transport.Event
	calls     chan func()
	elected   chan Result
	begun     time.Time
	stopped   chan struct{}
	ended     sync.WaitGroup
}

// Start listens at the election port of the server with an id, and looks for a leader.
func Start(me jute.PeerID, members *config.Config, s election.Standing) (*Voter, error) {
	self, ok := members.Member(me)
	if !ok {
		return nil, fmt.Errorf("server %d: %w", me, ErrNoMember)
	}
	v := &Voter{
		events: make(chan transport.Event), calls: make(chan func()),
		elected: make(chan Result, 100), begun: time.Now(), stopped: make(chan struct{}),
	}
	settings := ports.Settings{}
	wired := ports.Election(settings)
	wired.Sink = v.sink
	v.transport = transport.New(wired)
	if _, err := v.transport.Listen(self.Addresses[0].Election()); err != nil {
		return nil, err
	}
	v.member = election.NewMember(ports.Member(me, members, settings))
	v.ended.Add(1)
	go v.loop(s)
	return v, nil
}

// Elected has the results of elections. It is closed by Stop.
func (v *Voter) Elected() <-chan Result { return v.elected }

// Look begins another election.
func (v *Voter) Look(s election.Standing) {
	v.do(func() { v.member.Look(v.now(), s) })
}

// Reign tells that the reign of the elected leader has begun.
func (v *Voter) Reign(epoch int64) {
	v.do(func() { v.member.Reign(epoch) })
}

// Stats are those of the transport.
func (v *Voter) Stats() transport.Stats { return v.transport.Stats() }

// Stop ends everything.
func (v *Voter) Stop() {
	close(v.stopped)
	v.ended.Wait()
	v.transport.Stop()
	close(v.elected)
}

func (v *Voter) do(call func()) {
	select {
	case v.calls <- call:
	case <-v.stopped:
	}
}

func (v *Voter) sink(ev transport.Event) {
	select {
	case v.events <- ev:
	case <-v.stopped:
	}
}

func (v *Voter) now() time.Duration { return time.Since(v.begun) }

func (v *Voter) loop(s election.Standing) {
	defer v.ended.Done()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	v.member.Look(v.now(), s)
	for {
		v.carryOut(v.member.Take())
		select {
		case ev := <-v.events:
			v.member.Link(v.now(), ports.ElectionEvent(ev))
		case <-ticker.C:
			v.member.Tick(v.now())
		case call := <-v.calls:
			call()
		case <-v.stopped:
			return
		}
	}
}

func (v *Voter) carryOut(f *election.MemberEffects) {
	ports.CarryOutVotes(v.transport, f.Links)
	if f.Elected {
		select {
		case v.elected <- Result{v.member.State(), v.member.Vote()}:
		case <-v.stopped:
		}
	}
}
