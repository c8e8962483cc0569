package ensemble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"quoll/jute"
)

// ErrPacket: a packet is not of the type that it must be.
var ErrPacket = errors.New("not the packet that it must be")

// The quorum port carries one QuorumPacket after the other, with no frame around them:
//
//	+--------+--------+---------------+-----------------------------------+
//	| type i | zxid l | length i data | count i (length i scheme, and id) |
//	+--------+--------+---------------+-----------------------------------+
//	                   -1: null         -1: null
//
// Only SNAP is followed by something else: the body of a snapshot, then SnapSignature as a ustring.

// QuorumPacket is a packet between a leader and a learner. Type says what Data holds (see
// PacketType and NewPacketData).
type QuorumPacket struct {
	Type     PacketType
	Zxid     jute.Zxid
	Data     []byte    // null when the type has none
	AuthInfo []jute.ID // who asks, in a REQUEST of a client, in the order received; else null
}

// SnapSignature ends the snapshot that follows a SNAP packet.
const SnapSignature = "BenWasHere"

// packetMinBytes is the size of a packet with neither data nor ids.
const packetMinBytes = 4 + 8 + 4 + 4

// Fields names the fields in wire order. A Visitor is shown what Data holds instead of its bytes,
// if that decodes.
func (r *QuorumPacket) Fields(c *jute.Coder) {
	packetType(c, "type", &r.Type)
	c.Zxid("zxid", &r.Zxid)
	if v := c.Visitor(); v == nil || !r.visitData(c, v) {
		c.Buffer("data", &r.Data)
	}
	c.IDs("authinfo", &r.AuthInfo)
}

func (r *QuorumPacket) visitData(c *jute.Coder, v jute.Visitor) bool {
	if r.Type == PacketProposal || r.Type == PacketInform {
		return visitEntry(c, v, "data", r.Data)
	}
	if r.Data == nil {
		return false
	}
	if r.Type == PacketNewLeader && utf8.Valid(r.Data) {
		v.Field("data", string(r.Data))
		return true
	}
	rec := NewPacketData(r.Type, len(r.Data))
	if rec == nil {
		return false
	}
	if used, err := jute.Decode(r.Data, rec); err != nil || used != len(r.Data) {
		return false
	}
	c.Nested("data", rec)
	return true
}

// visitEntry shows a transaction as header, record and digest, if it decodes.
func visitEntry(c *jute.Coder, v jute.Visitor, name string, payload []byte) bool {
	e, err := jute.ParseEntry(payload)
	if err != nil {
		return false
	}
	rec := jute.NewTxn(e.Header.Type)
	if _, err := jute.Decode(e.Body, rec); err != nil {
		return false
	}
	v.Enter(name, jute.NestedRecord)
	c.Nested("header", &e.Header)
	c.Nested("txn", rec)
	if e.HasDigest {
		c.Nested("digest", &e.Digest)
	}
	v.Leave()
	return true
}

// PacketSize tells from the first bytes of a QuorumPacket how long it is. With exact, size is the
// size of the whole packet. Without, in is too short to tell: at least size bytes are needed, which
// is more than in has. The question is to be asked again when they are there, not sooner.
//
// limit is jute.maxbuffer + jute.maxbuffer.extrasize, in bytes: what Apache's decoder allows for a
// buffer or a string. Here it holds for the data and for all ids together, so that no packet is
// larger than 2 * limit + 20 and a reader never allocates more than that. A length that cannot be
// is a jute.DecodeError of a QuorumPacket with ErrLength.
func PacketSize(in []byte, limit int) (size int, exact bool, err error) {
	const lengthAt = 4 + 8
	if len(in) < lengthAt+4 {
		return packetMinBytes, false, nil
	}
	data, ok := lengthField(in, lengthAt, limit)
	if !ok {
		return 0, false, packetFault("data", lengthAt, in, limit)
	}
	at := lengthAt + 4 + data
	if len(in) < at+4 {
		return at + 4, false, nil
	}
	ids := int(int32(binary.BigEndian.Uint32(in[at:])))
	if ids > limit/jute.IDMinBytes {
		return 0, false, packetFault("authinfo", at, in, limit/jute.IDMinBytes)
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
			return 0, false, packetFault("authinfo", at, in, most-at-4*strings)
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

// packetFault is about a length that stands at an offset. It names the setting that such a length
// is bounded by: one member may have another one than the rest.
func packetFault(field string, at int, in []byte, most int) error {
	return &jute.DecodeError{Record: "QuorumPacket", Field: field, Offset: at, Err: fmt.Errorf(
		"%w: %d, and jute.maxbuffer allows %d here",
		jute.ErrLength, int32(binary.BigEndian.Uint32(in[at:])), most)}
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
func (r *QuorumAuthPacket) Fields(c *jute.Coder) {
	c.Long("magic", &r.Magic)
	c.Int("status", (*int32)(&r.Status))
	c.Buffer("token", &r.Token)
}

// AppendRequest appends the REQUEST packet that carries a client's request to the leader.
func AppendRequest(dst []byte, r *jute.LearnerRequest) []byte {
	c := jute.Encoder(dst)
	head := QuorumPacket{Type: PacketRequest, Zxid: -1}
	packetType(&c, "type", &head.Type)
	c.Zxid("zxid", &head.Zxid)
	at := len(c.Bytes())
	var length int32
	c.Int("data", &length) // known when the data is there
	r.Fields(&c)
	binary.BigEndian.PutUint32(c.Bytes()[at:], uint32(len(c.Bytes())-at-4))
	c.IDs("authinfo", &r.IDs)
	return c.Bytes()
}

// LearnerRequest reads what a REQUEST carries. Its slices alias the packet.
func (r *QuorumPacket) LearnerRequest() (jute.LearnerRequest, error) {
	var req jute.LearnerRequest
	if r.Type != PacketRequest {
		return req, fmt.Errorf("ensemble: %v in place of a REQUEST: %w", r.Type, ErrPacket)
	}
	_, err := jute.Decode(r.Data, &req)
	req.IDs = r.AuthInfo
	return req, err
}
