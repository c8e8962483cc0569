package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/op"
	"quoll/processor/prep"
)

// junk is bodies of which most cannot be read as anything.
func junk() (all [][]byte) {
	good := [][]byte{
		jute.Append(nil, &jute.CreateTTLRequest{
			CreateRequest: jute.CreateRequest{Path: []byte("/a"), ACL: anyone()}, TTL: 5,
		}),
		jute.Append(nil, &jute.SetDataRequest{Path: []byte("/big"), Version: -1}),
		jute.Append(nil, &jute.PathVersion{Version: -1}), // a null path
		jute.Append(nil, &jute.MultiRequest{Ops: []jute.MultiOp{{
			MultiHeader: jute.MultiHeader{Type: jute.OpCreate, Err: -1},
			Create:      &jute.CreateTTLRequest{CreateRequest: jute.CreateRequest{Path: []byte("/b")}},
		}}}), // a null ACL
	}
	for _, body := range good {
		for cut := 0; cut <= len(body); cut++ {
			all = append(all, body[:cut])
		}
	}
	return append(all, []byte{0x7f, 0xff, 0xff, 0xff}, []byte{0xff, 0xff, 0xff, 0xff, 0x7f})
}

// Whatever a client sends as a write, a learner forwards what is readable and answers the rest; a
// leader to which all of it is forwarded makes one transaction of each, and all can be applied.
func TestJunkThroughEveryRole(t *testing.T) {
	for _, row := range op.Rows() {
		if row.Kind != op.Write {
			continue
		}
		l := testLearner(t, Rules{})
		s, id := l.connected(1)
		w := testWorld(t, 1)
		c, made, _ := testChain(t, w, Rules{Prep: prep.Rules{Digest: true}})
		zxid := w.tree.Peek().LastZxid()
		for _, body := range junk() {
			r := setting(s, id, 0)
			r.Type, r.Body = row.Op, body
			before, answered := len(l.leader.forwarded), s.answered
			readable := prep.Readable(row.Op, body)
			l.ask(r)
			if readable {
				require.Len(t, l.leader.forwarded, before+1)
				l.commit(id, 0, jute.OpError, &jute.ErrorResponse{Err: jute.NoNode})
			}
			require.Equal(t, answered+1, s.answered, row.Op)
			l.c.sessions.Find(id).Closing = false // a closeSession that was answered by an error

			c.sessions.Open(id, 4000, link)
			c.LearnerRequest(link, &jute.LearnerRequest{Session: id, Type: row.Op, Body: body})
			zxid++
			require.Equal(t, zxid, (*made)[len(*made)-1].Header.Zxid, row.Op)
			c.Committed(zxid)
			require.Equal(t, zxid, w.tree.Peek().LastZxid())
			require.Zero(t, w.tree.Faults(), "%v %x", row.Op, body)
		}
	}
}

// Any request of any learner is one transaction under the next zxid, and can be applied.
func FuzzLearnerRequest(f *testing.F) {
	for _, row := range op.Rows() {
		for i, body := range junk() {
			if i%9 == 0 {
				f.Add(int32(row.Op), int64(21), body, "digest", "a:b")
			}
		}
	}
	f.Fuzz(func(t *testing.T, as int32, session int64, body []byte, scheme, id string) {
		w := testWorld(t, 1)
		c, made, own := testChain(t, w, Rules{Prep: prep.Rules{
			Digest: true, ExtendedTypes: true, CloseSessionTxn: true, MaxTxnBytes: 4096,
		}})
		c.sessions.Open(21, 4000, link)
		for i, of := range []jute.SessionID{jute.SessionID(session), 21, own.ID} {
			c.LearnerRequest(link, &jute.LearnerRequest{
				Session: of, Cxid: int32(i), Type: jute.OpCode(as), Body: body,
				IDs: []jute.ID{{Scheme: scheme, ID: id}},
			})
			require.Len(t, *made, i+1)
			require.Equal(t, jute.Zxid(3+i), (*made)[i].Header.Zxid)
		}
		c.Committed((*made)[2].Header.Zxid)
		require.Zero(t, w.tree.Faults())
	})
}
