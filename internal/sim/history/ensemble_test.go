package history

import (
	"fmt"
	"testing"

	"quoll/internal/model"
	"quoll/jute"
)

// ensemble is a history of two nodes that the bad ones are made from.
//
//	node 1   leads epoch 1 ... (1,4) | (1,5) only there, dies | starts with (1,5) | follows
//	node 2   ................. (1,4) | leads epoch 3, (3,1) (3,2)
type ensemble struct {
	*builder
	a, b    *Conn // of node 1's first life, and of node 2
	c       *Conn // a's session, at node 1 again
	own     *Recovery
	behind  *Recovery // of node 2: it had less on disk than it had shown
	again   *Recovery // of node 1
	changed *Txn      // the first of epoch 3
}

func at(epoch, counter jute.Zxid) jute.Zxid { return epoch<<32 + counter }

func newEnsemble() *ensemble {
	s := &ensemble{builder: newBuilder()}
	s.h.Recoveries = make([]Recovery, 0, 10) // never moved: the scene points into it
	s.reign(1)
	s.a = s.open()
	s.node = 2
	s.b = s.open()
	s.node = 1
	s.write(s.a, "create", jute.OpCreate, create("/n", "0", 0))
	s.read(s.b, "get", jute.OpGetData, look("/n", true))
	s.behind = s.start(2) // it had written no more so far, and shows what follows in this life
	old := s.b
	s.node = 2
	s.b = s.resume(old)
	s.node = 1
	s.write(s.a, "set", jute.OpSetData, set("/n", "1"))
	s.read(s.b, "seen", jute.OpGetData, look("/n", false))
	s.die()

	s.reign(3) // epoch 2 left nothing
	s.read(s.b, "reign", jute.OpGetData, look("/n", true))
	s.node = 2
	s.changed = s.write(s.b, "change", jute.OpSetData, set("/n", "3"))
	s.again = s.start(1)
	s.node = 1
	s.c = s.resume(s.a)
	s.read(s.c, "there", jute.OpGetData, look("/n", false))
	s.node = 2
	s.write(s.b, "last", jute.OpSetData, set("/n", "4"))
	s.read(s.c, "final", jute.OpGetData, look("/n", false))
	return s
}

// start is a start of a node that has everything on disk.
func (s *ensemble) start(node int) *Recovery {
	r := s.recover(node)
	r.Commit, r.Shown, r.Durable = r.Zxid, r.Zxid, r.Zxid
	return r
}

// resume opens a new connection of a session whose watches are not set again.
func (s *ensemble) resume(old *Conn) *Conn { return s.builder.again(old, s.tree.Zxid) }

// die lets node 1 write a transaction that nobody else gets, and start with it.
func (s *ensemble) die() {
	r := s.send(s.a, jute.OpSetData, set("/n", "own"))
	tree, zxid := s.tree.Clone(), s.tree.Zxid+1
	t := Txn{Node: 1, Applied: s.tree.Zxid, Before: s.tree.Zxid}
	t.Entry.Header = jute.TxnHeader{
		ClientID: s.a.Session, Cxid: s.xid, Type: jute.OpSetData, Zxid: zxid, Time: 7,
	}
	tree.Write(r, zxid, t.Entry.Header.Time, t.Applied)
	s.own = s.start(1)
	s.own.Zxid, s.own.Durable, s.own.Own, s.own.Fork = zxid, zxid, Log{t}, s.tree.Zxid
	s.own.Digest, s.own.Fingerprint = tree.Digest(), tree.Fingerprint()
}

func TestHistoriesOfTwoNodesAreAccepted(t *testing.T) {
	for name, change := range map[string]func(s *ensemble){
		"two epochs, a hole, and a node with a tail of its own": func(*ensemble) {},
		"a node that showed more than it had on disk": func(s *ensemble) {
			s.lag()
		},
		"a connection closed when its session moved to another node": func(s *ensemble) {
			k := s.b
			s.node = 1
			s.resume(k).HelloAt = 0
			k.Closed, k.ClosedTime = true, s.now
		},
		"a session refused before a pause of the leader": func(s *ensemble) {
			s.refuse(2)
		},
		"a connection closed when it was silent": func(s *ensemble) { s.silent(4000) },
	} {
		s := newEnsemble()
		change(s)
		for _, v := range Check(s.h) {
			t.Errorf("%s: %v", name, v)
		}
	}
}

// lag lets node 2 start with less than its life before had shown: only the session of node 1.
func (s *ensemble) lag() {
	first := newBuilder()
	first.reign(1)
	first.open()
	s.behind.Zxid, s.behind.Durable, s.behind.Commit = at(1, 1), at(1, 1), at(1, 1)
	s.behind.Digest, s.behind.Fingerprint = first.tree.Digest(), first.tree.Fingerprint()
	s.behind.Sessions = s.behind.Sessions[:1]
}

// silent lets a learner close a connection that was silent for so long, in ms, of a timeout of 4 s.
func (s *ensemble) silent(millis int64) {
	s.c.Open, s.c.Closed, s.c.ClosedAt, s.c.ClosedTime = false, true, s.tree.Zxid, s.now
	s.c.Silence = &Expiry{At: 100 + millis, Heard: 100, Timeout: 4000}
}

// refuse lets node 1 refuse a session whose end node 2 proposes after a pause of a node.
func (s *ensemble) refuse(stood int) {
	s.node = 2
	s.now = 20 * graceMicros
	end := s.expire(s.c.Session)
	end.At, s.c.Open = s.now, false
	s.node = 1
	k := s.dial(s.c.Session, password(s.c.Session), 0)
	k.Open = false
	s.answer(k, &jute.ConnectResponse{Passwd: make([]byte, 16)})
	k.Got[0].Written = end.At - 10*graceMicros
	s.h.Pauses = []Pause{{stood, k.Got[0].Written, end.At}}
}

func TestBadHistoriesOfTwoNodesAreRejected(t *testing.T) {
	for _, row := range []struct {
		name, rule string
		spoil      func(s *ensemble)
	}{
		{"a tail of its own below the commit point", "recovery", func(s *ensemble) {
			s.own.Commit = s.own.Zxid
		}},
		{"a tail of its own, and another tree", "recovery", func(s *ensemble) { s.own.Digest++ }},
		{"a tail of its own, and another ACL", "recovery", func(s *ensemble) {
			s.own.Fingerprint++
		}},
		{"a tail of its own that the tree does not show", "recovery", func(s *ensemble) {
			s.own.Digest, s.own.Fingerprint = s.behind.Digest, s.behind.Fingerprint
		}},
		{"a tail of its own that is said to be in the history", "recovery", func(s *ensemble) {
			s.own.Own = nil
		}},
		{"less than was said to be durable", "recovery", func(s *ensemble) {
			s.again.Durable = s.again.Zxid + 1
		}},
		{"the tree of another node", "recovery", func(s *ensemble) {
			s.again.Digest, s.again.Fingerprint = s.own.Digest, s.own.Fingerprint
		}},
		{"a life that showed more than was committed", "rollback", func(s *ensemble) {
			s.lag()
			s.behind.Shown = at(1, 2)
		}},
		{"a life that showed what did not survive", "rollback", func(s *ensemble) {
			s.got(s.a, "lost", reply(s.a.Sent[len(s.a.Sent)-1].Xid, at(1, 5), jute.OK, nil))
		}},
		{"a node that shows what came before its start", "zxid falls", func(s *ensemble) {
			f, before := s.at(s.c, "there"), s.at(s.b, "seen")
			f.Bytes = reply(header(f).Xid, at(1, 4), jute.OK, before.Bytes[jute.ReplyHeaderBytes:])
			s.c.Hello.LastZxidSeen = 0
		}},
		{"a reign that nobody began", "zxid falls", func(s *ensemble) {
			s.h.Reigns = s.h.Reigns[:1]
		}},
		{"a hole in an epoch", "log order", func(s *ensemble) {
			s.h.Txns = append(s.h.Txns[:1:1], s.h.Txns[2:]...)
		}},
		{"an epoch that begins in its middle", "log order", func(s *ensemble) {
			s.h.Txns = append(s.h.Txns[:4:4], s.h.Txns[5:]...)
		}},
		{"an epoch that comes back", "log order", func(s *ensemble) {
			s.changed.Entry.Header.Zxid = at(1, 5)
			s.h.Reigns = s.h.Reigns[:1]
			s.h.Txns[5].Entry.Header.Zxid = at(1, 4)
		}},
		{"a session refused before a pause of another node", "connect", func(s *ensemble) {
			s.refuse(1)
		}},
		{"a connection closed before its session is asked for elsewhere", "closed",
			func(s *ensemble) {
				k := s.b
				s.node = 1
				s.resume(k).HelloAt = s.now + 1
				k.Closed, k.ClosedTime = true, s.now
			}},
		{"a connection closed before it was silent for long enough", "closed",
			func(s *ensemble) { s.silent(3999) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newEnsemble()
			row.spoil(s)
			found := Check(s.h)
			for _, v := range found {
				if v.Rule == row.rule {
					return
				}
			}
			t.Errorf("want %q, found %v", row.rule, found)
		})
	}
}

// move is a session that an old connection at node 1 had, and that a newer one at node 2 has now.
type move struct {
	*ensemble
	old, newer *Conn
}

func newMove() move {
	s := newEnsemble()
	old := s.c
	old.Hello.SessionID = 0 // it is the one that began the session
	s.node = 2
	m := move{s, old, s.resume(old)}
	m.newer.HelloAt, m.newer.Granted = s.next(), s.now
	return m
}

// arrives logs a write of the old connection, which node 1 forwarded late.
func (m *move) arrives(op jute.OpCode, code jute.ErrorCode) *Txn {
	m.xid++
	m.old.Sent = append(m.old.Sent, Sent{
		Xid: m.xid, Op: op, Body: jute.Append(nil, set("/n", "late")), At: m.newer.HelloAt - 1,
	})
	t := m.log(jute.Entry{Header: jute.TxnHeader{ClientID: m.old.Session, Cxid: m.xid, Type: op}})
	t.From, t.At = 1, m.next()
	h := &t.Entry.Header
	switch {
	case code != jute.OK:
		h.Type, t.Entry.Body = jute.OpError, jute.Append(nil, &jute.ErrorResponse{Err: code})
		m.tree.Nothing(h.Zxid)
	case op == jute.OpCloseSession:
		m.tree.Expire(m.old.Session, h.Zxid)
	default:
		m.tree.Write(&model.Request{
			Op: op, Session: m.old.Session, Body: m.old.Sent[len(m.old.Sent)-1].Body,
			Who: model.Stranger(m.old.Peer),
		}, h.Zxid, h.Time, t.Applied)
	}
	t.Entry.Digest.TreeDigest = m.tree.Digest()
	return t
}

// closes lets node 2 close the newer connection.
func (m *move) closes() {
	m.newer.Open, m.newer.Closed = false, true
	m.newer.ClosedAt, m.newer.ClosedTime = m.tree.Zxid, m.next()
}

// mistake lets node 1 answer a write of the old connection with a transaction of the newer one,
// whose xid is so much lower. The write itself comes to the leader afterwards.
func (m *move) mistake(lower int32) {
	t := m.write(m.newer, "new", jute.OpSetData, set("/n", "new"))
	t.From = 2
	m.xid += lower - 1
	m.arrives(jute.OpSetData, jute.SessionMoved)
	m.got(m.old, "mistaken", reply(m.xid, t.Entry.Header.Zxid, jute.OK, nil))
}

// In an ensemble a session can have moved while writes of its old connection were on their way.
func TestLateWritesOfAnOlderConnection(t *testing.T) {
	for _, row := range []struct {
		name, rule string // rule: the one that is broken, "" for none
		play       func(m *move)
	}{
		// A client begins its xids anew. The refused write has the xid of one that the newer
		// connection has sent, and node 2 cannot tell the two.
		{"the refusal is taken for that of the newer connection", "", func(m *move) {
			m.xid++
			m.newer.Sent = append(m.newer.Sent, Sent{Xid: m.xid, Op: jute.OpSetData,
				Body: jute.Append(nil, set("/n", "new")), At: m.next()})
			m.xid--
			m.arrives(jute.OpSetData, jute.SessionMoved)
			m.closes()
		}},
		{"the refusal is on its way when the newer connection gets the session", "", func(m *move) {
			m.xid++
			m.newer.Sent = append(m.newer.Sent, Sent{Xid: m.xid, Op: jute.OpSetData,
				Body: jute.Append(nil, set("/n", "new")), At: m.next()})
			m.xid--
			m.newer.Granted = m.arrives(jute.OpSetData, jute.SessionMoved).At + 1
			m.closes()
		}},
		{"the refusal has an xid of the old connection alone", "closed", func(m *move) {
			m.arrives(jute.OpSetData, jute.SessionMoved)
			m.closes()
		}},
		{"the end of the session counts whoever has asked for it", "", func(m *move) {
			m.write(m.newer, "new", jute.OpSetData, set("/n", "new"))
			m.arrives(jute.OpCloseSession, jute.OK)
			m.closes()
		}},
		// Node 1 does not know that the session has moved, and takes the first of two writes for
		// the one that its connection has sent (seed 95002615 of the simulator).
		{"the newer connection's write is taken for that of the older", "", func(m *move) {
			m.mistake(0)
		}},
		{"the newer connection's write has another xid", "own zxid", func(m *move) {
			m.mistake(1)
		}},
		{"another write does not count", "write order", func(m *move) {
			m.write(m.newer, "new", jute.OpSetData, set("/n", "new"))
			m.arrives(jute.OpSetData, jute.OK)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := newMove()
			m.h.Ensemble = true
			row.play(&m)
			found := Check(m.h)
			if row.rule == "" && len(found) > 0 {
				t.Errorf("found %v", found)
			}
			if row.rule != "" && (len(found) == 0 || found[0].Rule != row.rule) {
				t.Errorf("want %q, found %v", row.rule, found)
			}
		})
	}
}

// A leader that hears a request and an acknowledgement in one step looks at the request first, and
// has applied more when the step is over.
func TestAQuotaCountsAsItWasWhenTheWriteWasLookedAt(t *testing.T) {
	for _, tooEarly := range []bool{false, true} {
		s := newEnsemble()
		s.h.Options.EnforceQuota, s.tree.Options.EnforceQuota = true, true
		s.write(s.b, "quota", jute.OpCreate, create("/zookeeper/quota/n", "", 0))
		limits := fmt.Sprintf(model.LimitText, 40, 1)
		s.write(s.b, "limits", jute.OpCreate, create(model.QuotaNode("/n", model.LimitsNode), limits, 0))
		s.write(s.b, "stats", jute.OpCreate, create(model.QuotaNode("/n", model.StatsNode), "", 0))
		before := s.tree.Zxid - 1
		r := s.send(s.b, jute.OpCreate, create("/n/a", "", 0))
		made := s.log(jute.Entry{Header: jute.TxnHeader{
			ClientID: s.b.Session, Cxid: s.xid, Type: jute.OpCreate,
		}})
		h := &made.Entry.Header
		out := s.tree.Write(r, h.Zxid, h.Time, before)
		made.Entry.Digest.TreeDigest = s.tree.Digest()
		s.got(s.b, "made", reply(s.xid, h.Zxid, out.Code, out.Body))
		if made.Before = before; tooEarly {
			made.Before = made.Applied
		}
		if found := Check(s.h); (len(found) > 0) != tooEarly {
			t.Errorf("too early: %v, found %v", tooEarly, found)
		}
	}
}

// A multi that failed is told from one that did not by its operations: the code of both is OK (seed
// 101018255 of the simulator, where no digest tells them apart). So is which operation failed, and
// why (seed 210003255: the second one by a quota, or the fourth one).
func TestAMultiSaysWhetherItFailed(t *testing.T) {
	fails := func(why jute.ErrorCode) jute.Txn {
		return jute.Txn{Type: jute.OpError, Data: jute.Append(nil, &jute.ErrorResponse{Err: why})}
	}
	create := jute.Txn{Type: jute.OpCreate}
	after := fails(jute.RuntimeInconsistency)
	outcomes := []model.Outcome{
		{},
		{Failed: true, Body: model.FailedMulti(3, 0, jute.NoNode)},
		{Failed: true, Body: model.FailedMulti(3, 1, jute.NoNode)},
		{Failed: true, Body: model.FailedMulti(3, 1, jute.QuotaExceeded)},
		{Failed: true, Body: model.FailedMulti(3, 2, jute.NoNode)},
	}
	for i, txns := range [][]jute.Txn{
		{create, create, create},
		{fails(jute.NoNode), after, after},
		{create, fails(jute.NoNode), after},
		{create, fails(jute.QuotaExceeded), after},
		{create, create, fails(jute.NoNode)},
	} {
		multi := Txn{Entry: jute.Entry{
			Header: jute.TxnHeader{Type: jute.OpMulti}, Body: jute.Append(nil, &jute.MultiTxn{Txns: txns}),
		}}
		for k := range outcomes {
			if is(&multi, &outcomes[k]) != (i == k) {
				t.Errorf("logged %d, outcome %d: is %v", i, k, i != k)
			}
		}
	}
	for as, failed := range map[jute.OpCode]bool{jute.OpError: true, jute.OpCreate: false} {
		single := Txn{Entry: jute.Entry{Header: jute.TxnHeader{Type: as}}}
		if !is(&single, &model.Outcome{Failed: failed}) || is(&single, &model.Outcome{Failed: !failed}) {
			t.Errorf("%v alone", as)
		}
	}
}
