package election

import (
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// MemberConfig is what one server must know to take part in elections.
type MemberConfig struct {
	Links LinksConfig
	// Text is the configuration as the others are told it: Apache's text, with version=0.
	Text  []byte
	Rules Rules
}

// Member is one server's part in elections: an Election, and the Links by which it speaks.
type Member struct {
	election *Election
	links    *Links
	now      time.Duration
	taken    MemberEffects
	elected  bool
	newer    *NewerConfig
}

// MemberEffects is what a member wants done. It is reused: who takes it is done with it before the
// next call.
type MemberEffects struct {
	// Links comes first.
	Links *LinkEffects
	// Elected is true when an election has ended; State and Vote tell how.
	Elected bool
	// Newer is a peer's configuration that is newer than ours, once.
	Newer *NewerConfig
}

// NewMember makes a member. Look is the first call.
func NewMember(config MemberConfig) *Member {
	m := &Member{}
	m.links = NewLinks(config.Links, (*speaker)(m))
	m.election = New(config.Links.Me, config.Links.Voters, config.Text, m.links, config.Rules)
	return m
}

// speaker lets the links, which are made first, ask the election.
type speaker Member

func (s *speaker) State() ensemble.State { return s.election.State() }
func (s *speaker) Notification(to jute.PeerID) ensemble.Notification {
	return s.election.Notification(to)
}

// State is LOOKING until a leader is elected, then what this server became.
func (m *Member) State() ensemble.State { return m.election.State() }

// Vote is that of the last election which ended.
func (m *Member) Vote() Vote { return m.election.Vote() }

// Answers is what the other voters have said since this server looks.
func (m *Member) Answers() []Said { return m.election.Answers() }

// LeaderLooks reports that the elected leader has said since that it looks.
func (m *Member) LeaderLooks() bool { return m.election.LeaderLooks() }

// Look begins an election: at the start, and whenever a role has ended.
func (m *Member) Look(now time.Duration, s Standing) {
	m.now = now
	m.election.Look(now, s)
	m.relay()
}

// Reign tells that the reign of the elected leader has begun.
func (m *Member) Reign(epoch int64) { m.election.Reign(epoch) }

// Tick tells the time, every 10 ms.
func (m *Member) Tick(now time.Duration) {
	m.now = now
	m.links.Tick(now)
	m.election.Tick(now)
	m.relay()
}

// Link takes what happened to a connection.
func (m *Member) Link(now time.Duration, ev LinkEvent) {
	m.now = now
	if h := m.links.Step(now, ev); h != nil {
		m.election.Receive(now, h.From, &h.Notification)
	} else {
		// Who can be reached has changed, and with it perhaps who is waited for.
		m.election.Tick(now)
	}
	m.relay()
}

// relay carries from the election to the links whom to tell.
func (m *Member) relay() {
	f := m.election.Take()
	for _, sid := range f.Say {
		m.links.Say(m.now, sid)
	}
	m.elected = m.elected || f.Elected
	if f.Newer != nil {
		m.newer = f.Newer
	}
}

// Take returns what is to be done since the last call. It is valid until the next.
func (m *Member) Take() *MemberEffects {
	m.taken = MemberEffects{Links: m.links.Take(), Elected: m.elected, Newer: m.newer}
	m.elected, m.newer = false, nil
	return &m.taken
}
