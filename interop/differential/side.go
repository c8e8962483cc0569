package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// patience is how long a server may be silent before that counts as its answer.
const patience = 5 * time.Second

// seen is one thing that a server did.
type seen struct {
	slot  int
	what  string // "reply", "event", "closed", "silent", "connect", "word"
	op    jute.OpCode
	index int // of the request in its batch, of a reply
	frame []byte
}

// side is one of the two servers, with the driver's connections to it.
type side struct {
	name     string
	addr     string
	conns    [slots]*wire.Pipeline
	sessions []wire.Session // in the order granted
	places   map[jute.SessionID]int
	now      jute.Zxid // highest in any reply
	closings map[jute.Zxid]bool
	out      []byte
	seen     []seen
}

func newSide(name, addr string) *side {
	return &side{
		name: name, addr: addr,
		places: map[jute.SessionID]int{}, closings: map[jute.Zxid]bool{},
	}
}

func (s *side) close() {
	for i := range s.conns {
		s.hangUp(i)
	}
}

func (s *side) hangUp(slot int) {
	if s.conns[slot] != nil {
		// It is not used any more; an error would tell nothing.
		_ = s.conns[slot].Close()
		s.conns[slot] = nil
	}
}

// play does a step, and returns everything that the server did because of it. A step for a slot
// that is not in the state for it does nothing.
func (s *side) play(ctx context.Context, st *step) []seen {
	s.seen = s.seen[:0]
	barrier := true
	switch st.kind {
	case connect:
		if s.conns[st.slot] == nil {
			s.connect(ctx, st)
		}
	case drop:
		s.hangUp(st.slot)
	case word:
		s.word(ctx, st.word)
	case greet:
		s.greet(st.greeting)
	default:
		if s.conns[st.slot] != nil {
			barrier = s.batch(st)
		}
	}
	if barrier {
		s.barrier(st.slot)
	}
	return s.seen
}

func (s *side) note(slot int, what string, op jute.OpCode, index int, frame []byte) {
	s.seen = append(s.seen, seen{slot, what, op, index, bytes.Clone(frame)})
}

func (s *side) connect(ctx context.Context, st *step) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := st.connect
	o := wire.Options{
		Timeout:  time.Duration(c.timeOut) * time.Millisecond,
		ReadOnly: c.readOnly, NoReadOnlyByte: c.noByte,
		LastZxidSeen: s.now + jute.Zxid(c.zxidAhead),
	}
	if c.resume >= 0 && c.resume < len(s.sessions) {
		o.SessionID, o.Passwd = s.sessions[c.resume].ID, s.sessions[c.resume].Passwd
		if c.wrongPasswd {
			o.Passwd = []byte("not the password")
		}
	}
	var answer []byte
	o.Transcript = func(d wire.Direction, frame []byte) {
		if d == wire.Received && answer == nil {
			answer = bytes.Clone(frame)
		}
	}
	p, err := wire.DialPipeline(ctx, s.addr, o)
	if answer != nil {
		s.note(st.slot, "connect", jute.OpCreateSession, 0, answer)
	}
	switch {
	case err == nil:
		s.conns[st.slot] = p
		if _, known := s.places[p.Session().ID]; !known {
			s.places[p.Session().ID] = len(s.sessions)
			s.sessions = append(s.sessions, p.Session())
		}
	case errors.Is(err, context.DeadlineExceeded):
		s.note(st.slot, "silent", 0, 0, nil)
	case answer == nil:
		s.note(st.slot, "closed", 0, 0, nil)
	}
}

func (s *side) word(ctx context.Context, text string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := process.FourLetter(ctx, s.addr, text)
	if errors.Is(err, context.DeadlineExceeded) {
		s.note(0, "silent", 0, 0, nil)
		return
	}
	s.note(0, "word", 0, 0, []byte(answer))
}

// greet sends a first frame, takes the answer, and hangs up.
func (s *side) greet(frame []byte) {
	conn, err := net.DialTimeout("tcp", s.addr, patience)
	if err != nil {
		s.note(0, "closed", 0, 0, nil)
		return
	}
	defer conn.Close()
	// What cannot be written shows in what is read.
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = conn.Write(frame)
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		s.noteEnd(0, err)
		return
	}
	answer := make([]byte, min(binary.BigEndian.Uint32(length[:]), 1<<16))
	if _, err := io.ReadFull(conn, answer); err != nil {
		s.noteEnd(0, err)
		return
	}
	s.note(0, "connect", jute.OpCreateSession, 0, answer)
	var r jute.ConnectResponse
	if _, err := jute.Decode(answer, &r); err != nil || r.TimeOut == 0 {
		return
	}
	if _, known := s.places[r.SessionID]; !known {
		s.places[r.SessionID] = len(s.sessions)
		s.sessions = append(s.sessions, wire.Session{ID: r.SessionID, Passwd: r.Passwd})
	}
}

// noteEnd notes how a connection ended.
func (s *side) noteEnd(slot int, err error) {
	what := "closed"
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		what = "silent"
	}
	s.note(slot, what, 0, 0, nil)
}

// batch writes the requests and a ping, and reads up to the ping's reply. It says whether others
// may have been told something because of it.
func (s *side) batch(st *step) (others bool) {
	p := s.conns[st.slot]
	s.out = s.out[:0]
	pings := 1
	for i := range st.requests {
		r := &st.requests[i]
		s.out = r.append(s.out, s.now)
		if r.op == jute.OpPing && r.raw == nil && r.xid == jute.XidPing {
			pings++
		}
		others = others || !quiet(r.op)
	}
	p.PushRaw(s.out)
	if len(st.requests) == 1 && st.requests[0].alone() {
		s.lonely(st, p)
		return true
	}
	p.PushXid(jute.XidPing, pingFrame)
	s.flush(p)
	s.read(st.slot, st.requests, pings)
	return others || s.conns[st.slot] == nil
}

// lonely takes what comes of a request after which the server may hang up: a ping sent meanwhile
// would be answered or not as chance has it.
func (s *side) lonely(st *step, p *wire.Pipeline) {
	s.flush(p)
	r := &st.requests[0]
	if r.raw == nil && (r.op == jute.OpAuth || r.op == jute.OpSASL) {
		if s.answer(st.slot, st.requests) {
			p.PushXid(jute.XidPing, pingFrame)
			s.flush(p)
			s.read(st.slot, nil, 1)
			return
		}
	}
	if s.conns[st.slot] != nil {
		s.read(st.slot, st.requests, 1)
	}
}

// answer takes the answer to an auth or sasl request, and says whether the connection goes on.
func (s *side) answer(slot int, sent []request) bool {
	from := len(s.seen)
	s.readOne(slot, sent, new(matcher))
	var h jute.ReplyHeader
	if s.conns[slot] == nil {
		return false
	}
	_, err := jute.Decode(s.seen[from].frame, &h)
	return err == nil && h.Err == jute.OK
}

// quiet operations tell nobody but the asker anything.
func quiet(op jute.OpCode) bool {
	switch op {
	case jute.OpExists, jute.OpGetData, jute.OpGetACL, jute.OpGetChildren,
		jute.OpGetChildren2, jute.OpGetAllChildren, jute.OpGetEphemerals, jute.OpPing,
		jute.OpWhoAmI, jute.OpMultiRead, jute.OpCheckWatches, jute.OpAddWatch,
		jute.OpRemoveWatches, jute.OpSync:
		return true
	}
	return false
}

// pingFrame is a ping.
var pingFrame = wire.NewFrame(jute.OpPing, nil) // read-only: copied by PushXid

// barrier pings every connection but one, and takes what comes before the answers.
func (s *side) barrier(except int) {
	for i, p := range s.conns {
		if p != nil && i != except {
			p.PushXid(jute.XidPing, pingFrame)
			s.flush(p)
		}
	}
	for i, p := range s.conns {
		if p != nil && i != except {
			s.read(i, nil, 1)
		}
	}
}

func (s *side) flush(p *wire.Pipeline) {
	// A connection that cannot be written to shows it when it is read, and takes no deadline
	// when it is closed.
	_ = p.SetDeadline(time.Now().Add(patience))
	_ = p.Flush()
}

// read takes frames until the given number of pings is answered. The reply to the last ping is the
// driver's own; it is noted for its zxid.
func (s *side) read(slot int, sent []request, pings int) {
	var m matcher
	for pings > 0 && s.conns[slot] != nil {
		if s.readOne(slot, sent, &m) == jute.XidPing {
			pings--
		}
	}
}

// readOne takes a frame, notes it, and returns its xid; 0 when the connection ended instead.
func (s *side) readOne(slot int, sent []request, m *matcher) int32 {
	r, err := s.conns[slot].Next()
	if err != nil {
		s.noteEnd(slot, err)
		s.hangUp(slot)
		return 0
	}
	s.now = max(s.now, r.Header.Zxid)
	frame := append(jute.Append(nil, &r.Header), r.Body...)
	if r.Header.Xid == jute.XidNotification {
		s.note(slot, "event", jute.OpNotification, 0, frame)
		return r.Header.Xid
	}
	index, op := m.next(sent, r.Header.Xid)
	if op == jute.OpCloseSession {
		s.closings[r.Header.Zxid] = true
	}
	s.note(slot, "reply", op, index, frame)
	return r.Header.Xid
}

// matcher finds the request of a reply: the first one not before the last with its xid.
type matcher struct{ at int }

func (m *matcher) next(sent []request, xid int32) (int, jute.OpCode) {
	for i := m.at; i < len(sent); i++ {
		if sent[i].xid == xid && sent[i].raw == nil {
			m.at = i + 1
			return i, sent[i].op
		}
	}
	return len(sent), jute.OpPing
}

func (s seen) String() string {
	if s.what != "reply" && s.what != "event" {
		return fmt.Sprintf("slot %d %s %q", s.slot, s.what, clip(s.frame))
	}
	var h jute.ReplyHeader
	n, err := jute.Decode(s.frame, &h)
	if err != nil {
		return fmt.Sprintf("slot %d %s %x", s.slot, s.what, clip(s.frame))
	}
	text := fmt.Sprintf("slot %d %s %d %v: %s", s.slot, s.what, s.index, s.op, jute.Format(&h))
	rec := replyRecord(s.op, h)
	used, err := decode(s.frame[n:], rec)
	if rec != nil && err == nil {
		text += " " + string(clip([]byte(jute.Format(rec))))
	}
	if rest := s.frame[n+used:]; len(rest) > 0 {
		text += fmt.Sprintf(" then %x", clip(rest))
	}
	return text
}
