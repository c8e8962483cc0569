package processor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/session"
)

// ensemble is three servers' chains, and instead of Zab a master that every server believes: what
// was proposed is in one log, and is committed when the test says so.
//
//	callers -> chain --Forward, Sync, Revalidate--> out ---> chain of the leader
//	           chain <--Proposed, Committed, ...--- in  <--- log, committed up to a point
type ensemble struct {
	t         *testing.T
	chance    *rand.Rand
	servers   []*server
	leader    *server // nil between two reigns
	epoch     int64
	log       []jute.Entry // of all reigns, without what was lost with one
	committed int          // of log
	waiting   []waiting    // syncs at the leader
	now       int64
	links     uint64

	clients []*life
	callers []*caller
	owners  session.Owner
	states  []state // behind each entry of log
	reach   map[string]int
}

// server is one of them.
type server struct {
	*world
	e      *ensemble
	c      *Chain
	link   session.Owner // of the learner, at the leader; 0: not connected
	serves bool
	in     []packet // from the leader, in order
	out    []packet // to it
}

// packet is one packet between a learner and the leader, whatever it is.
type packet struct {
	entry   *jute.Entry
	commit  jute.Zxid
	request *jute.LearnerRequest
	asks    *jute.SessionTimeout // REVALIDATE
	answer  jute.SessionID       // to that
	lives   bool
	sync    bool
	serve   bool
	heard   []jute.SessionTimeout
}

// waiting is a sync at the leader, until the log is committed so far.
type waiting struct {
	server *server // nil: the leader's own
	upTo   int
}

// first is the zxid that all trees begin with.
const first = 3

func newEnsemble(t *testing.T, seed uint64) *ensemble {
	e := &ensemble{
		t: t, chance: rand.New(rand.NewPCG(seed, 1)), epoch: 1, now: 1000,
		states: []state{{}}, reach: map[string]int{},
	}
	for i := range uint8(3) {
		w := &world{
			tree: datatree.New(datatree.Options{Digest: true}), conns: mail.NewConns(),
			box: mail.NewBox(func() {}), auth: &auth.Rules{DigestEnabled: true},
		}
		for k := range nodes {
			applied(w.tree, &jute.Entry{
				Header: jute.TxnHeader{Zxid: jute.Zxid(1 + k), Type: jute.OpCreate},
				Body: jute.Append(nil, &jute.CreateTxn{
					Path: []byte(place(k)), ACL: anyone(), ParentCVersion: -1,
				}),
			})
		}
		s := &server{world: w, e: e}
		s.c = NewChain(Rules{
			Prep:          prep.Rules{Auth: w.auth, Digest: true, CloseSessionTxn: true},
			MaxApplyBatch: 1 + e.chance.IntN(3),
		}, w.tree, session.NewTable(1000, i+1, 1, e.now), w.conns, s, Hooks{})
		e.servers = append(e.servers, s)
	}
	e.lead(e.servers[0])
	return e
}

func applied(tree *datatree.Tree, e *jute.Entry) {
	var result datatree.Result
	tree.Lock()
	defer tree.Unlock()
	tree.Apply(e, &result)
}

// The methods of Master.

func (s *server) Propose(en jute.Entry) {
	e := s.e
	require.Same(e.t, e.leader, s)
	e.log = append(e.log, en)
	e.states = append(e.states, e.states[len(e.states)-1].after(e.t, &en))
	for _, l := range e.servers {
		if l.link != 0 {
			l.in = append(l.in, packet{entry: &en})
		}
	}
}

func (s *server) Forward(r *jute.LearnerRequest) {
	require.NotZero(s.e.t, s.link)
	kept := *r
	s.out = append(s.out, packet{request: &kept})
}

func (s *server) Sync() bool {
	e := s.e
	switch {
	case s != e.leader:
		s.out = append(s.out, packet{sync: true})
	case len(e.log) == e.committed && e.chance.IntN(2) == 0:
		return false
	default:
		e.waiting = append(e.waiting, waiting{upTo: len(e.log)})
	}
	return true
}

func (s *server) Revalidate(asks jute.SessionTimeout) {
	require.NotZero(s.e.t, s.link)
	s.out = append(s.out, packet{asks: &asks})
}

// hear takes the next packet of a learner to the leader. A request makes exactly one transaction.
func (e *ensemble) hear(s *server) {
	p := s.out[0]
	s.out = s.out[1:]
	switch {
	case p.request != nil:
		before := len(e.log)
		e.leader.c.LearnerRequest(s.link, p.request)
		require.Len(e.t, e.log, before+1)
	case p.sync:
		e.waiting = append(e.waiting, waiting{server: s, upTo: len(e.log)})
	case p.asks != nil:
		lives := e.leader.c.Revalidate(s.link, *p.asks)
		s.in = append(s.in, packet{answer: p.asks.Session, lives: lives})
	default:
		for _, touch := range p.heard {
			e.leader.c.Touch(s.link, touch)
		}
	}
	e.release()
}

// tell takes the next packet of the leader to a learner.
func (e *ensemble) tell(s *server) {
	p := s.in[0]
	s.in = s.in[1:]
	switch {
	case p.entry != nil:
		s.c.Proposed(*p.entry)
	case p.commit != 0:
		s.c.Committed(p.commit)
	case p.sync:
		s.c.Synced()
	case p.serve:
		s.serves = true
		s.c.Serve()
	default:
		e.reach[fmt.Sprint("revalidated ", p.lives)]++
		s.c.Revalidated(p.answer, p.lives)
	}
}

// commit commits some of the log.
func (e *ensemble) commit(upTo int) {
	e.committed = upTo
	zxid := e.zxid(upTo)
	for _, s := range e.servers {
		if s.link != 0 {
			s.in = append(s.in, packet{commit: zxid})
		}
	}
	e.leader.c.Committed(zxid)
	e.release()
}

// zxid is that of the n-th entry of the log; that of the trees' beginning before the first.
func (e *ensemble) zxid(n int) jute.Zxid {
	if n == 0 {
		return first
	}
	return e.log[n-1].Header.Zxid
}

// release answers the syncs whose part of the log is committed.
func (e *ensemble) release() {
	for len(e.waiting) > 0 && e.waiting[0].upTo <= e.committed {
		s := e.waiting[0].server
		e.waiting = e.waiting[1:]
		if s == nil {
			e.leader.c.Synced()
		} else if s.link != 0 {
			s.in = append(s.in, packet{sync: true})
		}
	}
}

// join connects a server to the leader, which tells it all that it lacks.
func (e *ensemble) join(s *server) {
	e.links++
	s.link = session.LinkOwner(e.links)
	s.c.Follow()
	have := s.tree.Peek().LastZxid()
	for i := range e.log {
		if e.log[i].Header.Zxid > have {
			s.in = append(s.in, packet{entry: &e.log[i]})
		}
	}
	s.in = append(s.in, packet{commit: e.zxid(e.committed)}, packet{serve: true})
}

// leave ends a server's role.
func (e *ensemble) leave(s *server) {
	s.link, s.serves, s.in, s.out = 0, false, nil, nil
	e.waiting = slices.DeleteFunc(e.waiting, func(w waiting) bool { return w.server == s })
	s.c.Leave()
	require.Zero(e.t, s.c.InFlight())
	s.drain()
}

// elect ends the reign and begins the next one: what was not committed is lost, or some of it.
func (e *ensemble) elect() {
	for _, s := range e.servers {
		e.leave(s)
	}
	e.leader, e.waiting = nil, nil
	e.log = e.log[:e.committed+e.chance.IntN(len(e.log)-e.committed+1)]
	e.states = e.states[:len(e.log)+1]
	e.epoch++
	e.lead(e.servers[e.chance.IntN(len(e.servers))])
}

func (e *ensemble) lead(s *server) {
	have := s.tree.Peek().LastZxid()
	for i := range e.log {
		if e.log[i].Header.Zxid > have {
			s.c.Proposed(e.log[i])
		}
	}
	e.committed, e.leader = len(e.log), s
	s.c.Committed(e.zxid(e.committed))
	s.c.Time(e.now, e.now)
	s.c.Lead(jute.Zxid(e.epoch << 32))
	s.serves = true
	s.c.Serve()
}

// tick lets time pass: connections are heard, learners tell the leader, sessions expire.
func (e *ensemble) tick() {
	e.now += 500
	for _, c := range e.callers {
		if c.opened && !c.closed && !c.quiet {
			c.Heard.Store(e.now)
		}
	}
	for _, s := range e.servers {
		s.c.Time(e.now, e.now)
		expired, _ := s.c.sessions.Tick(e.now, 500, nil)
		for _, gone := range expired {
			require.Same(e.t, e.leader, s, "a learner ends nobody")
			e.reach["expired"]++
			s.c.Expire(gone)
		}
		if s.link != 0 {
			s.out = append(s.out, packet{heard: s.c.Heard(nil)})
		}
	}
}

// step does one thing by chance.
func (e *ensemble) step() {
	s := e.servers[e.chance.IntN(len(e.servers))]
	switch n := e.chance.IntN(100); {
	case n < 20:
		e.call()
	case s != e.leader && s.link == 0:
		e.join(s)
	case n < 40:
		for k := e.chance.IntN(4); len(s.out) > 0 && k > 0; k-- {
			e.hear(s)
		}
	case n < 60:
		for k := e.chance.IntN(6); len(s.in) > 0 && k > 0; k-- {
			e.tell(s)
		}
	case n < 75 && e.committed < len(e.log):
		e.commit(e.committed + 1 + e.chance.IntN(len(e.log)-e.committed))
	case n < 90:
		e.release()
		s.drain()
	case n < 95:
		e.tick()
	case n == 98 && s != e.leader && e.chance.IntN(3) == 0:
		e.leave(s)
	case n == 99 && e.chance.IntN(4) == 0:
		e.elect()
	}
}

// heal lets all that is under way come to its end.
func (e *ensemble) heal() {
	for _, s := range e.servers {
		if s != e.leader && s.link == 0 {
			e.join(s)
		}
	}
	for busy := true; busy; {
		busy = len(e.waiting) > 0
		e.release()
		for _, s := range e.servers {
			for ; len(s.out) > 0; busy = true {
				e.hear(s)
			}
			for ; len(s.in) > 0; busy = true {
				e.tell(s)
			}
			s.drain()
		}
		if e.committed < len(e.log) {
			e.commit(len(e.log))
			busy = true
		}
	}
}

// Whatever the servers do, each client sees the order that the package promises, and in the end all
// servers are alike.
func TestAnEnsembleKeepsItsPromises(t *testing.T) {
	reach := map[string]int{}
	for seed := range uint64(400) {
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			e := newEnsemble(t, seed)
			for range 600 {
				e.step()
			}
			e.heal()
			e.check()
			for what, n := range e.reach {
				reach[what] += n
			}
		}) {
			break
		}
	}
	t.Log(reach)
	for _, what := range []string{
		"expired", "revalidated true", "revalidated false", "moved", "written", "read", "synced",
		"unreadable", "refused", "refused session", "kicked", "role over", "dropped", "ended",
	} {
		require.NotZero(t, reach[what], what)
	}
}

// check looks at what is left when all is quiet.
func (e *ensemble) check() {
	one := e.servers[0].tree.Peek()
	for i, s := range e.servers {
		v := s.tree.Peek()
		require.Equal(e.t, one.TreeDigest(), v.TreeDigest(), i)
		require.Equal(e.t, one.LastZxid(), v.LastZxid(), i)
		require.Zero(e.t, s.tree.Faults(), i)
		require.Zero(e.t, s.c.InFlight()+s.c.commit.flights.len()+s.c.syncs.asked.len(), i)
		require.Empty(e.t, s.c.asked.of, i)
		require.Empty(e.t, s.c.commit.granted, i)
		require.Equal(e.t, e.servers[0].c.sessions.Len(), s.c.sessions.Len(), i)
	}
	for _, c := range e.callers {
		c.checkEnd()
	}
	for _, l := range e.clients {
		l.checkOrder(e)
	}
}
