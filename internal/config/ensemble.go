package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"quoll/jute"
	ensemble "quoll/quorum/config"
)

// The highest numbers that a server may have. The number is one byte of the ids of its sessions.
// With extendedTypesEnabled 255 in that byte marks nodes with a time to live.
const (
	maxServerID         = 255
	maxExtendedServerID = 254
)

// unserved are settings of an ensemble that have no effect yet. A setting that decides who may take
// part, or what a quorum is, refuses the start. Each of the others only gets a warning, because an
// ensemble can serve without it.
//
// read-only: a list.
var unserved = []struct {
	id, why string
	refused bool
}{
	{"reconfigEnabled", "members that change while the ensemble runs are not served yet", true},
	{"sslQuorum", noTLS, true},
	{"portUnification", noTLS, true},
	{"quorum.auth.enableSasl", noSASL, true},
	{"oraclePath", "an oracle is not asked yet", true},
	{"localSessionsEnabled", "local sessions are not served yet: every session is global", false},
	{"observerMasterPort", "followers do not serve observers yet: the leader does", false},
	{"readonlymode.enabled", "without a quorum nothing is served yet, reads neither", false},
}

// reignEndsAt is the counter at which a leader of ours begins another epoch.
const reignEndsAt = 0xff000000

// inEnsemble returns the reasons why this server cannot be a member with these settings.
func (c *Config) inEnsemble(s *settings) (problems []error) {
	refuse := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	q := &c.Quorum
	_, member := q.Members.Member(jute.PeerID(q.ServerID))
	switch {
	case q.ServerID == noID:
		refuse("myid is missing: %s must have the number of this server's line, server.N",
			filepath.Join(c.Storage.DataDir, "myid"))
	case !member:
		refuse("myid says %d, and there is no line server.%[1]d; the file is %s", q.ServerID,
			filepath.Join(c.Storage.DataDir, "myid"))
	case c.Features.ExtendedTypes && q.ServerID > maxExtendedServerID:
		refuse("myid says %d: with extendedTypesEnabled the highest is %d", q.ServerID,
			maxExtendedServerID)
	}
	if q.InitLimitTicks == 0 {
		refuse("initLimit is not set")
	}
	if q.SyncLimitTicks == 0 {
		refuse("syncLimit is not set")
	}
	for _, u := range unserved {
		if set := s.get(u.id); u.refused && set != nil && set.on() {
			refuse("%s: %s: %s", set.source, u.id, u.why)
		}
	}
	return problems
}

// on says whether a setting switches something on: a flag that is true, or a value that is neither
// empty nor the default.
func (set *setting) on() bool {
	if set.key.Kind == Flag || set.key.Kind == PropFlag {
		return strings.EqualFold(set.value, "true")
	}
	return set.value != "" && set.value != set.key.Default
}

// isTrue says whether a flag is set. It works also for flags that have no field in Config.
func (s *settings) isTrue(id string) bool {
	set := s.get(id)
	return set != nil && set.on()
}

// aboutEnsemble warns of settings of an ensemble that are legal but probably a mistake.
func (s *settings) aboutEnsemble(c *Config) {
	q := &c.Quorum
	if m, ok := q.Members.Member(jute.PeerID(q.ServerID)); ok {
		s.aboutMe(c, &m)
	}
	for _, u := range unserved {
		if set := s.get(u.id); !u.refused && set != nil && set.on() {
			s.warn(u.id, set.source, "%s", u.why)
		}
	}
	if set := s.get("jute.maxbuffer"); set != nil {
		s.warn("jute.maxbuffer", set.source, "must be the same on every member: what is too long "+
			"for one of them cuts it off for good")
	}
	if set := s.get("testingonly.initialZxid"); set != nil && q.Sync.InitialZxid >= reignEndsAt {
		s.warn("testingonly.initialZxid", set.source, "this server cannot lead: it would begin "+
			"another epoch at once, because it does so at the counter %#x", reignEndsAt)
	}
	switch n := len(q.Members.Voters()); {
	case !q.Members.Possible():
		s.warn("weight.*", "members", "nobody can ever lead, and no client is served: by the "+
			"weights of the groups all voters together are no quorum")
	case n <= 2:
		s.warn("server.*", "members", "%d voters: no failure is tolerated, it takes 3", n)
	case n%2 == 0:
		s.warn("server.*", "members", "%d voters tolerate as many failures as %d", n, n-1)
	}
	for i := range q.Members.Members {
		for j := range i + 1 {
			s.aboutPlaces(&q.Members.Members[j], &q.Members.Members[i])
		}
	}
}

// aboutLoner warns of a server line that is the only one: it makes no ensemble.
func (s *settings) aboutLoner(m *memberLines) {
	for _, set := range m.set {
		if set.key.Name == "server.*" {
			s.warn(set.name, set.source,
				"is the only server line: this server runs alone, as Apache's does")
		}
	}
}

// aboutMe compares the settings of this server with its line server.N.
func (s *settings) aboutMe(c *Config, m *ensemble.Member) {
	role := "participant"
	if m.Observer {
		role = "observer"
	}
	if set := s.get("peerType"); c.Quorum.PeerType != role && (set != nil || !m.Observer) {
		s.warn("peerType", set.source, "the line of server.%d says %s: that holds, as in Apache",
			m.ID, role)
	}
	if m.ID < 1 || m.ID > maxServerID {
		s.warn("myid", "dataDir", "%d is not in 1 to %d: sessions of two members can have one id",
			m.ID, maxServerID)
	}
}

// aboutPlaces warns if two addresses of two members, or of one member, are the same. a and b are
// the members, or twice the same member.
func (s *settings) aboutPlaces(a, b *ensemble.Member) {
	theirs := b.Listens()
	for i, p := range a.Listens() {
		if a.ID == b.ID {
			theirs = b.Listens()[i+1:]
		}
		for _, other := range theirs {
			if p.Port == other.Port && p.Port != 0 && samePlace(p, other, a.ID == b.ID) {
				s.warn(fmt.Sprintf("server.%d", b.ID), "members", "%v is also %v of server.%d",
					other, p, a.ID)
			}
		}
	}
}

// samePlace says whether two hosts are the same. A wildcard is the same as every host of its own
// machine.
func samePlace(a, b ensemble.HostPort, oneMachine bool) bool {
	if a.Wildcard() || b.Wildcard() {
		return oneMachine
	}
	return strings.EqualFold(a.Host, b.Host)
}

// aboutMembers sums up the members in one line: how many vote, and how many of them decide.
func (c *Config) aboutMembers() string {
	q := &c.Quorum
	voters := len(q.Members.Voters())
	text := fmt.Sprintf("ensemble: %d vote, ", voters)
	switch groups := q.Members.CountingGroups(); {
	case !q.Members.Possible():
		text += "in groups by weight, and can never decide"
	case groups > 0:
		text += fmt.Sprintf("in groups by weight, of %d groups %d decide", groups, groups/2+1)
	default:
		text += fmt.Sprintf("%d of them decide", voters/2+1)
	}
	if observers := len(q.Members.Members) - voters; observers > 0 {
		text += fmt.Sprintf("; %d observe", observers)
	}
	if m, ok := q.Members.Member(jute.PeerID(q.ServerID)); ok {
		role := "votes"
		if m.Observer {
			role = "observes"
		}
		text += fmt.Sprintf("; this one is %d and %s", m.ID, role)
	}
	return text
}
