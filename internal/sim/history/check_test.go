package history

import (
	"encoding/binary"
	"testing"

	"quoll/internal/model"
	"quoll/jute"
)

// scene is the good history that the bad ones are made from.
type scene struct {
	*builder
	a, b    *Conn // two sessions; b watches what a does
	resumed *Conn // b's session, after its connection was cut and its watches were set again
	secret  *Txn  // a setACL that takes READ from everyone
	last    *Txn  // a write of a
	expired *Txn
	reaped  *Txn
}

func create(path, data string, flags jute.CreateMode) *jute.CreateRequest {
	return &jute.CreateRequest{
		Path: []byte(path), Data: []byte(data), Flags: flags,
		ACL: []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}},
	}
}

func set(path, data string) *jute.SetDataRequest {
	return &jute.SetDataRequest{Path: []byte(path), Data: []byte(data), Version: -1}
}

func look(path string, watch bool) *jute.PathWatch {
	return &jute.PathWatch{Path: []byte(path), Watch: watch}
}

func newScene() *scene {
	s := &scene{builder: newBuilder()}
	s.a, s.b = s.open(), s.open()
	s.write(s.a, "create", jute.OpCreate, create("/n", "0", 0))
	s.read(s.b, "get", jute.OpGetData, look("/n", true))
	s.write(s.a, "set", jute.OpSetData, set("/n", "1"))
	s.read(s.b, "get again", jute.OpGetData, look("/n", false))
	s.read(s.b, "persist", jute.OpAddWatch, &jute.AddWatchRequest{Path: []byte("/n")})
	s.read(s.b, "recurse", jute.OpAddWatch, &jute.AddWatchRequest{Path: []byte("/"), Mode: 1})
	s.write(s.a, "set 2", jute.OpSetData, set("/n", "2"))
	s.write(s.a, "set 3", jute.OpSetData, set("/n", "3"))
	s.write(s.a, "bad", jute.OpDelete, &jute.PathVersion{Path: []byte("/n"), Version: 99})
	s.write(s.a, "sequence", jute.OpCreate, create("/n/s-", "", 2))
	s.write(s.a, "multi", jute.OpMulti, multi("/n/m", "/n"))
	s.write(s.a, "failed multi", jute.OpMulti, multi("/n/m", "/n"))
	s.read(s.b, "children", jute.OpGetChildren, look("/n", false))

	lost := s.b
	s.write(s.a, "ephemeral", jute.OpCreate, create("/e", "", 1))
	seen := s.tree.Zxid
	s.read(lost, "watched", jute.OpGetData, look("/e", true))
	s.resumed = s.again(lost, seen)
	s.write(s.a, "meanwhile", jute.OpSetData, set("/e", "x"))
	s.read(s.resumed, "set watches", jute.OpSetWatches, &jute.SetWatches{
		RelativeZxid: seen, Data: [][]byte{[]byte("/e")}, Exist: [][]byte{}, Child: [][]byte{},
	})
	s.read(s.resumed, "exists", jute.OpExists, look("/none", true))

	s.write(s.a, "hidden", jute.OpCreate, create("/h", "", 0))
	s.read(s.resumed, "hidden watch", jute.OpGetData, look("/h", true))
	s.secret = s.write(s.a, "secret", jute.OpSetACL, &jute.SetACLRequest{
		Path: []byte("/h"), Version: -1, ACL: []jute.ACL{
			{Perms: jute.PermWrite, ID: jute.ID{Scheme: "world", ID: "anyone"}},
		},
	})
	s.write(s.a, "unseen", jute.OpSetData, set("/h", "y"))
	s.expired = s.expire(s.a.Session)
	s.a.Open = false

	s.recover(1)
	s.a = s.open()
	s.resumed = s.again(s.resumed, s.tree.Zxid)
	s.write(s.a, "container", jute.OpCreateContainer, create("/k", "", 4))
	s.write(s.a, "child", jute.OpCreate, create("/k/c", "", 0))
	s.write(s.a, "no child", jute.OpDelete, &jute.PathVersion{Path: []byte("/k/c"), Version: -1})
	s.reaped = s.log(jute.Entry{
		Header: jute.TxnHeader{Type: jute.OpDeleteContainer},
		Body:   jute.Append(nil, &jute.PathOnly{Path: []byte("/k")}),
	})
	_, _ = s.tree.Reap([]byte("/k"), s.reaped.Entry.Header.Zxid, s.reaped.Entry.Header.Time)
	s.reaped.Entry.Digest.TreeDigest = s.tree.Digest()
	s.read(s.a, "read", jute.OpGetData, look("/n", false))
	s.read(s.resumed, "armed", jute.OpGetData, look("/n", true))
	s.last = s.write(s.a, "last", jute.OpSetData, set("/n", "9"))
	s.read(s.resumed, "final", jute.OpGetData, look("/n", true))
	return s
}

func multi(path, other string) *jute.MultiRequest {
	m := &jute.MultiRequest{Ops: make([]jute.MultiOp, 2)}
	m.Ops[0].Type, m.Ops[0].Create = jute.OpCreate, &jute.CreateTTLRequest{
		CreateRequest: *create(path, "m", 0),
	}
	m.Ops[1].Type, m.Ops[1].Set = jute.OpSetData, set(other, "from the multi")
	return m
}

func TestAPerfectHistoryIsAccepted(t *testing.T) {
	for _, v := range Check(newScene().h) {
		t.Error(v)
	}
}

// bad is one way in which a history can be wrong, and the rule that must say so.
type bad struct {
	name, rule string
	spoil      func(s *scene)
}

func header(f *Frame) *jute.ReplyHeader {
	var h jute.ReplyHeader
	_, _ = jute.Decode(f.Bytes, &h)
	return &h
}

// setZxid gives a frame another zxid in its header.
func setZxid(f *Frame, zxid jute.Zxid) { binary.BigEndian.PutUint64(f.Bytes[4:], uint64(zxid)) }

func (s *scene) body(c *Conn, name string, at int, b byte) {
	f := s.at(c, name)
	if at < 0 {
		at += len(f.Bytes)
	}
	f.Bytes[at] = b
}

// read-only: every bad history.
var badHistories = []bad{
	{"replies swapped", "reply order", func(s *scene) { s.swap(s.a, "read", "last") }},
	{"a reply to nothing", "reply order", func(s *scene) {
		s.got(s.a, "extra", reply(9999, s.tree.Zxid, jute.OK, nil))
	}},
	{"a write with another's zxid", "own zxid", func(s *scene) {
		setZxid(s.at(s.a, "last"), s.last.Entry.Header.Zxid-1)
	}},
	{"a zxid that falls", "zxid falls", func(s *scene) {
		setZxid(s.at(s.resumed, "final"), s.last.Entry.Header.Zxid-1)
	}},
	{"wrong data", "reply", func(s *scene) { s.body(s.resumed, "final", 20, 'x') }},
	{"wrong version", "reply", func(s *scene) { s.body(s.resumed, "final", 20+1+35, 77) }},
	{"the state of a later zxid", "reply", func(s *scene) {
		f, later := s.at(s.a, "read"), s.at(s.resumed, "final")
		f.Bytes = append(append([]byte{}, f.Bytes[:16]...), later.Bytes[16:]...)
	}},
	{"a read that shows what was not applied", "too early", func(s *scene) {
		s.at(s.resumed, "final").Applied--
	}},
	{"an event that was not applied", "too early", func(s *scene) {
		s.at(s.b, "event set").Applied--
	}},
	{"an event behind the reply that shows it", "event order", func(s *scene) {
		s.swap(s.b, "event set", "get again")
	}},
	{"an event that never comes", "lost event", func(s *scene) {
		s.dropFrom(s.resumed, "event last")
		s.resumed.Sent = s.resumed.Sent[:len(s.resumed.Sent)-1]
	}},
	{"a one-shot event twice", "event", func(s *scene) {
		e := s.at(s.b, "event set")
		s.b.Got = append(s.b.Got[:3:3], append([]Frame{*e}, s.b.Got[3:]...)...)
	}},
	{"an event for another path", "event", func(s *scene) {
		s.body(s.b, "event set", -1, 'm')
	}},
	{"an event of another type", "event", func(s *scene) { s.body(s.b, "event set", 19, 2) }},
	{"an event with another zxid", "event", func(s *scene) {
		setZxid(s.at(s.b, "event set"), header(s.at(s.b, "event set")).Zxid-1)
	}},
	{"an event for who may not read", "event", func(s *scene) {
		e := model.Event{
			Type: jute.EventDataChanged, Path: "/h", Zxid: s.secret.Entry.Header.Zxid + 1,
		}
		old := s.h.Conns[2]
		old.Got = append(old.Got, Frame{Bytes: e.Bytes(), Applied: s.tree.Zxid})
	}},
	{"children's changes for a recursive watch", "event", func(s *scene) {
		e := model.Event{Type: jute.EventChildrenChanged, Path: "/", Zxid: s.tree.Zxid}
		s.got(s.resumed, "extra", e.Bytes())
	}},
	{"a persistent watch that fires once", "event order", func(s *scene) {
		s.drop(s.b, "event set 3")
	}},
	{"events out of order", "event", func(s *scene) { s.swap(s.b, "event set 2", "event set 3") }},
	{"an answered write that is not in the log", "rollback", func(s *scene) {
		s.h.Txns = s.h.Txns[:len(s.h.Txns)-1]
	}},
	{"a write that is in the log twice", "exactly once", func(s *scene) {
		t := *s.last
		t.Entry.Header.Zxid++
		s.h.Txns = append(s.h.Txns, t)
	}},
	{"writes of a session in another order", "write order", func(s *scene) {
		i := len(s.h.Txns) - 1
		for s.h.Txns[i].Entry.Header.Type != jute.OpDelete {
			i--
		}
		one, other := &s.h.Txns[i].Entry.Header, &s.h.Txns[i-1].Entry.Header
		one.Cxid, other.Cxid = other.Cxid, one.Cxid
	}},
	{"a write that was passed over", "write order", func(s *scene) {
		i := len(s.a.Sent) - 1
		skipped := Sent{Xid: s.a.Sent[i].Xid - 1, Op: jute.OpSetData, Body: s.a.Sent[i].Body}
		s.a.Sent = append(s.a.Sent[:i:i], skipped, s.a.Sent[i])
		s.a.Open = false
	}},
	{"a transaction that nobody asked for", "unasked", func(s *scene) {
		s.last.Entry.Header.Cxid += 1000
	}},
	{"a hole in the log", "log order", func(s *scene) {
		i := len(s.h.Txns) - 2
		s.h.Txns = append(s.h.Txns[:i:i], s.h.Txns[i+1:]...)
	}},
	{"a session's end that forgets an ephemeral", "ephemerals", func(s *scene) {
		s.expired.Entry.Body = jute.Append(nil, &jute.CloseSessionTxn{Paths2Delete: [][]byte{}})
	}},
	{"an end of a session for no reason", "unasked", func(s *scene) { s.expired.Expiry = nil }},
	{"an end of a session before its time", "early expiry", func(s *scene) {
		s.expired.Expiry.Heard++
	}},
	{"an end of a session long after its time", "late expiry", func(s *scene) {
		s.expired.Expiry.Latest--
	}},
	{"a session that ends twice", "closed session", func(s *scene) {
		s.log(jute.Entry{
			Header: s.expired.Entry.Header, Body: s.expired.Entry.Body, Digest: s.last.Entry.Digest,
		}).Expiry = s.expired.Expiry
	}},
	{"a write after its session's end", "closed session", func(s *scene) {
		t := s.log(jute.Entry{Header: jute.TxnHeader{
			ClientID: s.expired.Entry.Header.ClientID, Cxid: 9000, Type: jute.OpSetData,
		}, Digest: s.last.Entry.Digest})
		old := s.h.Conns[0]
		old.Sent = append(old.Sent, Sent{Xid: 9000, Op: jute.OpSetData,
			Body: jute.Append(nil, set("/none", "")), At: t.Entry.Header.Time})
	}},
	{"a recovery with another tree", "recovery", func(s *scene) { s.h.Recoveries[0].Digest++ }},
	{"a recovery with another ACL", "recovery", func(s *scene) {
		s.h.Recoveries[0].Fingerprint++
	}},
	{"a recovery without a session", "recovery", func(s *scene) { s.h.Recoveries[0].Sessions = nil }},
	{"a recovery to before what was shown", "rollback", func(s *scene) {
		r := &s.h.Recoveries[0]
		r.Zxid -= 2
	}},
	{"a recovery that is not in the log", "recovery", func(s *scene) {
		r := s.h.Recoveries[0]
		r.Zxid = 9999
		s.h.Recoveries = append(s.h.Recoveries, r)
	}},
	{"another digest in the log", "digest", func(s *scene) { s.last.Entry.Digest.TreeDigest++ }},
	{"another code in the log", "transaction", func(s *scene) {
		s.txnOf("bad").Entry.Body = jute.Append(nil, &jute.ErrorResponse{Err: jute.NoNode})
	}},
	{"a refused write that is logged as done", "transaction", func(s *scene) {
		s.txnOf("bad").Entry.Header.Type = jute.OpDelete
	}},
	{"another error code", "reply", func(s *scene) { s.body(s.h.Conns[0], "bad", 15, 0x9b) }},
	{"another sequence number", "reply", func(s *scene) {
		s.body(s.h.Conns[0], "sequence", -1, '7')
	}},
	{"a failed multi that is told as done", "reply", func(s *scene) {
		f, good := s.at(s.h.Conns[0], "failed multi"), s.at(s.h.Conns[0], "multi")
		f.Bytes = append(append([]byte{}, f.Bytes[:16]...), good.Bytes[16:]...)
	}},
	{"a child that is not listed", "reply", func(s *scene) {
		f := s.at(s.b, "children")
		f.Bytes = append(f.Bytes[:16:16], jute.Append(nil, &jute.Names{Names: [][]byte{}})...)
	}},
	{"a missed event that is not replayed", "missed events", func(s *scene) {
		old := s.h.Conns[2]
		s.drop(old, "missed set watches")
	}},
	{"a missed event that did not happen", "missed events", func(s *scene) {
		e := model.Event{Type: jute.EventDeleted, Path: "/n", Zxid: -1}
		old := s.h.Conns[2]
		old.Got = append(old.Got[:1:1], append([]Frame{{Bytes: e.Bytes()}}, old.Got[1:]...)...)
	}},
	{"a read that sees its session's later write", "read order", func(s *scene) {
		setZxid(s.at(s.a, "read"), s.last.Entry.Header.Zxid)
		s.at(s.a, "read").Applied++
	}},
	{"a write that came too late for its place", "real time", func(s *scene) {
		for _, c := range s.h.Conns {
			for i := range c.Got {
				c.Got[i].At = 0
			}
		}
	}},
	{"a request without an answer", "no answer", func(s *scene) { s.drop(s.resumed, "final") }},
	{"a connect request without an answer", "no answer", func(s *scene) {
		s.dial(0, make([]byte, 16), 0)
	}},
	{"a session for a wrong password", "password", func(s *scene) {
		s.resumed.Hello.Passwd = make([]byte, 16)
	}},
	{"a session that was never asked for", "connect", func(s *scene) {
		s.resumed.Hello.SessionID++
	}},
	{"a living session refused", "connect", func(s *scene) {
		c := s.dial(s.resumed.Session, password(s.resumed.Session), 0)
		s.answer(c, &jute.ConnectResponse{Passwd: make([]byte, 16)})
	}},
	{"a session after its end", "closed session", func(s *scene) {
		id := s.expired.Entry.Header.ClientID
		c := s.dial(id, password(id), s.tree.Zxid)
		s.answer(c, &jute.ConnectResponse{TimeOut: 500, SessionID: id, Passwd: password(id)})
	}},
	{"a session that is not in the log", "rollback", func(s *scene) {
		c := s.dial(0, make([]byte, 16), 0)
		s.answer(c, &jute.ConnectResponse{TimeOut: 500, SessionID: 7, Passwd: password(7)})
	}},
	{"a timeout out of bounds", "connect", func(s *scene) { s.resumed.Hello.TimeOut = 5000 }},
	{"a frame behind the end", "after the end", func(s *scene) {
		s.write(s.a, "close", jute.OpCloseSession, nil)
		s.read(s.a, "behind", jute.OpExists, look("/n", false))
	}},
	{"an unknown operation that is answered", "reply", func(s *scene) {
		s.send(s.a, 13, nil)
		s.got(s.a, "check", reply(s.xid, s.tree.Zxid, jute.OK, nil))
	}},
	{"an unknown scheme that is taken", "reply", func(s *scene) {
		s.send(s.a, jute.OpAuth, &jute.AuthPacket{Scheme: []byte("nobody")})
		s.got(s.a, "auth", reply(jute.XidAuth, 0, jute.OK, nil))
	}},
	{"a container that never had a child", "reaped", func(s *scene) {
		s.reaped.Entry.Body = jute.Append(nil, &jute.PathOnly{Path: []byte("/n")})
	}},
	{"an ephemeral without a session", "orphan", func(s *scene) {
		s.log(jute.Entry{Header: jute.TxnHeader{
			ClientID: s.expired.Entry.Header.ClientID, Cxid: 9000, Type: jute.OpCreate,
		}, Digest: s.last.Entry.Digest})
		old := s.h.Conns[0]
		old.Sent = append(old.Sent, Sent{Xid: 9000, Op: jute.OpCreate,
			Body: jute.Append(nil, create("/orphan", "", 1))})
	}},
	{"a watch that missed a change", "lost event", func(s *scene) {
		s.h.Left = append(s.h.Left, LeftWatch{Conn: s.a.ID, Path: "/n", Armed: 3})
	}},
	{"a watch on what is gone", "lost event", func(s *scene) {
		s.h.Left = append(s.h.Left, LeftWatch{Conn: s.a.ID, Path: "/e", Armed: 99})
	}},
	{"a watch for what exists", "lost event", func(s *scene) {
		s.h.Left = append(s.h.Left, LeftWatch{Conn: s.a.ID, Path: "/n", Kind: WatchExist})
	}},
	{"a child watch that missed a change", "lost event", func(s *scene) {
		s.h.Left = append(s.h.Left, LeftWatch{Conn: s.a.ID, Path: "/n", Kind: WatchChild})
	}},
	{"a connection closed for no reason", "closed", func(s *scene) {
		s.a.Open, s.a.Closed, s.a.ClosedAt = false, true, s.tree.Zxid
	}},
	{"a connection closed before another asks for its session", "closed", func(s *scene) {
		k := s.again(s.resumed, s.tree.Zxid)
		k.Open, k.HelloAt = true, 2
		s.resumed.Closed, s.resumed.ClosedTime = true, 1
	}},
	{"a connection closed before its session expires", "closed", func(s *scene) {
		s.h.Conns[0].Closed, s.expired.At = true, 1
	}},
	{"a stranger closed before it has a session", "closed", func(s *scene) {
		s.dial(0, make([]byte, 16), 0).Closed = true
	}},
	{"a session refused long before its end", "connect", func(s *scene) {
		s.refuseA(s.expired.At - 10*graceMicros)
	}},
	{"a session refused before a pause that is not long enough", "connect", func(s *scene) {
		s.refuseA(s.expired.At - 10*graceMicros)
		s.h.Pauses = []Pause{{1, s.expired.At - 5*graceMicros, s.expired.At}}
	}},
	{"nothing answered when all was quiet", "no answer", func(s *scene) {
		s.h.Quiet, s.h.QuietAt = s.tree.Zxid, s.next()
		s.drop(s.resumed, "final")
	}},
}

// refuseA lets the first session be refused at a time; it ended later.
func (s *scene) refuseA(written int64) {
	first := s.h.Conns[0]
	k := s.dial(first.Session, first.Hello.Passwd, 0)
	k.Open, k.Server = false, first.Server
	k.Hello.Passwd = password(first.Session)
	k.Got = []Frame{{
		Bytes:   jute.Append(nil, &jute.ConnectResponse{Passwd: make([]byte, 16), HasReadOnly: true}),
		Written: written,
	}}
}

// Histories of what the server may do, and with requests that are sent behind the quiet place.
func TestGoodHistoriesAreAccepted(t *testing.T) {
	for name, change := range map[string]func(s *scene){
		"a connection closed when its session expired": func(s *scene) {
			s.h.Conns[0].Closed = true
		},
		"a connection closed when its session moved": func(s *scene) {
			k := s.again(s.resumed, s.tree.Zxid)
			k.Open, s.resumed.Closed = true, true
		},
		"a session refused right before its end": func(s *scene) {
			s.refuseA(s.expired.At - graceMicros)
		},
		"a session refused before a pause that ends with it": func(s *scene) {
			s.refuseA(s.expired.At - 10*graceMicros)
			s.h.Pauses = []Pause{{1, s.expired.At - 10*graceMicros, s.expired.At}}
		},
		"one whose request could not be read": func(s *scene) {
			s.a.Open, s.a.Closed, s.a.Nonsense = false, true, true
		},
		"a request behind the quiet place": func(s *scene) {
			s.h.Quiet, s.h.QuietAt = s.tree.Zxid, s.next()
			s.send(s.a, jute.OpGetData, look("/n", false))
		},
	} {
		s := newScene()
		change(s)
		for _, v := range Check(s.h) {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestBadHistoriesAreRejected(t *testing.T) {
	for _, b := range badHistories {
		t.Run(b.name, func(t *testing.T) {
			s := newScene()
			b.spoil(s)
			found := Check(s.h)
			for _, v := range found {
				if v.Rule == b.rule {
					return
				}
			}
			t.Errorf("want %q, found %v", b.rule, found)
		})
	}
	t.Logf("%d bad histories", len(badHistories))
}

// txnOf is the transaction of a named write of the first connection.
func (s *scene) txnOf(name string) *Txn {
	return s.h.Txns.At(header(s.at(s.h.Conns[0], name)).Zxid)
}
