package lane

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/arena"
	"quoll/processor/auth"
	"quoll/processor/flow"
	"quoll/processor/mail"
	"quoll/processor/reads"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/tell"
	"quoll/processor/throttle"
)

// Output is a connection as its stream sees it; a *reactor.Conn is one. All methods are for the
// loop's goroutine.
type Output interface {
	Write(p []byte)                  // appended; leaves at the end of the turn
	Pending() int                    // bytes that the kernel has not taken
	Park()                           // no Input until Unpark
	Unpark()                         //
	Again()                          // Input once more, without new bytes
	Room() int                       // how many bytes one Input should write at most
	Established()                    // a session exists: the limits of strangers end
	SetStallTimeout(d time.Duration) // how long output may stand still
	CloseAfterFlush()

	// A tick calls the rest for a connection that is not read from; each may be a system call.

	// HungUp says whether the client has ended its side. If it has, and neither input nor output is
	// left, the connection ends.
	HungUp() bool
	// Silent is how long ago the last byte came in. known is false where the system cannot tell, or
	// where the client could not have sent one.
	Silent() (ago time.Duration, known bool)
	// Progress grows with each byte of output that the kernel takes or the client acknowledges.
	Progress() int64
}

// Core takes batches. The answers arrive in the lane's mailbox.
type Core interface {
	Submit(l *Lane, b *mail.Batch)
}

// Rules is what the configuration says to connections.
type Rules struct {
	Auth             *auth.Rules
	EnforceSchemes   []string // enforce.auth.schemes; empty: not enforced
	MaxFrameBytes    int      // jute.maxbuffer
	FirstFrameBytes  int      // quoll.firstFrameBytes: of the connect request
	Reads            reads.Limits
	MinTimeoutMillis int32 // minSessionTimeout
	MaxTimeoutMillis int32 // maxSessionTimeout
	MaxInFlight      int   // requests of one connection that the core may have at once
	MaxInFlightBytes int   // bytes of them
	OutputPauseBytes int   // pending output at which no more requests are answered
	OutstandingLimit int64 // globalOutstandingLimit, see throttle.Share
	Ensemble         bool  // the server is not alone: syncs go to the core
	MaxBatchRequests int   // reads answered in one hold of the tree's lock
	MaxBatchBytes    int   // bytes of replies in one hold
	MaxInputRequests int   // requests taken from a connection before others have their turn
	BulkBytes        int   // frames of this size or more take turns, see bulk.go
	MaxBulkBytes     int   // bytes of such frames at the core; one is always taken
}

// Shared is what all lanes of a server have in common.
type Shared struct {
	Tree  *datatree.Tree
	Conns *mail.Conns
	Core  Core
	Words Words
	// Aside runs a job soon, on a goroutine that is neither a loop's nor the core's. If it is nil,
	// long words are answered on the loop.
	Aside func(job func())
	Rules Rules
	// Clock is the monotonic clock in ms; read once a turn.
	Clock func() int64
	// Large counts the large requests that the core has.
	Large   *throttle.Large
	Serving *Serving
	Counts  *stats.Counts
	Teller  tell.Teller // hears what happens on the connections

	batches     sync.Pool     // of *mail.Batch that the core is done with
	owners      atomic.Uint64 // the last session.Owner given
	outstanding atomic.Int64  // requests that the core has, of all lanes
	tallyResets atomic.Uint64
	connResets  atomic.Uint64

	lanesMu sync.Mutex
	lanes   []*Lane
}

// Lane is the protocol side of one event loop: its connections, the reads they ask for, and what
// goes to the core and comes back. Everything but the mailbox belongs to the loop's goroutine.
type Lane struct {
	*Shared
	box *mail.Box // wakes the loop, which calls Drain

	reader  reads.Reader
	current current
	batch   *mail.Batch // for the core; nil when this turn has none yet
	bulk    flow.Turns[*Stream]
	global  flow.Gate[*Stream] // globalOutstandingLimit
	memory  arena.Arena
	mail    []*mail.Delivery
	breathe func() datatree.View // renew, bound once
	replies []byte               // of the stream whose input is being handled, not yet written
	view    datatree.View        // valid while holding
	holding bool
	reads   int   // reads answered in this hold
	now     int64 // ms, of this turn; 0 when the clock was not read yet

	watch   flow.Watch[*Stream] // connections that are not read from
	numbers numbers
}

// current is room for the request being taken, and for its answer.
type current struct {
	request mail.Request
	asking  reads.Asking
}

// New makes the lane of a loop; wake makes the loop call Drain.
func New(shared *Shared, wake func()) *Lane {
	l := &Lane{
		Shared: shared, box: mail.NewBox(wake),
		reader: reads.Reader{
			Auth: shared.Rules.Auth, Limits: shared.Rules.Reads, Counts: shared.Counts,
		},
	}
	l.breathe = l.renew
	l.bulk.Most = shared.Rules.MaxBulkBytes
	l.numbers.begin()
	shared.join(l)
	return l
}

// Record says who takes the latencies of the lane's requests, which may be nobody; before the
// first turn.
func (l *Lane) Record(reads, updates stats.Recorder) {
	l.numbers.reads.To, l.numbers.updates.To = reads, updates
}

// Open starts a connection.
func (l *Lane) Open(out Output, peer netip.AddrPort) *Stream {
	s := &Stream{lane: l, out: out}
	s.Receiver, s.Box, s.Peer, s.Owner = s, l.box, peer, session.Owner(l.owners.Add(1))
	s.Identity.Store(auth.Connected(peer.Addr()))
	s.stats.begin(s, l.connResets.Load(), l.clock())
	s.Watcher = l.Conns.Add(&s.Conn, l.Tree.WatchesNow())
	return s
}

// OpenGuest starts a connection for which no descriptor is left: it may ask for a four-letter word.
func (l *Lane) OpenGuest(out Output, peer netip.AddrPort) *Stream {
	s := l.Open(out, peer)
	s.guest = true
	return s
}

// Turn ends a loop turn: the requests that came in go to the core.
func (l *Lane) Turn() {
	if len(l.numbers.touched) > 0 {
		l.publishStats(l.Clock())
	}
	l.now = 0
	b := l.batch
	if b == nil {
		return
	}
	l.batch = nil
	l.outstanding.Add(int64(len(b.Requests)))
	l.Core.Submit(l, b)
}

// Busy is how many requests, of all lanes, wait for their answers.
func (l *Lane) Busy() int { return int(l.outstanding.Load()) }

// Drain empties the mailbox into the connections' outputs.
func (l *Lane) Drain() {
	began := l.now
	l.drain()
	l.look()
	l.callWaiting()
	if began == 0 && len(l.numbers.touched) > 0 { // else Turn follows
		l.publishStats(l.clock())
	}
	l.now = began // the time that was read here is not the next turn's
}

func (l *Lane) drain() {
	l.mail = l.box.Take(l.mail[:0])
	for _, d := range l.mail {
		answered := int64(0)
		for i := range d.Items {
			if d.Items[i].Answers() {
				answered++
			}
			d.Items[i].Conn.Receiver.Receive(d, &d.Items[i])
		}
		if answered > 0 {
			l.outstanding.Add(-answered)
		}
		l.box.Recycle(d)
	}
	l.mail = mail.Taken(l.mail)
}

// clock is the time of this turn.
func (l *Lane) clock() int64 {
	if l.now == 0 {
		l.now = l.Clock()
	}
	return l.now
}

// enter takes the tree's read lock for a batch of reads. The mailbox is drained first: the events
// of every change that can be seen now are in it (rule 3).
func (l *Lane) enter() {
	if l.holding {
		return
	}
	l.view = l.Tree.Read()
	l.holding, l.reads = true, 0
	l.drain()
}

// leave gives the lock back.
func (l *Lane) leave() {
	if l.holding {
		l.holding = false
		l.view.Release()
	}
}

// renew gives the lock back and takes it again.
func (l *Lane) renew() datatree.View {
	l.leave()
	l.enter()
	return l.view
}

// forward puts a request into the batch for the core. Its body, which aliases the loop's buffer,
// is copied here, once.
func (l *Lane) forward(r mail.Request) {
	r.Body = l.memory.Copy(r.Body)
	l.add(r)
}

// add puts a request into the batch of this turn.
func (l *Lane) add(r mail.Request) {
	if l.batch == nil {
		l.batch = mail.NewBatch(&l.batches)
	}
	l.batch.Requests = append(l.batch.Requests, r)
}

// hello turns a connect request into a request for the core.
func (l *Lane) hello(s *Stream, in *jute.ConnectRequest) {
	l.add(mail.Request{
		Conn: &s.Conn, Session: in.SessionID, Type: jute.OpCreateSession, Connect: in,
		Identity: s.Identity.Load(), ReceivedMillis: l.clock(), ReadOnly: s.readOnly,
	})
}
