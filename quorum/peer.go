package quorum

import (
	"cmp"
	"errors"
	"time"

	"quoll/jute"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/zab"
	"quoll/quorum/zab/history"
)

// ErrNoAnswer: the elected leader could not be reached. What ends a role is an error of zab's.
var ErrNoAnswer = errors.New("elected leader does not answer")

// Peer is a server's part in its ensemble: it finds a leader, or is one, and tells the chain what
// is committed. The package says how it goes from role to role.
type Peer struct {
	config Config
	solo   *Solo // the role alone; the rest does not count then

	pending  effects.Pending
	member   *election.Member
	history  *history.History
	standing zab.Standing // of the disk and the tree when the last role ended
	durable  effects.Ticket
	now      time.Duration

	stage   stage
	role    role // leader or learner, or nil
	leader  *zab.Leader
	unsure  []jute.PeerID // of the last role as a leader: zab.Leader.Unsure
	learner *zab.Learner
	// reigns is true from the moment when the role is part of a reign that stands.
	reigns bool
	links  links
	join   joining

	reload uint64 // generation of the Load that a server waits for before it looks; 0: of none
	heard  uint64 // the turn of pending in which the chain has heard Leave, see deaf
	told   told
	taken  Effects
}

// stage is where a server stands on its way from role to role.
type stage uint8

const (
	starting stage = iota
	looking
	leading
	dialling
	learning
	flushing
	reloading
)

// role is what a Leader and a Learner have in common. An error ends the role.
type role interface {
	Link(now time.Duration, ev *effects.LinkEvent) error
	Durable(now time.Duration, ticket effects.Ticket) error
	Job(now time.Duration, d *effects.JobDone) error
	Tick(now time.Duration) error
	Standing() zab.Standing
	Epoch() int64
	Established() bool
	Cancel() // gives up its jobs, when the role has ended
}

// told is what gathers for the log.
type told struct {
	ended, gone []error
	elections   int64
	plainSyncs  int64
}

// NewPeer makes the peer of a server that has started. The tree holds the whole log. In an ensemble
// the first Step begins to look for a leader.
func NewPeer(c Config, s Start) *Peer {
	if c.Alone {
		p := &Peer{config: c, solo: NewSolo(s.Last)}
		p.reignAlone()
		return p
	}
	if c.Zab.Text == nil {
		c.Zab.Text = []byte(c.Members.String())
	}
	c.Zab.ConnectLimit = cmp.Or(c.Zab.ConnectLimit, c.Zab.InitLimit)
	c.Zab.RedialDelay = cmp.Or(c.Zab.RedialDelay, redialLate)
	return &Peer{
		config: c, member: election.NewMember(c.Election), history: newHistory(&c.Zab, &s),
		standing: s.Standing,
	}
}

// newHistory keeps the end of the log that was found at the start.
func newHistory(c *Zab, s *Start) *history.History {
	last := s.Last
	if len(s.Tail) > 0 {
		// Which transaction is in front of these is not known. This one would do.
		last = s.Tail[0].Header.Zxid - 1
	}
	h := history.New(history.Limits{
		Entries: cmp.Or(c.CommitLogCount, 500), Bytes: cmp.Or(c.CommitLogBytes, 16<<20),
	}, last)
	for _, e := range s.Tail {
		h.Append(e)
	}
	if h.Last() != s.Last {
		panic("quorum: the end of the log is " + h.Last().String() + " and " + s.Last.String())
	}
	return h
}

func (p *Peer) reignAlone() {
	p.solo.pending.Tell(effects.Delivery{Kind: effects.Lead, Zxid: p.solo.proposed})
	p.solo.pending.Tell(effects.Delivery{Kind: effects.Serve})
}

// Step handles what has happened. The effects gather until Take, which must follow.
func (p *Peer) Step(now time.Duration, ev *Event) {
	if p.solo != nil {
		p.stepAlone(ev)
		return
	}
	p.now = now
	if p.stage == starting {
		p.look()
	}
	if ev.Disk > p.durable {
		p.durable = ev.Disk
		if p.role != nil {
			p.after(p.role.Durable(now, ev.Disk))
		}
		p.flushed()
	}
	for i := range ev.Votes {
		p.member.Link(now, ev.Votes[i])
		p.elected()
	}
	for i := range ev.Links {
		p.link(&ev.Links[i])
	}
	for i := range ev.Jobs {
		p.job(&ev.Jobs[i])
	}
	if ev.Tick {
		p.tick()
	}
}

func (p *Peer) stepAlone(ev *Event) {
	if before := p.solo.committed; ev.Disk > 0 && p.solo.Durable(ev.Disk) > before {
		p.solo.pending.Tell(effects.Delivery{Kind: effects.Commit, Zxid: p.solo.committed})
	}
}

func (p *Peer) tick() {
	p.member.Tick(p.now)
	p.elected()
	p.expireHeld()
	p.dial()
	if p.role != nil {
		p.after(p.role.Tick(p.now))
	}
}

func (p *Peer) job(d *effects.JobDone) {
	switch {
	case p.stage == reloading && d.Generation == p.reload:
		p.reloaded(d)
	case p.role != nil:
		p.after(p.role.Job(p.now, d)) // that of an earlier role has a generation that nobody knows
	}
}

// Take returns the effects since the last call. They are valid until the next call.
func (p *Peer) Take() *Effects {
	if p.solo != nil {
		p.taken = Effects{Effects: p.solo.Take()}
		return &p.taken
	}
	if p.leader != nil {
		p.told.gone = append(p.told.gone, p.leader.Gone()...)
	}
	m := p.member.Take()
	p.taken = Effects{
		Effects: p.pending.Take(), Votes: m.Links, Newer: m.Newer,
		Ended: p.told.ended, Gone: p.told.gone,
	}
	p.told.ended, p.told.gone = nil, nil
	return &p.taken
}
