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
	v.transport = transport.New(transport.Config{
		Sink:      v.sink,
		NewCutter: func(accepted bool) transport.Cutter { return election.NewCutter(accepted) },
		HeadBytes: election.HeadBytes, MaxMessage: 4 + ensemble.MaxElectionFrame,
	})
	if _, err := v.transport.Listen(self.Addresses[0].Election()); err != nil {
		return nil, err
	}
	v.member = election.NewMember(election.MemberConfig{
		Links: election.LinksConfig{
			Me: me, Address: self.Addresses[0].Election(), Members: addresses(members),
			Voters: members, HelloWithin: 5 * time.Second,
		},
		Text: []byte(members.String()),
	})
	v.ended.Add(1)
	go v.loop(s)
	return v, nil
}

func addresses(members *config.Config) (all []election.Address) {
	for _, m := range members.Members {
		a := election.Address{Sid: m.ID}
		for _, at := range m.Addresses {
			a.Ports = append(a.Ports, at.Election())
		}
		all = append(all, a)
	}
	return all
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
			v.member.Link(v.now(), linkEvent(ev))
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
	for _, link := range f.Links.Close {
		v.transport.Close(transport.Link(link))
	}
	for _, out := range f.Links.Send {
		v.transport.Send(transport.Link(out.Link), out.Data, out.Last)
	}
	for _, d := range f.Links.Dial {
		v.transport.Dial(d.Peer, d.Ports)
	}
	if f.Elected {
		select {
		case v.elected <- Result{v.member.State(), v.member.Vote()}:
		case <-v.stopped:
		}
	}
}

// linkEvent is an event of the transport as the election knows it.
func linkEvent(ev transport.Event) election.LinkEvent {
	kinds := [...]election.LinkEventKind{
		transport.Connected: election.Connected, transport.Failed: election.Failed,
		transport.Accepted: election.Accepted, transport.Message: election.Message,
		transport.Wrote: election.Wrote, transport.Closed: election.Closed,
	}
	return election.LinkEvent{
		Kind: kinds[ev.Kind], Link: election.LinkID(ev.Link), Peer: ev.Peer, Data: ev.Data,
	}
}
