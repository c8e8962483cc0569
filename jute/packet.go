package jute

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// The quorum port carries one QuorumPacket after the other, with no frame around them:
//
//	+--------+--------+---------------+-----------------------------------+
//	| type i | zxid l | length i data | count i (length i scheme, and id) |
//	+--------+--------+---------------+-----------------------------------+
//	                   -1: null         -1: null
//
// Only behind SNAP stands something else: the body of a snapshot, then SnapSignature as a ustring.

// QuorumPacket is what a leader and a learner say to each other. What Data holds is a matter of
// Type (see PacketType and NewPacketData).
type QuorumPacket struct {
	Type     PacketType
	Zxid     Zxid
	Data     []byte // null when the type has none
	AuthInfo []ID   // who asks, in a REQUEST of a client, in the order received; else null
}

// SnapSignature ends the snapshot that follows a SNAP packet.
const SnapSignature = "BenWasHere"

// packetMinBytes is the size of a packet with neither data nor ids.
const packetMinBytes = 4 + 8 + 4 + 4

// idMinBytes is the size of an id whose scheme and id are empty or null.
const idMinBytes = 8

// Fields names the fields in wire order. A Visitor is shown what Data holds instead of its bytes,
// if that decodes.
func (r *QuorumPacket) Fields(c *Coder) {
	c.PacketType("type", &r.Type)
	c.Zxid("zxid", &r.Zxid)
	if c.mode != visiting || !r.visitData(c) {
		c.Buffer("data", &r.Data)
	}
	vector(c, "authinfo", &r.AuthInfo, idMinBytes)
}

func (r *QuorumPacket) visitData(c *Coder) bool {
	if r.Type == PacketProposal || r.Type == PacketInform {
		return visitEntry(c, "data", r.Data)
	}
	if r.Data == nil {
		return false
	}
	if r.Type == PacketNewLeader && utf8.Valid(r.Data) {
		c.visitor.Field("data", string(r.Data))
		return true
	}
	rec := NewPacketData(r.Type, len(r.Data))
	if rec == nil {
		return false
	}
	if used, err := Decode(r.Data, rec); err != nil || used != len(r.Data) {
		return false
	}
	c.nested("data", rec)
	return true
}

// visitEntry shows a transaction as header, record and digest, if it decodes.
func visitEntry(c *Coder, name string, payload []byte) bool {
	e, err := ParseEntry(payload)
	if err != nil {
		return false
	}
	rec := NewTxn(e.Header.Type)
	if _, err := Decode(e.Body, rec); err != nil {
		return false
	}
	c.visitor.Enter(name, NestedRecord)
	c.nested("header", &e.Header)
	c.nested("txn", rec)
	if e.HasDigest {
		c.nested("digest", &e.Digest)
	}
	c.visitor.Leave()
	return true
}

// PacketSize tells from its first bytes how long a QuorumPacket is. With exact, size is the whole
// packet's. Without, in does not hold enough to tell: at least size bytes will be needed, more than
// in has, and the question is to be asked again when they are there, not sooner.
//
// limit is jute.maxbuffer + jute.maxbuffer.extrasize, in bytes: what Apache's decoder allows for a
// buffer or a string. Here it holds for the data and for all ids together, so that no packet is
// larger than 2 * limit + 20 and a reader never allocates more than that. A length that cannot be
// is a DecodeError of a QuorumPacket with ErrLength.
func PacketSize(in []byte, limit int) (size int, exact bool, err error) {
	const lengthAt = 4 + 8
	if len(in) < lengthAt+4 {
		return packetMinBytes, false, nil
	}
	data, ok := lengthField(in, lengthAt, limit)
	if !ok {
		return 0, false, packetFault("data", lengthAt)
	}
	at := lengthAt + 4 + data
	if len(in) < at+4 {
		return at + 4, false, nil
	}
	ids := int(int32(binary.BigEndian.Uint32(in[at:])))
	if ids > limit/idMinBytes {
		return 0, false, packetFault("authinfo", at)
	}
	at += 4
	most := at + limit
	for strings := 2 * max(0, ids); strings > 0; strings-- {
		// Asking for all lengths that must still come keeps the number of questions small.
		if len(in) < at+4 {
			return at + 4*strings, false, nil
		}
		n, ok := lengthField(in, at, most-at-4*strings)
		if !ok {
			return 0, false, packetFault("authinfo", at)
		}
		at += 4 + n
	}
	return at, true, nil
}

// lengthField reads the length of a buffer or string, 0 for a null.
func lengthField(in []byte, at, most int) (n int, ok bool) {
	n = int(int32(binary.BigEndian.Uint32(in[at:])))
	if n == -1 {
		return 0, true
	}
	return n, n >= 0 && n <= most
}

func packetFault(field string, at int) error {
	return &DecodeError{Record: "QuorumPacket", Field: field, Offset: at, Err: ErrLength}
}

// QuorumAuthPacket is one step of a SASL exchange between servers. It comes before everything else
// on the quorum port, and behind the Hello on the election port. A server that finds no
// QuorumAuthMagic in the next 8 bytes takes the peer for one without authentication.
type QuorumAuthPacket struct {
	Magic  int64 // QuorumAuthMagic
	Status QuorumAuthStatus
	Token  []byte
}

// QuorumAuthMagic begins each QuorumAuthPacket. Apache writes it as -0xa0dbcafecafe1234, which is
// this positive number in Java. No QuorumPacket begins with it.
const QuorumAuthMagic int64 = 0x5f2435013501edcc

// QuorumAuthStatus says how a SASL exchange stands.
type QuorumAuthStatus int32

// The states of a SASL exchange. Apache takes any other number for AuthError.
const (
	AuthInProgress QuorumAuthStatus = 0
	AuthSuccess    QuorumAuthStatus = 1
	AuthError      QuorumAuthStatus = -1
)

// Fields names the fields in wire order.
func (r *QuorumAuthPacket) Fields(c *Coder) {
	c.Long("magic", &r.Magic)
	c.Int("status", (*int32)(&r.Status))
	c.Buffer("token", &r.Token)
}

// AppendRequest appends the REQUEST packet that carries a client's request to the leader.
func AppendRequest(dst []byte, r *LearnerRequest) []byte {
	c := Encoder(dst)
	head := QuorumPacket{Type: PacketRequest, Zxid: -1}
	c.PacketType("type", &head.Type)
	c.Zxid("zxid", &head.Zxid)
	at := len(c.buf)
	c.buf = append(c.buf, 0, 0, 0, 0)
	r.Fields(&c)
	binary.BigEndian.PutUint32(c.buf[at:], uint32(len(c.buf)-at-4))
	vector(&c, "authinfo", &r.IDs, idMinBytes)
	return c.buf
}

// LearnerRequest reads what a REQUEST carries. Its slices alias the packet.
func (r *QuorumPacket) LearnerRequest() (LearnerRequest, error) {
	var req LearnerRequest
	if r.Type != PacketRequest {
		return req, fmt.Errorf("jute: %v in place of a REQUEST: %w", r.Type, ErrPacket)
	}
	_, err := Decode(r.Data, &req)
	req.IDs = r.AuthInfo
	return req, err
}
