package history

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// txn is a transaction that says who made it.
func txn(z jute.Zxid, text string) Txn {
	return Txn{Entry: jute.Entry{Header: jute.TxnHeader{Zxid: z}, Payload: []byte(text)}}
}

func zxids(l Log) (list []jute.Zxid) {
	for i := range l {
		list = append(list, l[i].Entry.Header.Zxid)
	}
	return list
}

// scribe drives a ledger of three nodes.
type scribe struct {
	*Ledger
	t     *testing.T
	lives [4]int
}

func newScribe(t *testing.T) *scribe { return &scribe{Ledger: NewLedger(3, 0), t: t} }

func (s *scribe) append(z jute.Zxid, text string, nodes ...int) {
	for _, n := range nodes {
		require.NoError(s.t, s.Append(n, txn(z, text)))
	}
}

func (s *scribe) durable(z jute.Zxid, nodes ...int) {
	for _, n := range nodes {
		s.Durable(n, z)
	}
}

func (s *scribe) recover(node int, z jute.Zxid) Log {
	s.lives[node]++
	lost, err := s.Recovered(Recovery{Server: Server{node, s.lives[node]}, Zxid: z})
	require.NoError(s.t, err)
	return lost
}

func TestWhatFollows(t *testing.T) {
	for _, row := range []struct {
		zxid, last jute.Zxid
		does       bool
	}{
		{1, 0, true}, {2, 1, true}, {at(1, 1), 0, true}, {at(1, 1), 7, true}, {at(4, 1), at(1, 9), true},
		{at(1, 2), at(1, 1), true}, {at(1, 1), at(1, 0), true},
		{3, 1, false}, {1, 1, false}, {at(1, 2), 7, false}, {at(1, 0), 7, false},
		{at(1, 3), at(2, 1), false}, {at(1, 0), at(0, 0xffffffff), false},
	} {
		require.Equal(t, row.does, Follows(row.zxid, row.last), "%v behind %v", row.zxid, row.last)
	}
}

func TestALogIsFoundByZxid(t *testing.T) {
	l := Log{txn(at(1, 1), "a"), txn(at(1, 2), "b"), txn(at(3, 1), "c")}
	require.Equal(t, "b", string(l.At(at(1, 2)).Entry.Payload))
	require.Nil(t, l.At(at(2, 1)))
	require.Len(t, l.UpTo(at(2, 5)), 2)
	require.Len(t, l.UpTo(at(1, 2)), 2)
	require.Empty(t, l.UpTo(1))
	_ = append(l.UpTo(at(1, 2)), txn(at(1, 3), "d"))
	require.Equal(t, "c", string(l[2].Entry.Payload), "a cut log does not write into the whole one")
}

// Node 1 leads epoch 1 and dies with a tail; node 2 leads epoch 3.
func TestWhichHistoryCame(t *testing.T) {
	s := newScribe(t)
	s.append(at(1, 1), "a", 1, 2, 3)
	s.append(at(1, 2), "b", 1, 2)
	s.durable(at(1, 2), 1, 2)
	s.durable(at(1, 1), 3)
	s.append(at(1, 3), "own", 1)
	s.durable(at(1, 3), 1)
	require.Empty(t, s.recover(1, at(1, 3)))
	s.append(at(3, 1), "c", 2)
	s.durable(at(3, 1), 2)
	require.Len(t, s.recover(2, at(1, 2)), 1, "which only it had")
	s.append(at(3, 1), "c", 2)
	require.Empty(t, s.recover(3, at(1, 1)))
	s.append(at(1, 2), "b", 3)
	s.append(at(3, 1), "c", 3)
	s.durable(at(3, 1), 2, 3)

	log, recoveries := s.History()
	require.Equal(t, []jute.Zxid{at(1, 1), at(1, 2), at(3, 1)}, zxids(log))
	one, two, three := recoveries[0], recoveries[1], recoveries[2]
	require.Equal(t, []jute.Zxid{at(1, 3)}, zxids(one.Own))
	require.Equal(t, at(1, 2), one.Fork)
	require.Equal(t, at(1, 2), one.Commit, "a majority has it")
	require.Equal(t, at(1, 3), one.Durable)
	require.Empty(t, two.Own)
	require.Equal(t, at(3, 1), two.Durable, "a promise that the start did not keep")
	require.Equal(t, at(1, 2), two.Shown)
	require.Empty(t, three.Own)
	require.Equal(t, at(1, 1), three.Commit, "of its own log")
	require.Equal(t, at(1, 2), three.Shown)
}

// A tail that stays is the end of the history, committed or not.
func TestTheLongestLogIsTheHistory(t *testing.T) {
	s := newScribe(t)
	s.append(at(1, 1), "a", 1, 2)
	s.durable(at(1, 1), 1, 2)
	s.append(at(1, 2), "b", 1)
	s.append(at(2, 1), "x", 3)
	s.append(at(2, 2), "y", 3)
	s.append(at(2, 3), "z", 3)
	log, _ := s.History()
	require.Equal(t, []jute.Zxid{at(1, 1), at(1, 2)}, zxids(log), "and begins with what is committed")
}

func TestALoneNodeCommitsWhatIsDurable(t *testing.T) {
	l := NewLedger(1, 0)
	require.NoError(t, l.Append(1, txn(1, "a")))
	require.NoError(t, l.Append(1, txn(2, "lost")))
	l.Durable(1, 1)
	lost, err := l.Recovered(Recovery{Server: Server{1, 1}, Zxid: 1})
	require.NoError(t, err)
	require.Len(t, lost, 1)
	require.NoError(t, l.Append(1, txn(2, "b")), "the zxid is given again")
	log, recoveries := l.History()
	require.Equal(t, "b", string(log[1].Entry.Payload))
	require.Equal(t, jute.Zxid(1), recoveries[0].Commit)
	require.Empty(t, recoveries[0].Own)
}

// Rule 4 (nothing is seen before it is durable), for a whole ensemble.
func TestOnlyWhatIsCommittedMayBeShown(t *testing.T) {
	s := newScribe(t)
	s.append(at(1, 1), "a", 1, 2)
	s.append(at(1, 2), "b", 1)
	s.durable(at(1, 1), 1, 2)
	s.durable(at(1, 2), 1)
	for node := 1; node <= 3; node++ {
		require.NoError(t, s.Applied(node, at(1, 1)))
		require.ErrorContains(t, s.Applied(node, at(1, 2)), "no more than 0x100000001 is committed")
		require.NoError(t, s.Applied(node, at(2, 0)), "a reign begins")
	}
	s.recover(1, at(1, 2))
	require.NoError(t, s.Applied(1, at(1, 2)), "it started with that")
	require.Error(t, s.Applied(2, at(1, 2)))
}

func TestALedgerSaysWhatIsWrong(t *testing.T) {
	s := newScribe(t)
	s.append(1, "a", 1)
	require.ErrorContains(t, s.Append(1, txn(3, "c")), "node 1 puts 0x3 behind 0x1")
	_, err := s.Recovered(Recovery{Server: Server{1, 1}, Zxid: 2})
	require.ErrorContains(t, err, "node 1 recovered to 0x2, which it does not have behind 0x1")
	e := txn(1, "a").Entry
	require.NoError(t, s.Logged(1, &e))
	require.Error(t, s.Logged(2, &e), "another node's")
	e.Payload = []byte("b")
	require.Error(t, s.Logged(1, &e))
}

func TestALogBehindASnapshot(t *testing.T) {
	begin := at(2, 0xff000000)
	l := NewLedger(1, begin)
	require.NoError(t, l.Applied(1, begin))
	require.Error(t, l.Append(1, txn(1, "before")))
	_, err := l.Recovered(Recovery{Server: Server{1, 1}, Zxid: begin})
	require.NoError(t, err)
	require.NoError(t, l.Append(1, txn(begin+1, "a")))
	require.Error(t, l.Applied(1, begin+1))
	l.Durable(1, begin+1)
	require.NoError(t, l.Append(1, txn(at(3, 1), "b")))
	log, recoveries := l.History()
	require.Equal(t, []jute.Zxid{begin + 1, at(3, 1)}, zxids(log))
	require.Equal(t, begin, recoveries[0].Commit)
}
