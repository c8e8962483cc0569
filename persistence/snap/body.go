package snap

import (
	"encoding/binary"
	"io"

	"quoll/jute"
)

// The body of a snapshot is the same in a file and in the stream to a learner:
//
//	| count i | (session id l, timeout i)*                                    |
//	| count i | (key l, ACL vector)*                                          |
//	| (path ustring, data buffer, ACL key l, StatPersisted 60 bytes)*          |
//	| "/" ustring                                                             |
//
// Nodes come parents first; the root's path is "". A key of -1 is world:anyone with all
// permissions and is not in the table.

// Sink receives a snapshot, in the order of its body. Slices are valid during the call alone.
type Sink interface {
	Session(id jute.SessionID, timeoutMs int32) error
	ACL(key int64, acl []jute.ACL) error
	// Node is given the root as "".
	Node(path, data []byte, acl int64, st *jute.StatPersisted) error
}

// Discard is a Sink that keeps nothing. It is for reading a snapshot only to verify it.
type Discard struct{}

// Session implements Sink.
func (Discard) Session(jute.SessionID, int32) error { return nil }

// ACL implements Sink.
func (Discard) ACL(int64, []jute.ACL) error { return nil }

// Node implements Sink.
func (Discard) Node(_, _ []byte, _ int64, _ *jute.StatPersisted) error { return nil }

// bodyBlock is how many bytes are encoded before they are written.
const bodyBlock = 1 << 20

// BodyWriter encodes a snapshot's body in blocks of about 1 MiB. The order of calls is: all
// sessions, all ACLs, all nodes, End. After an error every call returns that error.
type BodyWriter struct {
	w        io.Writer
	buf      []byte
	sessions table
	acls     table
	open     bool // the tables were written
	err      error
}

// table gathers entries, because in the body their count comes before them.
type table struct {
	count int
	buf   []byte
}

// NewBodyWriter returns a BodyWriter on w.
func NewBodyWriter(w io.Writer) *BodyWriter { return &BodyWriter{w: w} }

// Session adds a session.
func (b *BodyWriter) Session(id jute.SessionID, timeoutMs int32) error {
	b.sessions.count++
	b.sessions.buf = binary.BigEndian.AppendUint64(b.sessions.buf, uint64(id))
	b.sessions.buf = binary.BigEndian.AppendUint32(b.sessions.buf, uint32(timeoutMs))
	return b.err
}

// ACL adds an entry of the ACL table.
func (b *BodyWriter) ACL(key int64, acl []jute.ACL) error {
	b.acls.count++
	c := jute.Encoder(b.acls.buf)
	c.Long("long", &key)
	c.ACLs("acls", &acl)
	b.acls.buf = c.Bytes()
	return b.err
}

// Node adds a node. Its parent must have been added before. The root is "" or "/".
func (b *BodyWriter) Node(path string, data []byte, acl int64, st *jute.StatPersisted) error {
	if !b.open {
		b.tables()
	}
	if path == "/" {
		path = ""
	}
	b.buf = jute.AppendString(b.buf, path)
	b.buf = jute.AppendBuffer(b.buf, data)
	b.buf = binary.BigEndian.AppendUint64(b.buf, uint64(acl))
	b.buf = appendStatPersisted(b.buf, st)
	if len(b.buf) >= bodyBlock {
		b.flush()
	}
	return b.err
}

// End ends the body and writes the rest of it.
func (b *BodyWriter) End() error {
	if !b.open {
		b.tables()
	}
	b.buf = jute.AppendString(b.buf, "/")
	b.flush()
	return b.err
}

func (b *BodyWriter) tables() {
	b.open = true
	for _, t := range []*table{&b.sessions, &b.acls} {
		b.buf = binary.BigEndian.AppendUint32(b.buf, uint32(t.count))
		b.buf = append(b.buf, t.buf...)
		t.buf = nil
	}
}

func (b *BodyWriter) flush() {
	if b.err == nil {
		_, b.err = b.w.Write(b.buf)
	}
	b.buf = b.buf[:0]
}

// appendStatPersisted encodes the same bytes as StatPersisted.Fields, but faster.
func appendStatPersisted(dst []byte, s *jute.StatPersisted) []byte {
	be := binary.BigEndian
	dst = be.AppendUint64(dst, uint64(s.Czxid))
	dst = be.AppendUint64(dst, uint64(s.Mzxid))
	dst = be.AppendUint64(dst, uint64(s.Ctime))
	dst = be.AppendUint64(dst, uint64(s.Mtime))
	dst = be.AppendUint32(dst, uint32(s.Version))
	dst = be.AppendUint32(dst, uint32(s.Cversion))
	dst = be.AppendUint32(dst, uint32(s.Aversion))
	dst = be.AppendUint64(dst, uint64(s.EphemeralOwner))
	return be.AppendUint64(dst, uint64(s.Pzxid))
}

// readStatPersisted decodes the 60 bytes that appendStatPersisted writes.
func readStatPersisted(p []byte, s *jute.StatPersisted) {
	be := binary.BigEndian
	_ = p[jute.StatPersistedBytes-1]
	s.Czxid = jute.Zxid(be.Uint64(p))
	s.Mzxid = jute.Zxid(be.Uint64(p[8:]))
	s.Ctime = int64(be.Uint64(p[16:]))
	s.Mtime = int64(be.Uint64(p[24:]))
	s.Version = int32(be.Uint32(p[32:]))
	s.Cversion = int32(be.Uint32(p[36:]))
	s.Aversion = int32(be.Uint32(p[40:]))
	s.EphemeralOwner = jute.SessionID(be.Uint64(p[44:]))
	s.Pzxid = jute.Zxid(be.Uint64(p[52:]))
}
