package jobs_test

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	"quoll/internal/replica/snapshotting"
	"quoll/internal/server/jobs"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/persistence"
	"quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/ports"
	"quoll/quorum/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// end is one of two servers with a connection between them.
type end struct {
	t         *testing.T
	transport *transport.Transport
	link      effects.LinkID
	events    chan effects.LinkEvent
	runner    *jobs.Runner
	done      chan replica.JobDone
}

func newEnd(t *testing.T, dir *persistence.Dir) *end {
	e := &end{
		t: t, events: make(chan effects.LinkEvent, 10_000), done: make(chan replica.JobDone, 100),
	}
	c := ports.Quorum(ports.Settings{InitLimit: patience, MaxPacket: 1 << 20})
	c.Sink = func(ev transport.Event) {
		if ev.Kind != transport.Wrote {
			e.events <- ports.QuorumEvent(ev)
		}
	}
	e.transport = transport.New(c)
	e.runner = jobs.New(jobs.Config{
		Dir: dir, Report: func(d replica.JobDone) { e.done <- d },
		Trees: jobs.Trees{
			Quorum: e.transport, MaxBytes: 1 << 30, Pause: func() {},
			New: func() *datatree.Tree { return datatree.New(datatree.Options{Digest: true}) },
		},
	})
	t.Cleanup(func() {
		e.runner.Stop()
		e.transport.Stop()
	})
	return e
}

func (e *end) next(kind effects.LinkEventKind) effects.LinkEvent {
	e.t.Helper()
	select {
	case ev := <-e.events:
		require.Equal(e.t, kind, ev.Kind, "%+v", ev)
		return ev
	case <-time.After(patience):
		require.Fail(e.t, "no event")
		return effects.LinkEvent{}
	}
}

func (e *end) report() replica.JobDone {
	e.t.Helper()
	select {
	case d := <-e.done:
		return d
	case <-time.After(patience):
		require.Fail(e.t, "no report")
		return replica.JobDone{}
	}
}

// pair is a leader and a learner that are connected.
func pair(t *testing.T) (leader, learner *end) {
	leader, learner = newEnd(t, nil), newEnd(t, nil)
	at, err := leader.transport.Listen(config.HostPort{Host: "127.0.0.1"})
	require.NoError(t, err)
	learner.transport.Dial(1, []config.HostPort{
		{Host: "127.0.0.1", Port: at.(*net.TCPAddr).Port},
	})
	learner.link = learner.next(effects.Connected).Link
	leader.link = leader.next(effects.Accepted).Link
	return leader, learner
}

// tree has n nodes of a kilobyte.
func tree(t *testing.T, n int) *datatree.Tree {
	tree := datatree.New(datatree.Options{Digest: true})
	var out datatree.Result
	for i := range n {
		tree.Apply(&jute.Entry{
			Header: jute.TxnHeader{Zxid: jute.Zxid(1<<32 + i + 1), Type: jute.OpCreate},
			Body: jute.Append(nil, &jute.CreateTxn{
				Path: fmt.Appendf(nil, "/n%d", i), Data: make([]byte, 1024), ParentCVersion: -1,
			}),
		}, &out)
		require.Equal(t, jute.OK, out.Err)
	}
	return tree
}

func stream(tree *datatree.Tree, link effects.LinkID) *replica.SnapshotJob {
	job := replica.NewSnapshotJob(tree, nil)
	job.Kind, job.Generation, job.Link = replica.ToLink, 4, link
	return job
}

func packet(zxid jute.Zxid) []byte {
	return jute.Append(nil, &ensemble.QuorumPacket{Type: ensemble.PacketCommit, Zxid: zxid})
}

// A tree goes from a leader to a learner between packets. Both jobs are reported, and the tree is
// the leader's.
func TestATreeIsStreamed(t *testing.T) {
	leader, learner := pair(t)
	served := tree(t, 3000)
	send := func(zxid jute.Zxid) {
		ports.CarryOutSend(leader.transport, []effects.Outgoing{
			{Link: leader.link, Data: packet(zxid)},
		}, true)
	}
	send(1)
	leader.runner.Stream(stream(served, leader.link))
	send(2)
	require.Equal(t, packet(1), learner.next(effects.Packet).Data)
	var snap ensemble.QuorumPacket
	_, err := jute.Decode(learner.next(effects.Packet).Data, &snap)
	require.NoError(t, err)
	require.Equal(t, ensemble.PacketSnap, snap.Type)
	learner.runner.Do(effects.Job{
		Kind: effects.BuildTree, Generation: 9, Link: learner.link, UpTo: snap.Zxid,
		Silence: patience,
	})
	built := learner.report()
	require.NoError(t, built.Err)
	require.EqualValues(t, 9, built.Generation)
	require.Equal(t, snap.Zxid, built.Zxid)
	require.Equal(t, served.Peek().TreeDigest(), built.Built.Tree.Peek().TreeDigest())
	streamed := leader.report()
	require.NoError(t, streamed.Err)
	require.EqualValues(t, 4, streamed.Generation)
	require.Equal(t, snap.Zxid, streamed.Zxid)
	require.Equal(t, packet(2), learner.next(effects.Packet).Data, "packets go on behind it")
}

// Either job can be cancelled: nothing is reported, and the connection ends, because nobody can
// tell any more where the stream ends.
func TestAStreamIsCancelled(t *testing.T) {
	for name, cancels := range map[string]func(leader, learner *end){
		"by the leader": func(leader, _ *end) {
			leader.runner.Do(effects.Job{Kind: effects.Cancel, Generation: 4})
		},
		"by the learner": func(_, learner *end) {
			learner.runner.Do(effects.Job{Kind: effects.Cancel, Generation: 9})
		},
		"at the leader's stop":  func(leader, _ *end) { leader.runner.Stop() },
		"at the learner's stop": func(_, learner *end) { learner.runner.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			leader, learner := pair(t)
			// The tree is larger than what the kernel takes, and the stream stands still: the
			// learner builds only when its job begins.
			served := tree(t, 12_000)
			leader.runner.Stream(stream(served, leader.link))
			learner.next(effects.Packet)
			held := make(chan struct{})
			learner.runner = jobs.New(jobs.Config{
				Report: func(d replica.JobDone) { learner.done <- d },
				Trees: jobs.Trees{
					Quorum: learner.transport, MaxBytes: 1 << 30, Pause: func() {},
					New: func() *datatree.Tree {
						<-held
						return datatree.New(datatree.Options{Digest: true})
					},
				},
			})
			defer learner.runner.Stop()
			learner.runner.Do(effects.Job{
				Kind: effects.BuildTree, Generation: 9, Link: learner.link, UpTo: 1,
			})
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				cancels(leader, learner)
			}()
			leader.next(effects.Closed)
			close(held)
			learner.next(effects.Closed)
			<-ended
			cancelled := leader
			if name == "by the learner" || name == "at the learner's stop" {
				cancelled = learner
			}
			cancelled.runner.Stop()
			require.Empty(t, cancelled.done)
		})
	}
}

// A stream that stands still ends by itself, and so does one whose connection ends. Both are
// reported.
func TestAStreamThatDoesNotEnd(t *testing.T) {
	_, learner, send := raw(t)
	send([]byte{0, 0, 0, 0}) // the beginning of a tree, and no more
	learner.runner.Do(effects.Job{
		Kind: effects.BuildTree, Generation: 9, Link: learner.link, Silence: 50 * time.Millisecond,
	})
	require.Error(t, learner.report().Err)
	require.ErrorIs(t, learner.next(effects.Closed).Err, jobs.ErrSilence)

	leader, learner, _ := raw(t)
	learner.runner.Do(effects.Job{
		Kind: effects.BuildTree, Generation: 9, Link: learner.link, Silence: patience,
	})
	leader.transport.Close(transport.Link(leader.link))
	require.Error(t, learner.report().Err)
	learner.next(effects.Closed)
}

// raw is a pair on whose connection a SNAP packet was sent, and what is sent behind it.
func raw(t *testing.T) (leader, learner *end, send func([]byte)) {
	leader, learner = pair(t)
	send = func(data []byte) {
		ports.CarryOutSend(leader.transport, []effects.Outgoing{{Link: leader.link, Data: data}}, false)
	}
	send(jute.Append(nil, &ensemble.QuorumPacket{Type: ensemble.PacketSnap}))
	learner.next(effects.Packet)
	return leader, learner, send
}

// A job for a connection that has ended fails and says so.
func TestAJobWithoutAConnection(t *testing.T) {
	leader, learner := pair(t)
	leader.transport.Close(transport.Link(leader.link))
	leader.next(effects.Closed)
	learner.next(effects.Closed)
	served := tree(t, 10)
	leader.runner.Stream(stream(served, leader.link))
	require.ErrorIs(t, leader.report().Err, transport.ErrNoStream)
	learner.runner.Do(effects.Job{Kind: effects.BuildTree, Generation: 9, Link: learner.link})
	require.ErrorIs(t, learner.report().Err, transport.ErrNoStream)
}

// directory has a snapshot of an empty tree, and a log with the zxids from 1 on.
func directory(t *testing.T, last jute.Zxid) *persistence.Dir {
	dir, err := persistence.Open(simfs.New(), persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	tree := datatree.New(datatree.Options{})
	_, err = restore.Tree(dir, tree, restore.Hooks{})
	require.NoError(t, err)
	walk := snapshotting.New(dir, replica.NewSnapshotJob(tree, nil), snapshotting.Options{})
	_, err = walk.Step(100)
	require.NoError(t, err)
	for zxid := jute.Zxid(1); zxid <= last; zxid++ {
		header := jute.TxnHeader{Zxid: zxid, Type: jute.OpError}
		e, err := jute.ParseEntry(jute.Append(jute.Append(nil, &header),
			&jute.ErrorResponse{Err: jute.NoNode}))
		require.NoError(t, err)
		require.NoError(t, dir.Log().Append(&e))
	}
	_, err = dir.Log().Commit()
	require.NoError(t, err)
	return dir
}

// The log is read piece by piece, as the peer asks, and not beyond a Cancel.
func TestTheLogIsReadAsAsked(t *testing.T) {
	e := newEnd(t, directory(t, 20))
	e.runner.Do(effects.Job{Kind: effects.ReadLog, Generation: 2, From: 5, UpTo: 20})
	done := e.report()
	require.NoError(t, done.Err)
	require.True(t, done.More)
	next := jute.Zxid(5)
	for done.More {
		e.runner.Do(effects.Job{Kind: effects.ReadMore, Generation: 2, Bytes: 100})
		done = e.report()
		require.NoError(t, done.Err)
		for _, entry := range done.Entries {
			require.Equal(t, next, entry.Header.Zxid)
			next++
		}
	}
	require.EqualValues(t, 21, next)
	e.runner.Do(effects.Job{Kind: effects.ReadMore, Generation: 2, Bytes: 100}) // it is over

	e.runner.Do(effects.Job{Kind: effects.ReadLog, Generation: 3, From: 5, UpTo: 20})
	e.report()
	e.runner.Do(effects.Job{Kind: effects.Cancel, Generation: 3})
	e.runner.Do(effects.Job{Kind: effects.ReadMore, Generation: 3, Bytes: 100})
	e.runner.Do(effects.Job{Kind: effects.CanCut, Generation: 4, UpTo: 7})
	done = e.report()
	require.EqualValues(t, 4, done.Generation)
	require.NoError(t, done.Err)
	e.runner.Stop()
	require.Empty(t, e.done)
	e.runner.Do(effects.Job{Kind: effects.CanCut, Generation: 5, UpTo: 7})
	require.Empty(t, e.done, "it has stopped")
}

// A snapshot is told before it is reported. One that is cancelled leaves no file, and is neither
// told nor reported.
func TestASnapshotIsWritten(t *testing.T) {
	dir := directory(t, 1)
	e := newEnd(t, dir)
	served := tree(t, 5000)
	told := make(chan error, 1)
	job := replica.NewSnapshotJob(served, nil)
	job.Generation = 6
	e.runner.Walk(job, snapshotting.Options{}, func(w *snapshotting.Walk, err error) {
		told <- errors.Join(err, fileError(w.Info().File))
	})
	done := e.report()
	require.NoError(t, done.Err)
	require.EqualValues(t, 6, done.Generation)
	require.Equal(t, job.Zxid, done.Zxid)
	require.NoError(t, <-told)

	e.runner.Stop()
	e = newEnd(t, dir)
	job = replica.NewSnapshotJob(served, nil)
	job.Generation = 7
	served.Lock() // the walk cannot go on
	e.runner.Walk(job, snapshotting.Options{}, func(*snapshotting.Walk, error) { told <- nil })
	e.runner.Do(effects.Job{Kind: effects.Cancel, Generation: 7})
	served.Unlock()
	e.runner.Stop()
	require.Empty(t, e.done)
	require.Empty(t, told)
}

func fileError(name string) error {
	if name == "" {
		return errors.New("no file")
	}
	return nil
}
