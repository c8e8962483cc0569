package jute

import (
	"encoding/binary"
	"fmt"
)

// A transaction in the log, in a PROPOSAL and in an INFORM is
//
//	| TxnHeader 32 bytes | the record of its type | TxnDigest 12 bytes, optional |
//
// | type                             | record              |
// |----------------------------------|---------------------|
// | create, create2                  | CreateTxn           |
// | createContainer                  | CreateContainerTxn  |
// | createTTL                        | CreateTTLTxn        |
// | delete, deleteContainer          | PathOnly            |
// | setData, reconfig                | SetDataRequest      |
// | setACL                           | SetACLRequest       |
// | check (in a multi only)          | PathVersion         |
// | multi                            | MultiTxn            |
// | createSession                    | CreateSessionTxn    |
// | closeSession                     | CloseSessionTxn     |
// | error                            | ErrorResponse       |
//
// In a transaction the version fields hold the version after the change.

// TxnHeader begins every transaction.
type TxnHeader struct {
	ClientID SessionID // who asked for it
	Cxid     int32     // and under which xid
	Zxid     Zxid
	Time     int64 // ms since 1970, the leader's clock
	Type     OpCode
}

// TxnHeaderBytes is the size of an encoded TxnHeader.
const TxnHeaderBytes = 32

// Fields names the fields in wire order.
func (r *TxnHeader) Fields(c *Coder) {
	c.Session("clientId", &r.ClientID)
	c.Int("cxid", &r.Cxid)
	c.Zxid("zxid", &r.Zxid)
	c.Long("time", &r.Time)
	c.Op("type", &r.Type)
}

// TxnDigest is the digest of the whole tree after the transaction (3.6).
type TxnDigest struct {
	Version    int32 // DigestVersion
	TreeDigest uint64
}

// TxnDigestBytes is the size of an encoded TxnDigest.
const TxnDigestBytes = 12

// DigestVersion is the version of the digest that ZooKeeper 3.9 computes.
const DigestVersion int32 = 2

// Fields names the fields in wire order.
func (r *TxnDigest) Fields(c *Coder) {
	c.Int("version", &r.Version)
	v := int64(r.TreeDigest)
	c.Long("treeDigest", &v)
	r.TreeDigest = uint64(v)
}

// Entry is one transaction as it is proposed, logged and applied. Its slices alias the batch or
// file that it came from.
type Entry struct {
	Header    TxnHeader
	Body      []byte // the record of Header.Type
	Digest    TxnDigest
	HasDigest bool
	Payload   []byte // header, body and digest as they are logged and sent
}

// AppendEntry encodes header, body and digest (when it has one) at the end of dst.
func AppendEntry(dst []byte, e *Entry) []byte {
	c := Encoder(dst)
	e.Header.Fields(&c)
	c.buf = append(c.buf, e.Body...)
	if e.HasDigest {
		e.Digest.Fields(&c)
	}
	return c.buf
}

// ParseEntry reads a logged transaction. The whole record is decoded once, the operations of a
// multi included, to find where the digest begins and so that no transaction is accepted that
// cannot be applied.
func ParseEntry(payload []byte) (Entry, error) {
	e := Entry{Payload: payload}
	c := Decoder(payload)
	e.Header.Fields(&c)
	if err := c.Err(&e.Header); err != nil {
		return e, err
	}
	from := c.off
	rec := NewTxn(e.Header.Type)
	if rec == nil || e.Header.Type == OpCheck {
		c.Fail("type", ErrTxnType)
		return e, c.Err(&e.Header)
	}
	if !bareCloseSession(e.Header.Type, c.Rest()) {
		rec.Fields(&c)
	}
	if err := c.Err(rec); err != nil {
		return e, err
	}
	if multi, ok := rec.(*MultiTxn); ok {
		if err := multi.check(); err != nil {
			return e, err
		}
	}
	e.Body = payload[from:c.off:c.off]
	if len(payload)-c.off >= TxnDigestBytes {
		e.HasDigest = true
		e.Digest.Fields(&c)
	}
	return e, nil
}

// bareCloseSession says whether a closeSession has no body, only a digest behind it or nothing.
// A digest alone begins like a list of two paths, but no two paths fit in the rest of it.
func bareCloseSession(op OpCode, rest []byte) bool {
	return op == OpCloseSession && (len(rest) == 0 || len(rest) == TxnDigestBytes &&
		binary.BigEndian.Uint32(rest) == uint32(DigestVersion))
}

// check decodes each operation: each body has a buffer of its own.
func (r *MultiTxn) check() error {
	var c Coder
	for i := range r.Txns {
		t := &r.Txns[i]
		c = Decoder(t.Data)
		rec := NewTxn(t.Type)
		if rec == nil || !inMulti(t.Type) {
			c.Fail("type", ErrTxnType)
			rec = t
		} else {
			rec.Fields(&c)
		}
		if err := c.Err(rec); err != nil {
			field := fmt.Sprintf("txns[%d]", i)
			return &DecodeError{Record: "MultiTxn", Field: field, Err: err}
		}
	}
	return nil
}

// inMulti says whether a transaction of the type may be an operation of a multi's.
func inMulti(op OpCode) bool {
	switch op {
	case OpMulti, OpSetACL, OpReconfig, OpCreateSession, OpCloseSession:
		return false
	}
	return true
}

// NewTxn makes the record of a transaction type, nil for a type that is never logged. A check is
// logged as an operation of a multi only.
func NewTxn(op OpCode) Record {
	switch op {
	case OpCreate, OpCreate2:
		return &CreateTxn{}
	case OpCreateContainer:
		return &CreateContainerTxn{}
	case OpCreateTTL:
		return &CreateTTLTxn{}
	case OpDelete, OpDeleteContainer:
		return &PathOnly{}
	case OpSetData, OpReconfig:
		return &SetDataRequest{}
	case OpSetACL:
		return &SetACLRequest{}
	case OpCheck:
		return &PathVersion{}
	case OpMulti:
		return &MultiTxn{}
	case OpCreateSession:
		return &CreateSessionTxn{}
	case OpCloseSession:
		return &CloseSessionTxn{}
	case OpError:
		return &ErrorResponse{}
	}
	return nil
}

// CreateTxn is the transaction of create and create2. Logs of before 3.3 lack ParentCVersion. It is
// -1 then, and the parent's create counter goes up by one.
type CreateTxn struct {
	Path           []byte
	Data           []byte
	ACL            []ACL
	Ephemeral      bool
	ParentCVersion int32 // the parent's create counter after it
}

// Fields names the fields in wire order.
func (r *CreateTxn) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Buffer("data", &r.Data)
	c.ACLs("acl", &r.ACL)
	c.Bool("ephemeral", &r.Ephemeral)
	if c.mode == decoding && !c.failed && c.off == len(c.buf) {
		r.ParentCVersion = -1
		return
	}
	c.Int("parentCVersion", &r.ParentCVersion)
}

// CreateContainerTxn is the transaction of createContainer.
type CreateContainerTxn struct {
	Path           []byte
	Data           []byte
	ACL            []ACL
	ParentCVersion int32
}

// Fields names the fields in wire order.
func (r *CreateContainerTxn) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Buffer("data", &r.Data)
	c.ACLs("acl", &r.ACL)
	c.Int("parentCVersion", &r.ParentCVersion)
}

// CreateTTLTxn is the transaction of createTTL.
type CreateTTLTxn struct {
	Path           []byte
	Data           []byte
	ACL            []ACL
	ParentCVersion int32
	TTL            int64 // ms
}

// Fields names the fields in wire order.
func (r *CreateTTLTxn) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Buffer("data", &r.Data)
	c.ACLs("acl", &r.ACL)
	c.Int("parentCVersion", &r.ParentCVersion)
	c.Long("ttl", &r.TTL)
}

// Txn is one operation of a MultiTxn.
type Txn struct {
	Type OpCode // error for an operation that did not happen
	Data []byte // the encoded record of the type
}

// Fields names the fields in wire order. A Visitor is shown the record instead of its bytes, if
// they decode.
func (r *Txn) Fields(c *Coder) {
	c.Op("type", &r.Type)
	if c.mode == visiting {
		rec := NewTxn(r.Type)
		if rec != nil && inMulti(r.Type) {
			if _, err := Decode(r.Data, rec); err == nil {
				c.Nested("txn", rec)
				return
			}
		}
	}
	c.Buffer("data", &r.Data)
}

// MultiTxn is the transaction of multi: all of its operations, or, when one failed, only errors.
type MultiTxn struct {
	Txns []Txn
}

// Fields names the fields in wire order.
func (r *MultiTxn) Fields(c *Coder) { vector(c, "txns", &r.Txns, 8) }

// CreateSessionTxn is the transaction of a new session.
type CreateSessionTxn struct {
	TimeOut int32 // ms
}

// Fields names the fields in wire order.
func (r *CreateSessionTxn) Fields(c *Coder) { c.Int("timeOut", &r.TimeOut) }

// CloseSessionTxn is the transaction of a session's end. Before 3.6, and with
// closeSessionTxn.enabled=false, its body is empty (Empty), and the tree finds the ephemerals by
// itself.
type CloseSessionTxn struct {
	Paths2Delete [][]byte
	Empty        bool
}

// Fields names the fields in wire order.
func (r *CloseSessionTxn) Fields(c *Coder) {
	if c.mode == decoding && !c.failed && c.off == len(c.buf) {
		r.Empty = true
	}
	if r.Empty {
		return
	}
	c.Texts("paths2Delete", &r.Paths2Delete)
}
