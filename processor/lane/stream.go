package lane

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"quoll/jute"
	"quoll/processor/arena"
	"quoll/processor/flow"
	"quoll/processor/mail"
	"quoll/processor/op"
	"quoll/processor/reads"
	"quoll/processor/tell"
)

// phase is how far a connection is.
type phase uint8

const (
	fresh      phase = iota // nothing read yet: a connect request or a four-letter word
	connecting              // the core decides about the session; input waits
	serving                 // requests are taken
	asking                  // a four-letter word is being answered; input waits
	closing                 // the output leaves, nothing is taken any more
)

// Stream is one client connection. It belongs to its loop's goroutine; the core knows its Conn.
type Stream struct {
	mail.Conn
	lane  *Lane
	out   Output
	phase phase
	guest bool // a word is answered, a session is not opened
	deaf  bool // a request got no answer: the session ends, and no later request may get one

	readOnly      bool // the server was read-only when the session was asked for
	session       jute.SessionID
	timeoutMillis int32
	intake        intake
	inFlight      int // requests that the core has
	inFlightBytes int // their weights
	heaviest      int // bytes of the largest of them
	waits         waits
	stats         connStats
}

// intake is the state of one call of Input.
type intake struct {
	outBefore int // bytes of output that waited when it began
	room      int // bytes that it may add to them
	taken     int // requests
	weight    int // of the request being taken, see weigh
}

// Input takes frames from the front of in and says how many bytes it used.
func (s *Stream) Input(in []byte) (used int) {
	s.waits.Take()
	defer func() { s.settle(len(in), used) }()
	s.intake = intake{outBefore: s.out.Pending(), room: s.out.Room()}
	for s.phase != closing {
		if s.deaf {
			return len(in)
		}
		if len(in)-used < 4 || s.full() { // in this order: without a frame nothing has to wait
			return used
		}
		if s.phase == fresh {
			n, done := s.word(in[used:])
			used += n
			if done {
				return used
			}
		}
		if s.phase == connecting || s.phase == asking {
			return used
		}
		size := int(int32(binary.BigEndian.Uint32(in[used:])))
		if size < 0 || size > s.maxFrame() {
			s.lane.Counts.FrameRefused.Add(1)
			s.tell(tell.Event{Kind: tell.FrameLength, A: int64(size), B: int64(s.maxFrame())})
			s.end()
			return len(in)
		}
		if len(in)-used < 4+size {
			if s.phase == fresh && s.lane.Serving.Load() == NoService {
				s.notServing(0) // the rest of the frame may be long in coming
				return len(in)
			}
			return used
		}
		frame := in[used+4 : used+4+size]
		s.intake.weight = s.weigh(frame)
		if !s.mayBulk(s.intake.weight) {
			return used
		}
		used += 4 + size
		s.received(4 + size)
		s.intake.taken++
		s.frame(frame)
	}
	if s.phase == closing {
		return len(in)
	}
	return used
}

// maxFrame is the longest frame that is taken, in bytes: a first frame gets less room.
func (s *Stream) maxFrame() int {
	r := &s.lane.Rules
	if s.phase == fresh {
		return min(r.FirstFrameBytes, r.MaxFrameBytes)
	}
	return r.MaxFrameBytes
}

// frame takes one frame by the phase.
func (s *Stream) frame(frame []byte) {
	if s.phase == fresh {
		s.connectRequest(frame)
		return
	}
	s.request(frame)
}

// replyKeepBytes of replies are kept for reuse at most: a large one must not stay for good.
const replyKeepBytes = 256 << 10

// flush hands the replies gathered so far to the connection.
func (s *Stream) flush() {
	if len(s.lane.replies) > 0 {
		s.out.Write(s.lane.replies)
		s.lane.replies = arena.Emptied(s.lane.replies, replyKeepBytes)
	}
}

// request takes one request: the lane answers a read at once unless the core has something of the
// same connection, and sends on everything else (rule 2).
func (s *Stream) request(frame []byte) {
	var h jute.RequestHeader
	c := jute.Decoder(frame)
	h.Fields(&c)
	if c.Failed() {
		s.unreadable(frame)
		return
	}
	r := &s.lane.current.request
	*r = mail.Request{
		Conn: &s.Conn, Session: s.session, Xid: h.Xid, Type: h.Type, Body: c.Rest(),
		Identity: s.Identity.Load(), ReceivedMillis: s.lane.clock(),
	}
	row := op.Of(h.Type)
	if row.Kind == op.Inline {
		s.inline(r)
		return
	}
	if !s.mayAsk(r) {
		return
	}
	if h.Type == jute.OpPing {
		r.Xid = jute.XidPing
	}
	unknown := !row.Kind.OfClients()
	if unknown {
		r.Refused = jute.Unimplemented
		s.tell(tell.Event{Kind: tell.UnknownOpcode, A: int64(h.Type)})
	}
	if s.readOnly && row.Kind.NeedsQuorum() && h.Type != jute.OpCloseSession {
		r.Refused = jute.NotReadOnly
	}
	switch {
	case row.Kind != op.Read && s.atCore(row.Kind) && r.Refused == jute.OK, s.inFlight > 0:
		s.forward(r)
	case unknown:
		s.lane.replies = reads.AppendError(s.lane.replies, r.Xid, -1, r.Refused)
		s.end()
	default:
		s.read(r)
	}
}

// atCore says whether the core alone can answer: in an ensemble it asks the leader at each sync.
func (s *Stream) atCore(k op.Kind) bool {
	return k == op.Write || k == op.Barrier && s.lane.Rules.Ensemble
}

// forward sends a request to the core.
func (s *Stream) forward(r *mail.Request) {
	if !s.lane.Large.Admit(len(r.Body)) {
		s.lane.Counts.LargeRefused.Add(1)
		s.tell(tell.Event{Kind: tell.LargeRequests, A: int64(len(r.Body))})
		s.end()
		return
	}
	s.inFlight++
	r.Weight = s.intake.weight
	s.inFlightBytes += r.Weight
	s.heaviest = max(s.heaviest, len(r.Body))
	s.lane.addBulk(r.Weight)
	s.lane.forward(*r)
}

// mayAsk is enforce.auth: a connection without an id of the right scheme may send nothing but auth.
func (s *Stream) mayAsk(r *mail.Request) bool {
	schemes := s.lane.Rules.EnforceSchemes
	if len(schemes) == 0 || slices.ContainsFunc(schemes, r.Identity.HasScheme) {
		return true
	}
	s.tell(tell.Event{Kind: tell.AuthRequired})
	s.lane.replies = reads.AppendError(s.lane.replies, r.Xid, 0, jute.SessionClosedRequireAuth)
	s.end()
	return false
}

// read answers a read on the loop.
func (s *Stream) read(r *mail.Request) {
	l := s.lane
	if !l.holding {
		s.flush()
		l.enter()
		if s.phase == closing { // the mail that enter took ended it
			return
		}
	}
	if op.Of(r.Type).Weight.Pausing() {
		s.flush() // the lock may be given back on the way: mail must not overtake a reply
	}
	from := len(l.replies)
	a := &l.current.asking
	*a = reads.Asking{
		Xid: r.Xid, Type: r.Type, Body: r.Body, Session: r.Session, Identity: r.Identity,
		Watcher: s.Watcher, Refused: r.Refused, View: l.view, Breathe: l.breathe,
	}
	l.replies = l.reader.Frame(l.replies, a)
	if a.Limited != tell.Nothing {
		s.tell(tell.Event{Kind: a.Limited, A: a.Limit})
	}
	if a.Ends {
		s.end()
		return
	}
	s.answered(r, l.replies[from:])
	if l.reads++; l.reads >= l.Rules.MaxBatchRequests {
		s.flush()
		l.leave()
	}
}

// inline answers auth and sasl, which do not wait for anything.
func (s *Stream) inline(r *mail.Request) {
	c := jute.Decoder(r.Body)
	if r.Type == jute.OpSASL {
		var in jute.SASLToken
		in.Fields(&c)
		if c.Failed() || in.Token == nil {
			s.unreadable(r.Body)
			return
		}
		// No SASL server is configured: the token that comes back is null.
		at := len(s.lane.replies)
		out := jute.AppendReplyHeader(jute.FrameStart(s.lane.replies), r.Xid, 0, jute.OK)
		s.lane.replies = jute.AppendBuffer(out, nil)
		jute.FrameEnd(s.lane.replies, at)
		s.sent()
		return
	}
	var in jute.AuthPacket
	in.Fields(&c)
	if c.Failed() {
		s.unreadable(r.Body)
		return
	}
	id, ok := s.lane.Rules.Auth.Authenticate(
		r.Identity, string(in.Scheme), in.Auth, s.Peer.Addr())
	code := jute.OK
	if !ok {
		code = jute.AuthFailed
	}
	s.lane.replies = reads.AppendError(s.lane.replies, r.Xid, 0, code)
	s.sent()
	if !ok {
		s.lane.Counts.AuthFailed.Add(1)
		s.tellAuth(in.Scheme)
		s.end()
		return
	}
	s.Identity.Store(id)
}

// Receive takes one piece of mail.
func (s *Stream) Receive(d *mail.Delivery, it *mail.Item) {
	if it.Answers() {
		s.inFlight--
		if s.inFlight == 0 {
			s.heaviest = 0
		}
		s.inFlightBytes -= it.Weight
		s.lane.Large.Done(int(it.BodyBytes))
		s.lane.doneBulk(it.Weight)
	}
	if s.phase == closing {
		return
	}
	text := d.Buf[it.From:it.To]
	if it.Kind == mail.Word {
		s.wordAnswered(text)
		return
	}
	if len(text) > 0 {
		s.out.Write(text)
		s.delivered(it, text)
	}
	switch it.Kind {
	case mail.Connected:
		s.connected(it.Opened)
	case mail.Dropped:
		s.deaf = true
		s.leaveLines()
	case mail.RoleOver:
		if s.phase != fresh && s.phase != asking {
			s.hangUp()
		}
		return
	case mail.Last, mail.Kicked:
		s.hangUp()
		return
	}
	s.resume()
}

// end closes the connection whose input is being handled, once its replies have left.
func (s *Stream) end() {
	if s.phase != closing {
		s.flush()
		s.hangUp()
	}
}

// hangUp closes the connection once its output has left. It does not flush the lane's replies,
// which may be another connection's.
func (s *Stream) hangUp() {
	s.over()
	s.out.CloseAfterFlush()
}

// Closed is called once, when the connection is gone. Its watches die with it; its session lives
// on until it expires or another connection takes it over.
func (s *Stream) Closed(err error) {
	if err != nil {
		s.tell(tell.Event{Kind: tell.Cut, Err: err})
	}
	s.lastSign()
	s.over()
	s.lane.Conns.Leave(&s.Conn)
	s.lane.Conns.Remove(s.Watcher, s.lane.Tree.DropWatches(s.Watcher))
}

// notServing hangs up on a client that asks for a session while there are none.
func (s *Stream) notServing(id jute.SessionID) {
	s.lane.Counts.NotServing.Add(1)
	s.tell(tell.Event{Kind: tell.NotServing, Session: id})
	s.end()
}

// connectRequest takes the first frame.
func (s *Stream) connectRequest(frame []byte) {
	in := new(jute.ConnectRequest)
	c := jute.Decoder(frame)
	in.Fields(&c)
	l := s.lane
	l.Counts.Connects.Add(1)
	if s.guest {
		l.Counts.GuestsRefused.Add(1)
		s.tell(tell.Event{Kind: tell.NoDescriptors})
		s.end()
		return
	}
	service := l.Serving.Load()
	if service == NoService {
		s.notServing(in.SessionID)
		return
	}
	if c.Failed() {
		s.unreadable(frame)
		return
	}
	if s.readOnly = service == ReadOnly; s.readOnly && !in.ReadOnly {
		s.tell(tell.Event{Kind: tell.NotReadOnly, Session: in.SessionID})
		s.end()
		return
	}
	l.enter()
	ours := l.view.Shown()
	l.leave()
	if in.LastZxidSeen > ours {
		l.Counts.ZxidAhead.Add(1)
		s.tell(tell.Event{
			Kind: tell.ZxidAhead, Session: in.SessionID, A: int64(in.LastZxidSeen), B: int64(ours),
		})
		s.end()
		return
	}
	in.TimeOut = min(max(in.TimeOut, l.Rules.MinTimeoutMillis), l.Rules.MaxTimeoutMillis)
	in.Passwd = bytes.Clone(in.Passwd)
	s.phase = connecting
	s.inFlight++
	l.hello(s, in)
	s.wait(flow.Connecting)
}

// connected opens the connection for requests.
func (s *Stream) connected(o *mail.Opened) {
	s.phase = serving
	s.session = o.Session
	s.timeoutMillis = o.TimeoutMillis
	s.out.Established()
	s.out.SetStallTimeout(time.Duration(o.TimeoutMillis) * time.Millisecond)
	s.release(flow.Connecting)
}
