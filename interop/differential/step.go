package main

import (
	"encoding/binary"
	"fmt"
	"strings"

	"quoll/jute"
)

// slots is how many connections a program uses. The first is the one that may do anything.
const slots = 5

type kind uint8

const (
	batch   kind = iota // requests in one write
	connect             // a new connection on a free slot
	drop                // the TCP connection ends, the session does not
	word                // a four-letter word, on a connection of its own
	greet               // a first frame of any kind, on a connection of its own
)

// step is one move of the driver.
type step struct {
	kind     kind
	slot     int
	requests []request
	connect  connectStep
	word     string
	greeting []byte // a frame, with its length
}

// connectStep names a session by its place among all that were granted.
type connectStep struct {
	timeOut     int32 // ms
	resume      int   // place of the session to take over, -1: none
	wrongPasswd bool
	noByte      bool // without the readOnly byte
	readOnly    bool
	zxidAhead   int64 // lastZxidSeen, from the last zxid that the driver has seen
}

// request is one frame of a client.
type request struct {
	xid  int32
	op   jute.OpCode
	body []byte
	// relative, when set, is a zxid counted from the last one that the driver has seen; it is
	// written over the first 8 bytes of body.
	relative *int64
	// raw bytes are sent as they are instead, and no answer is awaited.
	raw []byte
}

// alone says that nothing may be sent with the request: the server answers it ahead of others, or
// hangs up after it.
func (r *request) alone() bool {
	switch r.op {
	case jute.OpAuth, jute.OpSASL, jute.OpCheck, jute.OpCloseSession, jute.OpCreateSession:
		return true
	case jute.OpPing, jute.OpWhoAmI:
		return r.raw != nil
	}
	return r.raw != nil || jute.NewRequest(r.op) == nil
}

// append encodes the frame; now is the last zxid that the driver has seen.
func (r *request) append(dst []byte, now jute.Zxid) []byte {
	if r.raw != nil {
		return append(dst, r.raw...)
	}
	at := len(dst)
	dst = jute.Append(jute.FrameStart(dst), &jute.RequestHeader{Xid: r.xid, Type: r.op})
	dst = append(dst, r.body...)
	if r.relative != nil {
		from := at + 4 + jute.RequestHeaderBytes
		binary.BigEndian.PutUint64(dst[from:], uint64(int64(now)+*r.relative))
	}
	jute.FrameEnd(dst, at)
	return dst
}

func (r *request) String() string {
	if r.raw != nil {
		return fmt.Sprintf("raw bytes %x", clip(r.raw))
	}
	text := fmt.Sprintf("%v xid=%d", r.op, r.xid)
	rec := jute.NewRequest(r.op)
	switch used, err := decode(r.body, rec); {
	case err != nil:
		return fmt.Sprintf("%s %x (%v)", text, clip(r.body), err)
	case rec == nil:
		return fmt.Sprintf("%s %x", text, clip(r.body))
	case used < len(r.body):
		text += fmt.Sprintf(" (then %x)", clip(r.body[used:]))
	}
	text += " " + string(clip([]byte(jute.Format(rec))))
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

func clip(b []byte) []byte {
	if len(b) <= clipBytes {
		return b
	}
	return append(b[:clipBytes:clipBytes], "..."...)
}

func (s *step) String() string { return s.text(-1) }

// text shows the step, and of its requests the one at index whole.
func (s *step) text(index int) string {
	switch s.kind {
	case connect:
		return fmt.Sprintf("connect slot %d %+v", s.slot, s.connect)
	case drop:
		return fmt.Sprintf("drop slot %d", s.slot)
	case word:
		return "word " + s.word
	case greet:
		return fmt.Sprintf("greet with %x", clip(s.greeting))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "slot %d sends %d", s.slot, len(s.requests))
	for i := range s.requests {
		line := s.requests[i].String()
		if i != index && len(line) > 200 {
			line = line[:200] + "..."
		}
		fmt.Fprintf(&text, "\n    %d: %s", i, line)
	}
	return text.String()
}
