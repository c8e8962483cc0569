package program

import (
	"encoding/binary"
	"fmt"
	"strings"

	"quoll/jute"
)

// Slots is how many connections a program uses. The first is the one that may do anything.
const Slots = 5

// Kind is what a Step consists of.
type Kind uint8

// The kinds of steps.
const (
	Batch   Kind = iota // requests in one write
	Connect             // a new connection on a free slot
	Drop                // the TCP connection ends, the session does not
	Word                // a four-letter word, on a connection of its own
	Greet               // a first frame of any kind, on a connection of its own
)

// Step is one move of the driver. It is plain data: what depends on a server, session ids and the
// zxids of the present, is named in it and filled in as it is played.
type Step struct {
	Kind     Kind
	Slot     int
	Requests []Request
	Connect  ConnectStep
	Word     string
	Greeting []byte // a frame, with its length
}

// ConnectStep names a session by its place among all that were granted.
type ConnectStep struct {
	TimeOut     int32 // ms
	Resume      int   // place of the session to take over, -1: none
	WrongPasswd bool
	NoByte      bool // without the readOnly byte
	ReadOnly    bool
	ZxidAhead   int64 // lastZxidSeen, from the last zxid that the driver has seen
}

// Request is one frame of a client.
type Request struct {
	Xid  int32
	Op   jute.OpCode
	body []byte
	// relative, when set, is a zxid counted from the last one that the driver has seen; it is
	// written over the first 8 bytes of body.
	relative *int64
	// Raw bytes are sent as they are instead, and no answer is awaited.
	Raw []byte
}

// Alone says that nothing may be sent with the request: the server answers it ahead of others, or
// hangs up after it.
func (r *Request) Alone() bool {
	switch r.Op {
	case jute.OpAuth, jute.OpSASL, jute.OpCheck, jute.OpCloseSession, jute.OpCreateSession:
		return true
	case jute.OpPing, jute.OpWhoAmI:
		return r.Raw != nil
	}
	return r.Raw != nil || jute.NewRequest(r.Op) == nil
}

// Append encodes the frame; now is the last zxid that the driver has seen.
func (r *Request) Append(dst []byte, now jute.Zxid) []byte {
	if r.Raw != nil {
		return append(dst, r.Raw...)
	}
	at := len(dst)
	dst = jute.Append(jute.FrameStart(dst), &jute.RequestHeader{Xid: r.Xid, Type: r.Op})
	dst = append(dst, r.body...)
	if r.relative != nil {
		from := at + 4 + jute.RequestHeaderBytes
		binary.BigEndian.PutUint64(dst[from:], uint64(int64(now)+*r.relative))
	}
	jute.FrameEnd(dst, at)
	return dst
}

func (r *Request) String() string {
	if r.Raw != nil {
		return fmt.Sprintf("raw bytes %x", Clip(r.Raw))
	}
	text := fmt.Sprintf("%v xid=%d", r.Op, r.Xid)
	rec := jute.NewRequest(r.Op)
	switch used, err := decode(r.body, rec); {
	case err != nil:
		return fmt.Sprintf("%s %x (%v)", text, Clip(r.body), err)
	case rec == nil:
		return fmt.Sprintf("%s %x", text, Clip(r.body))
	case used < len(r.body):
		text += fmt.Sprintf(" (then %x)", Clip(r.body[used:]))
	}
	text += " " + string(Clip([]byte(jute.Format(rec))))
	if r.relative != nil {
		text += fmt.Sprintf(" relativeZxid=now%+d", *r.relative)
	}
	return text
}

func decode(b []byte, rec jute.Record) (int, error) {
	if rec == nil {
		return 0, nil
	}
	return jute.Decode(b, rec)
}

const clipBytes = 2000

// Clip is as much of some bytes as a person wants to see.
func Clip(b []byte) []byte {
	if len(b) <= clipBytes {
		return b
	}
	return append(b[:clipBytes:clipBytes], "..."...)
}

func (s *Step) String() string { return s.Text(-1) }

// Text shows the step, and of its requests the one at index whole.
func (s *Step) Text(index int) string {
	switch s.Kind {
	case Connect:
		return fmt.Sprintf("connect slot %d %+v", s.Slot, s.Connect)
	case Drop:
		return fmt.Sprintf("drop slot %d", s.Slot)
	case Word:
		return "word " + s.Word
	case Greet:
		return fmt.Sprintf("greet with %x", Clip(s.Greeting))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "slot %d sends %d", s.Slot, len(s.Requests))
	for i := range s.Requests {
		line := s.Requests[i].String()
		if i != index && len(line) > 200 {
			line = line[:200] + "..."
		}
		fmt.Fprintf(&text, "\n    %d: %s", i, line)
	}
	return text.String()
}
