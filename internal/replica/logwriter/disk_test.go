package logwriter_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/quorum/effects"
)

// nothing is a sink that keeps nothing.
type nothing struct{}

func (nothing) Reset()                                                 {}
func (nothing) Session(jute.SessionID, int32) error                    { return nil }
func (nothing) ACL(int64, []jute.ACL) error                            { return nil }
func (nothing) Node(_, _ []byte, _ int64, _ *jute.StatPersisted) error { return nil }
func (nothing) SnapshotLoaded(persistence.SnapInfo) error              { return nil }
func (nothing) Txn(*jute.Entry) error                                  { return nil }

// member returns the directory of a member and its state, as a start finds them.
func member(t *testing.T, disk *simfs.Disk) (*persistence.Dir, state) {
	t.Helper()
	opt := persistence.DefaultOptions("/data")
	opt.Log.PreAllocBytes, opt.Log.ZeroAheadBytes = 4096, 256
	dir, err := persistence.Open(disk, opt)
	require.NoError(t, err)
	found, err := dir.Recover(nothing{})
	require.NoError(t, err)
	if found.Empty {
		w, err := snapshot(dir, 0)
		require.NoError(t, err)
		_, err = w.Finish(snap.Trailer{})
		require.NoError(t, err)
	}
	epochs, err := dir.Epochs()
	require.NoError(t, err)
	return dir, state{epochs, found.LastZxid}
}

func snapshot(dir *persistence.Dir, zxid jute.Zxid) (*persistence.SnapWriter, error) {
	w, err := dir.CreateSnapshot(zxid)
	if err == nil {
		err = w.Node("", nil, -1, &jute.StatPersisted{})
	}
	return w, err
}

// state is what a start finds in a member's directory.
type state struct {
	epochs persistence.Epochs
	last   jute.Zxid
}

// after is the state behind an operation.
func (s state) after(op *effects.DiskOp) state {
	switch op.Kind {
	case effects.Append:
		s.last = op.Entry.Header.Zxid
	case effects.AcceptEpoch:
		s.epochs.Accepted = op.Epoch
	case effects.EnterEpoch:
		s.epochs.Current = op.Epoch
	default:
		s.last = op.Zxid
	}
	return s
}

func appends(zxids ...jute.Zxid) (ops []replica.DiskOp) {
	for _, zxid := range zxids {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpSetData}}
		e.Body = jute.Append(nil, &jute.SetDataRequest{Path: []byte("/")})
		e.Payload = jute.AppendEntry(nil, &e)
		ops = append(ops, replica.DiskOp{DiskOp: effects.DiskOp{Entry: e}})
	}
	return ops
}

func one(kind effects.DiskKind, epoch int64, zxid jute.Zxid) []replica.DiskOp {
	return []replica.DiskOp{{DiskOp: effects.DiskOp{Kind: kind, Epoch: epoch, Zxid: zxid}}}
}

// life returns batches with every kind of operation: a member follows a leader, is cut, goes on,
// and takes a snapshot of the next leader.
func life() [][]replica.DiskOp {
	const e, f = jute.Zxid(1 << 32), jute.Zxid(2 << 32)
	rolled := appends(e+4, e+5)
	rolled[0].Roll = true
	return [][]replica.DiskOp{
		one(effects.AcceptEpoch, 1, 0),
		slices.Concat(appends(e+1, e+2, e+3), one(effects.EnterEpoch, 1, 0), rolled),
		slices.Concat(one(effects.Cut, 0, e+3), appends(e+4)),
		slices.Concat(one(effects.AcceptEpoch, 2, 0), one(effects.Install, 0, f),
			appends(f+1), one(effects.EnterEpoch, 2, 0), appends(f+2)),
	}
}

// TestTheDiskIsInOrder: power fails before any call of the disk, and destroys everything that was
// not flushed, or some of it. A start then finds the state behind one of the operations. It is not
// an operation before the last ticket that was reported, and all operations before it have taken
// effect. So no epoch is there without its history.
func TestTheDiskIsInOrder(t *testing.T) {
	disk := simfs.New()
	dir, first := member(t, disk)
	states := []state{first} // by ticket
	told, points, busy := effects.Ticket(0), 0, false
	handed := 0
	look := func() {
		for i, loss := range []*simfs.Disk{
			disk.PowerLoss(simfs.Everything()), disk.Kill(), disk.PowerLoss(simfs.NamesOnly()),
			disk.PowerLoss(simfs.DataOnly()),
		} {
			points++
			_, got := member(t, loss)
			require.Contains(t, states[told:handed+1], got, "loss %d, ticket %d is told", i, told)
		}
	}
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if busy || !call.Op.Changes() {
			return simfs.Outcome{}
		}
		busy = true
		defer func() { busy = false }()
		look()
		return simfs.Outcome{}
	}
	w := logwriter.Writer{
		Log: dir.Log(), Store: dir, Flushed: func(int) {},
		Durable: func(ticket effects.Ticket) {
			require.Greater(t, ticket, told)
			told = ticket
		},
	}
	for _, batch := range life() {
		for i := range batch {
			op := &batch[i].DiskOp
			states = append(states, states[handed].after(op))
			handed++
			if op.Kind == effects.Install {
				w, err := snapshot(dir, op.Zxid)
				require.NoError(t, err)
				require.NoError(t, w.Complete(snap.Trailer{}))
			}
		}
		require.NoError(t, w.Write(batch))
		require.EqualValues(t, handed, told)
		if handed > 1 { // the first operation is about an epoch
			require.Equal(t, states[handed].last, w.Logged())
		}
		busy = true
		look()
		busy = false
	}
	require.Greater(t, points, 100)
}

// TestWhatIsRefusedEndsTheWriter: operations behind a refused one were meant for another history.
func TestWhatIsRefusedEndsTheWriter(t *testing.T) {
	for name, refused := range map[string][]replica.DiskOp{
		"a cut to what is not there": one(effects.Cut, 0, 9),
		"no snapshot to install":     one(effects.Install, 0, 9),
		"a hole":                     appends(9),
	} {
		dir, _ := member(t, simfs.New())
		w := logwriter.Writer{
			Log: dir.Log(), Store: dir, Flushed: func(int) {},
			Durable: func(ticket effects.Ticket) { require.EqualValues(t, 2, ticket, name) },
		}
		require.NoError(t, w.Write(appends(1, 2)))
		err := w.Write(slices.Concat(refused, one(effects.EnterEpoch, 5, 0)))
		require.Error(t, err, name)
		epochs, err := dir.Epochs()
		require.NoError(t, err)
		require.Zero(t, epochs.Current, fmt.Sprint(name, ": the epoch of a history that is not there"))
	}
}
