package zab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// world is a naive server around a learner: its disk, its tree, and the connection to a leader
// whose packets a test makes up. What the learner wants is kept until the test lets it happen.
type world struct {
	t   testing.TB
	log io.Writer // what happens, one line each; nil: nowhere
	now time.Duration

	disk    naiveDisk
	queue   []effects.DiskOp // asked for and not done
	done    effects.Ticket
	tree    []jute.Entry // what the tree holds, from the first transaction on
	treeAt  jute.Zxid    // what it is at, perhaps (epoch, 0)
	beside  []jute.Entry // another tree; nil: none
	besides jute.Zxid    // and what it is said to be at
	stream  []jute.Entry // what follows a SNAP, and the zxid of that
	snapAt  jute.Zxid
	offered []jute.Entry // delivered and not committed
	serves  bool
	jobs    []effects.Job

	out      effects.Pending
	link     effects.LinkID
	learner  *Learner
	config   LearnerConfig
	ended    error
	paused   bool
	readAt   int                      // where ReadMore goes on
	kept     int                      // how much a start keeps of the log in memory
	asked    bool                     // the chain is asked whom it has heard
	heard    []jute.SessionTimeout    // what it answers
	sent     []ensemble.QuorumPacket  // what left for the leader
	promised map[jute.Zxid]jute.Entry // what the leader was told to be on disk
	safe     int                      // so much of what is on disk is committed
	replaced bool                     // a SNAP may take some of that away
	check    func()                   // called behind each operation of the disk; nil: none
	entered  func(epoch int64)        // called behind each entered epoch; nil: none
	told     *jute.Zxid               // what the leader has said to be committed; nil: not known
}

// naiveDisk is what survives a crash.
type naiveDisk struct {
	accepted, current int64
	entries           []jute.Entry // all of the history, those in the oldest snapshot too
	at                jute.Zxid    // of the snapshot that was installed last: no log is below it
	oldest            jute.Zxid    // the oldest snapshot: nothing can be cut below it
	tmp               []jute.Entry // a complete snapshot that is not installed
	tmpAt             jute.Zxid    // and its zxid
}

func last(entries []jute.Entry) jute.Zxid {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].Header.Zxid
}

// txn makes a transaction. Those with another text are different.
func txn(zxid jute.Zxid, text string) jute.Entry {
	e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpSetData}}
	e.Body = jute.Append(nil, &jute.SetDataRequest{Path: []byte("/a"), Data: []byte(text)})
	e.Payload = jute.AppendEntry(nil, &e)
	parsed, err := jute.ParseEntry(e.Payload)
	if err != nil {
		panic(err)
	}
	return parsed
}

// text is that of a transaction.
func text(e *jute.Entry) string {
	var r jute.SetDataRequest
	if _, err := jute.Decode(e.Body, &r); err != nil {
		panic(err)
	}
	return string(r.Data)
}

func zx(epoch int64, counter int) jute.Zxid { return jute.Zxid(epoch<<32 | int64(counter)) }

// name writes a transaction as epoch:counter and its text.
func name(e *jute.Entry) string { return zname(e.Header.Zxid) + text(e) }

func zname(z jute.Zxid) string {
	if z < 0 {
		return strconv.Itoa(int(z))
	}
	return fmt.Sprintf("%d:%d", z.Epoch(), z.Counter())
}

func names(entries []jute.Entry) string {
	if len(entries) == 0 {
		return "nothing"
	}
	var out []string
	for i := range entries {
		out = append(out, name(&entries[i]))
	}
	return strings.Join(out, " ")
}

// parseTxn reads what name has written.
func parseTxn(s string) (jute.Entry, error) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	z, err := parseZxid(digits)
	if err != nil {
		return jute.Entry{}, err
	}
	return txn(z, s[len(digits):]), nil
}

func parseZxid(s string) (jute.Zxid, error) {
	epoch, counter, ok := strings.Cut(s, ":")
	e, err1 := strconv.ParseInt(epoch, 10, 64)
	c, err2 := strconv.Atoi(counter)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no zxid", s)
	}
	return zx(e, c), nil
}

func newWorld(t testing.TB) *world {
	return &world{t: t, kept: 500, link: 1, promised: map[jute.Zxid]jute.Entry{},
		config: LearnerConfig{Me: 3, InitLimit: 10 * time.Second, SyncLimit: 5 * time.Second},
	}
}

func (w *world) say(format string, args ...any) {
	if w.log != nil {
		fmt.Fprintf(w.log, "    "+format+"\n", args...)
	}
}

// start is the start of a process: the tree has everything that the disk has.
func (w *world) start() {
	w.learner, w.queue, w.jobs, w.offered, w.beside = nil, nil, nil, nil, nil
	w.out, w.done = effects.Pending{}, 0
	w.tree = append([]jute.Entry(nil), w.disk.entries...)
	w.treeAt = w.disk.last()
	w.serves, w.paused, w.disk.tmp = false, false, nil
	from := max(0, len(w.disk.entries)-w.kept, len(w.disk.upTo(w.disk.oldest)))
	before := max(w.disk.oldest, last(w.disk.entries[:from]))
	h := history.New(history.Limits{Entries: w.kept, Bytes: 1 << 20}, before)
	for _, e := range w.disk.entries[from:] {
		h.Append(e)
	}
	w.connect(h)
}

func (w *world) standing() Standing {
	return Standing{Accepted: w.disk.accepted, Current: w.disk.current,
		Last: w.disk.last(), Applied: w.treeAt}
}

func (w *world) connect(h *history.History) {
	w.link++
	w.ended, w.sent = nil, nil
	w.learner = NewLearner(w.config, w.standing(), h, &w.out, w.link, w.now)
	w.take()
}

// rejoin is the end of the role and a new connection, in the same process.
func (w *world) rejoin() {
	w.leave()
	h := w.learner.history
	w.config.EmptyFor = 0
	if epoch, ok := w.learner.RejoinEmpty(); ok {
		w.config.EmptyFor = epoch
	}
	w.connect(h)
}

// leave is what the Peer does when a role ends.
func (w *world) leave() {
	w.flush(len(w.queue))
	w.offered, w.beside, w.serves, w.jobs = nil, nil, false, nil
	require.Equal(w.t, w.learner.Standing().Last, w.disk.last(), "what the learner has")
	require.Equal(w.t, w.disk.accepted, w.learner.Standing().Accepted)
	require.Equal(w.t, w.disk.current, w.learner.Standing().Current)
	if w.treeAt > w.disk.last() {
		w.say("the peer loads the tree again: %s", names(w.disk.entries))
		w.tree = append([]jute.Entry(nil), w.disk.entries...)
		w.treeAt = w.disk.last()
	}
}

// do calls the learner, unless its role has ended, and takes what it wants.
func (w *world) do(call func(*Learner) error) {
	if w.ended != nil {
		return
	}
	if w.ended = call(w.learner); w.ended != nil {
		w.say("the role ends: %v", w.ended)
	}
	w.take()
}

// receive hands the learner a packet.
func (w *world) receive(t ensemble.PacketType, zxid jute.Zxid, data []byte) {
	p := ensemble.QuorumPacket{Type: t, Zxid: zxid, Data: data}
	w.receiveBytes(jute.Append(nil, &p))
}

func (w *world) receiveBytes(data []byte) {
	w.do(func(l *Learner) error {
		return l.Link(w.now, &effects.LinkEvent{Kind: effects.Packet, Link: w.link, Data: data})
	})
}

// take carries out what takes no time, in the order of Effects.
func (w *world) take() {
	e := w.out.Take()
	for i := range e.Deliver {
		w.deliver(&e.Deliver[i])
	}
	w.queue = append(w.queue, e.Disk...)
	for _, op := range e.Links {
		w.paused = op.Kind == effects.Pause
		w.say("the leader is read: %v", !w.paused)
	}
	for _, o := range e.Send {
		w.send(o.Data)
	}
	for _, j := range e.Jobs {
		if j.Kind == effects.Cancel {
			w.say("job cancelled")
			w.jobs = nil
			continue
		}
		w.say("job %s", jobName(j))
		w.jobs = append(w.jobs, j)
	}
	if w.asked {
		w.asked = false
		w.learner.Heard(w.heard)
		w.heard = nil
		w.take()
	}
}

func jobName(j effects.Job) string {
	switch j.Kind {
	case effects.BuildTree:
		return "BuildTree"
	case effects.SaveTree:
		return "SaveTree"
	case effects.CanCut:
		return "CanCut " + zname(j.UpTo)
	case effects.ReadLog:
		return "ReadLog " + zname(j.From) + " to " + zname(j.UpTo)
	case effects.ReadMore:
		return "ReadMore"
	}
	return "?"
}

func (w *world) deliver(d *effects.Delivery) {
	switch d.Kind {
	case effects.Follow:
		w.say("chain: Follow")
	case effects.Serve:
		w.say("chain: Serve")
		require.False(w.t, w.serves)
		w.serves = true
	case effects.Propose:
		require.True(w.t, history.Follows(max(w.treeAt, last(w.offered)), d.Entry.Header.Zxid))
		w.offered = append(w.offered, d.Entry)
	case effects.Commit:
		n := 0
		for n < len(w.offered) && w.offered[n].Header.Zxid <= d.Zxid {
			n++
		}
		require.Equal(w.t, d.Zxid, last(w.offered[:n]), "committed and not proposed")
		require.True(w.t, w.told == nil || d.Zxid <= *w.told, "%v is not committed", d.Zxid)
		w.say("chain: applies %s", names(w.offered[:n]))
		w.tree = append(w.tree, w.offered[:n]...)
		w.treeAt = d.Zxid
		w.offered = w.offered[n:]
	case effects.Rebuild:
		require.NotNil(w.t, w.beside)
		had := d.Entry.Header.Zxid <= last(w.beside)
		w.say("chain: applies %s to the tree beside, had it: %v", name(&d.Entry), had)
		if !had {
			require.True(w.t, history.Follows(max(last(w.beside), min(w.besides, d.Entry.Header.Zxid-1)),
				d.Entry.Header.Zxid))
			w.beside = append(w.beside, d.Entry)
		}
		w.besides = max(w.besides, d.Entry.Header.Zxid)
	case effects.Adopt:
		require.NotNil(w.t, w.beside)
		w.tree, w.beside, w.treeAt = w.beside, nil, w.besides
		w.say("chain: adopts %s", names(w.tree))
	case effects.Heard:
		w.asked = true
	case effects.Synced:
		w.say("chain: Synced, the tree is at %s", zname(last(w.tree)))
	case effects.Revalidated:
		w.say("chain: Revalidated %d %v", d.Session.Session, d.OK)
	default:
		require.Fail(w.t, "no delivery of a learner", "%d", d.Kind)
	}
}

func (w *world) send(data []byte) {
	for len(data) > 0 {
		var p ensemble.QuorumPacket
		used, err := jute.Decode(data, &p)
		require.NoError(w.t, err)
		data = data[used:]
		w.sent = append(w.sent, p)
		w.say("-> %v %s%s", p.Type, zname(p.Zxid), dataName(w.t, &p))
		if p.Type == ensemble.PacketAck && p.Zxid.Counter() > 0 {
			w.checkAck(p.Zxid)
		}
	}
}

// checkAck: what is acknowledged is on disk at that moment.
func (w *world) checkAck(z jute.Zxid) {
	found := false
	for i := range w.disk.entries {
		if e := w.disk.entries[i]; e.Header.Zxid == z {
			found, w.promised[z] = true, e
		}
	}
	if !found {
		require.Fail(w.t, "not on disk", "%v is acknowledged: %s", z, names(w.disk.entries))
	}
}

// keep remembers what the acknowledgement of NEWLEADER says to be on disk: not what the leader
// waits to see acknowledged one by one.
func (w *world) keep(owed []jute.Zxid) {
	for _, e := range w.disk.entries {
		if len(owed) == 0 || e.Header.Zxid < owed[0] {
			w.promised[e.Header.Zxid] = e
		}
	}
}

func (w *world) forget() { clear(w.promised) }

// building reports that the connection's stream is read.
func (w *world) building() bool { return len(w.jobs) > 0 && w.jobs[0].Kind == effects.BuildTree }

func dataName(t testing.TB, p *ensemble.QuorumPacket) string {
	r := ensemble.NewPacketData(p.Type, len(p.Data))
	if r == nil || p.Data == nil {
		return ""
	}
	_, err := jute.Decode(p.Data, r)
	require.NoError(t, err)
	switch r := r.(type) {
	case *ensemble.LearnerInfo:
		return fmt.Sprintf(" of %d", r.ServerID)
	case *ensemble.CurrentEpoch:
		return fmt.Sprintf(" current %d", r.Epoch)
	case *ensemble.Touches:
		return fmt.Sprintf(" heard %v", r.Sessions)
	case *jute.LearnerRequest:
		return fmt.Sprintf(" %v of session %d cxid %d", r.Type, r.Session, r.Cxid)
	case *jute.SessionTimeout:
		return fmt.Sprintf(" session %d", r.Session)
	}
	return fmt.Sprintf(" %v", r)
}

// flush makes the next n operations of the disk happen, and tells the learner.
func (w *world) flush(n int) {
	for range n {
		op := w.queue[0]
		w.queue = w.queue[1:]
		w.done++
		w.operate(&op)
		if w.check != nil {
			w.check()
		}
	}
	if n == 0 || w.ended != nil {
		return
	}
	w.do(func(l *Learner) error { return l.Durable(w.now, w.done) })
}

func (w *world) operate(op *effects.DiskOp) {
	d := &w.disk
	switch op.Kind {
	case effects.Append:
		zxid := op.Entry.Header.Zxid
		require.True(w.t, history.Follows(d.last(), zxid))
		require.True(w.t, zxid == d.last()+1 || zxid.Counter() == 1 ||
			int64(zxid.Counter()) == w.config.InitialZxid+1, "the log would end the process")
		w.say("disk: append %s", name(&op.Entry))
		d.entries = append(d.entries[:len(d.entries):len(d.entries)], op.Entry)
	case effects.AcceptEpoch:
		w.say("disk: accept epoch %d", op.Epoch)
		require.Greater(w.t, op.Epoch, d.accepted)
		d.accepted = op.Epoch
	case effects.EnterEpoch:
		w.say("disk: enter epoch %d", op.Epoch)
		require.GreaterOrEqual(w.t, op.Epoch, d.current)
		d.current = op.Epoch
		if w.entered != nil {
			w.entered(op.Epoch)
		}
	case effects.Install:
		w.say("disk: install %s", names(d.tmp))
		require.Equal(w.t, op.Zxid, d.tmpAt)
		d.entries, d.at, d.oldest, d.tmp = d.tmp, d.tmpAt, d.tmpAt, nil
	case effects.Cut:
		w.say("disk: cut to %s", zname(op.Zxid))
		require.NoError(w.t, w.canCut(op.Zxid))
		d.entries = d.upTo(op.Zxid)
	case effects.Load:
		w.say("disk: load %s", names(d.entries))
		w.beside, w.besides = append([]jute.Entry{}, d.entries...), d.last()
		done := effects.JobDone{Generation: op.Generation, Zxid: d.last()}
		w.do(func(l *Learner) error { return l.Job(w.now, &done) })
	}
}

func (d *naiveDisk) last() jute.Zxid { return max(d.at, last(d.entries)) }

func (d *naiveDisk) upTo(z jute.Zxid) []jute.Entry {
	n := 0
	for n < len(d.entries) && d.entries[n].Header.Zxid <= z {
		n++
	}
	return d.entries[:n:n]
}

// canCut is persistence's answer.
func (w *world) canCut(z jute.Zxid) error {
	if w.disk.oldest > z {
		return fmt.Errorf("%w: no snapshot", effects.ErrGap)
	}
	if got := max(w.disk.at, last(w.disk.upTo(z))); got != z && z.Counter() != 0 {
		return fmt.Errorf("%w: the last one is %v", effects.ErrGap, got)
	}
	return nil
}

var errTorn = errors.New("torn")

// finish ends the oldest job, with an error or as the disk and the leader have it.
func (w *world) finish(err error) {
	require.NotEmpty(w.t, w.jobs)
	j := w.jobs[0]
	w.jobs = w.jobs[1:]
	done := effects.JobDone{Generation: j.Generation, Err: err}
	if err == nil {
		w.carryOut(j, &done)
	}
	w.do(func(l *Learner) error { return l.Job(w.now, &done) })
}

func (w *world) carryOut(j effects.Job, done *effects.JobDone) {
	switch j.Kind {
	case effects.BuildTree:
		require.Equal(w.t, w.link, j.Link)
		w.beside, w.besides = append([]jute.Entry{}, w.stream...), w.snapAt
	case effects.SaveTree:
		require.LessOrEqual(w.t, last(w.beside), w.besides, "the tree is fuzzy")
		w.disk.tmp = append([]jute.Entry{}, w.beside...)
		w.disk.tmpAt, done.Zxid = w.besides, w.besides
	case effects.CanCut:
		done.Err = w.canCut(j.UpTo)
	case effects.ReadLog:
		if len(w.disk.upTo(j.From)) <= len(w.disk.upTo(w.disk.at)) {
			done.Err = fmt.Errorf("%w: no log", effects.ErrGap)
		}
		for i := range w.disk.entries {
			done.Size += int64(len(w.disk.entries[i].Payload))
		}
		w.readAt = max(0, len(w.disk.upTo(j.From))-1)
	case effects.ReadMore:
		done.Entries = append(done.Entries, w.disk.entries[w.readAt])
		w.readAt++
		done.More = w.readAt < len(w.disk.entries)
	}
}

// sameEntries reports that two histories are the same.
func sameEntries(a, b []jute.Entry) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Payload, b[i].Payload) {
			return false
		}
	}
	return true
}
