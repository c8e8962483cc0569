package player

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"quoll/client/wire"
	"quoll/interop/differential/program"
	"quoll/interop/process"
	"quoll/jute"
)

// patience is how long a server may be silent before that counts as its answer.
const patience = 5 * time.Second

// Side is one of the two servers, with the driver's connections to it.
type Side struct {
	Name     string // for people
	addr     string
	conns    [program.Slots]*wire.Pipeline
	sessions []wire.Session // in the order granted
	places   map[jute.SessionID]int
	now      jute.Zxid // highest in any reply
	closings map[jute.Zxid]bool
	out      []byte
	seen     []program.Seen
}

// New makes the side of a server, without a connection yet; name is for people.
func New(name, addr string) *Side {
	return &Side{
		Name: name, addr: addr,
		places: map[jute.SessionID]int{}, closings: map[jute.Zxid]bool{},
	}
}

// Close hangs up all connections.
func (s *Side) Close() {
	for i := range s.conns {
		s.HangUp(i)
	}
}

// Connected says whether a slot has a connection.
func (s *Side) Connected(slot int) bool { return s.conns[slot] != nil }

// LastZxid is the highest in any reply so far.
func (s *Side) LastZxid() jute.Zxid { return s.now }

// HangUp ends the connection of a slot, if it has one.
func (s *Side) HangUp(slot int) {
	if s.conns[slot] != nil {
		// It is not used any more; an error would tell nothing.
		_ = s.conns[slot].Close()
		s.conns[slot] = nil
	}
}

// Play does a step, and returns everything that the server did because of it. A step for a slot
// that is not in the state for it does nothing. The list is good until the next step.
func (s *Side) Play(ctx context.Context, st *program.Step) []program.Seen {
	s.seen = s.seen[:0]
	barrier := true
	switch st.Kind {
	case program.Connect:
		if s.conns[st.Slot] == nil {
			s.connect(ctx, st)
		}
	case program.Drop:
		s.HangUp(st.Slot)
	case program.Word:
		s.word(ctx, st.Word)
	case program.Greet:
		s.greet(st.Greeting)
	default:
		if s.conns[st.Slot] != nil {
			barrier = s.batch(st)
		}
	}
	if barrier {
		s.barrier(st.Slot)
	}
	return s.seen
}

func (s *Side) note(slot int, what string, op jute.OpCode, index int, frame []byte) {
	s.seen = append(s.seen, program.Seen{
		Slot: slot, What: what, Op: op, Index: index, Frame: bytes.Clone(frame),
	})
}

func (s *Side) connect(ctx context.Context, st *program.Step) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := st.Connect
	o := wire.Options{
		Timeout:  time.Duration(c.TimeOut) * time.Millisecond,
		ReadOnly: c.ReadOnly, NoReadOnlyByte: c.NoByte,
		LastZxidSeen: s.now + jute.Zxid(c.ZxidAhead),
	}
	if c.Resume >= 0 && c.Resume < len(s.sessions) {
		o.SessionID, o.Passwd = s.sessions[c.Resume].ID, s.sessions[c.Resume].Passwd
		if c.WrongPasswd {
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
		s.note(st.Slot, "connect", jute.OpCreateSession, 0, answer)
	}
	switch {
	case err == nil:
		s.conns[st.Slot] = p
		if _, known := s.places[p.Session().ID]; !known {
			s.places[p.Session().ID] = len(s.sessions)
			s.sessions = append(s.sessions, p.Session())
		}
	case errors.Is(err, context.DeadlineExceeded):
		s.note(st.Slot, "silent", 0, 0, nil)
	case answer == nil:
		s.note(st.Slot, "closed", 0, 0, nil)
	}
}

func (s *Side) word(ctx context.Context, text string) {
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
func (s *Side) greet(frame []byte) {
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
func (s *Side) noteEnd(slot int, err error) {
	what := "closed"
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		what = "silent"
	}
	s.note(slot, what, 0, 0, nil)
}

// batch writes the requests and a ping, and reads up to the ping's reply. It says whether others
// may have been told something because of it.
func (s *Side) batch(st *program.Step) (others bool) {
	p := s.conns[st.Slot]
	s.out = s.out[:0]
	pings := 1
	for i := range st.Requests {
		r := &st.Requests[i]
		s.out = r.Append(s.out, s.now)
		if r.Op == jute.OpPing && r.Raw == nil && r.Xid == jute.XidPing {
			pings++
		}
		others = others || !program.Quiet(r.Op)
	}
	p.PushRaw(s.out)
	if len(st.Requests) == 1 && st.Requests[0].Alone() {
		s.lonely(st, p)
		return true
	}
	p.PushXid(jute.XidPing, pingFrame)
	s.flush(p)
	s.read(st.Slot, st.Requests, pings)
	return others || s.conns[st.Slot] == nil
}

// lonely takes what comes of a request after which the server may hang up: a ping sent meanwhile
// would be answered or not as chance has it.
func (s *Side) lonely(st *program.Step, p *wire.Pipeline) {
	s.flush(p)
	r := &st.Requests[0]
	if r.Raw == nil && (r.Op == jute.OpAuth || r.Op == jute.OpSASL) {
		if s.answer(st.Slot, st.Requests) {
			p.PushXid(jute.XidPing, pingFrame)
			s.flush(p)
			s.read(st.Slot, nil, 1)
			return
		}
	}
	if s.conns[st.Slot] != nil {
		s.read(st.Slot, st.Requests, 1)
	}
}

// answer takes the answer to an auth or sasl request, and says whether the connection goes on.
func (s *Side) answer(slot int, sent []program.Request) bool {
	from := len(s.seen)
	s.readOne(slot, sent, new(matcher))
	var h jute.ReplyHeader
	if s.conns[slot] == nil {
		return false
	}
	_, err := jute.Decode(s.seen[from].Frame, &h)
	return err == nil && h.Err == jute.OK
}

// pingFrame is a ping.
var pingFrame = wire.NewFrame(jute.OpPing, nil) // read-only: copied by PushXid

// barrier pings every connection but one, and takes what comes before the answers.
func (s *Side) barrier(except int) {
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

func (s *Side) flush(p *wire.Pipeline) {
	// A connection that cannot be written to shows it when it is read, and takes no deadline
	// when it is closed.
	_ = p.SetDeadline(time.Now().Add(patience))
	_ = p.Flush()
}

// read takes frames until the given number of pings is answered. The reply to the last ping is the
// driver's own; it is noted for its zxid.
func (s *Side) read(slot int, sent []program.Request, pings int) {
	var m matcher
	for pings > 0 && s.conns[slot] != nil {
		if s.readOne(slot, sent, &m) == jute.XidPing {
			pings--
		}
	}
}

// readOne takes a frame, notes it, and returns its xid; 0 when the connection ended instead.
func (s *Side) readOne(slot int, sent []program.Request, m *matcher) int32 {
	r, err := s.conns[slot].Next()
	if err != nil {
		s.noteEnd(slot, err)
		s.HangUp(slot)
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

func (m *matcher) next(sent []program.Request, xid int32) (int, jute.OpCode) {
	for i := m.at; i < len(sent); i++ {
		if sent[i].Xid == xid && sent[i].Raw == nil {
			m.at = i + 1
			return i, sent[i].Op
		}
	}
	return len(sent), jute.OpPing
}
