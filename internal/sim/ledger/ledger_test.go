package ledger

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/history"
	"quoll/jute"
)

func at(epoch, counter int64) jute.Zxid { return jute.Zxid(epoch<<32 | counter) }

func txn(z jute.Zxid) history.Txn {
	return history.Txn{Entry: jute.Entry{
		Header: jute.TxnHeader{Zxid: z}, Payload: []byte{byte(z), byte(z >> 32)},
	}}
}

// scene is three nodes. Node 1 leads epoch 1 and has (1,1) to (1,4) in its log, (1,3) on disk; node
// 2 has (1,3) in its log and on disk, node 3 (1,1). (1,2) is committed.
type scene struct {
	*Ledger
	t *testing.T
}

func three(t *testing.T) scene {
	s := scene{t: t, Ledger: New(Config{
		Nodes: 3, Quorum: func(nodes uint64) bool { return bits.OnesCount64(nodes) > 1 },
	})}
	for n := 1; n <= 3; n++ {
		s.ok(s.Promise(n, 1, 0))
		s.ok(s.Promise(n, 0, 1))
		s.ok(s.Settled(n, 2))
	}
	s.ok(s.Leads(1, 1))
	s.ok(s.Reigns(1, 1))
	s.log(1, 1, 2, 3, 4)
	s.log(2, 1, 2, 3)
	s.log(3, 1)
	s.ok(s.Settled(1, 3))
	s.ok(s.Settled(2, 3))
	s.ok(s.Settled(3, 1))
	for n := 1; n <= 2; n++ {
		s.ok(s.Served(n, 0))
		s.ok(s.Applied(n, at(1, 2), 12))
	}
	return s
}

func (s scene) ok(err error) {
	s.t.Helper()
	require.NoError(s.t, err)
}

func (s scene) log(node int, counters ...int64) {
	s.t.Helper()
	for _, c := range counters {
		s.ok(s.Append(node, txn(at(1, c))))
	}
}

// second lets node 2 lead epoch 2 with node 3, which has what node 2 has.
func (s scene) second() {
	s.log(3, 2, 3)
	for n := 2; n <= 3; n++ {
		s.ok(s.Promise(n, 2, 0))
		s.ok(s.Promise(n, 0, 2))
	}
	s.ok(s.Settled(2, 2))
	s.ok(s.Settled(3, 4))
	s.ok(s.Leads(2, 2))
	s.ok(s.Acked(3, at(2, 0)))
	s.ok(s.Reigns(2, 2))
	s.ok(s.Served(2, at(2, 0)))
}

// A leader that stood still finds the acknowledgements of a quorum in its sockets when a later
// reign has committed more.
func TestAReignThatComesTooLate(t *testing.T) {
	s := three(t)
	s.second() // of node 2, which stands still before it reigns once more
	s.ok(s.Leads(2, 3))
	s.ok(s.Settled(1, 1)) // its (1,4)
	for n := 1; n <= 3; n += 2 {
		s.ok(s.Promise(n, 4, 0))
		s.ok(s.Settled(n, 1))
	}
	s.ok(s.Cut(1, at(1, 3)))
	s.ok(s.Settled(1, 1))
	s.ok(s.Leads(3, 4))
	for n := 1; n <= 3; n += 2 {
		s.ok(s.Promise(n, 0, 4))
		s.ok(s.Settled(n, 1))
	}
	s.ok(s.Acked(1, at(4, 0)))
	s.ok(s.Reigns(3, 4))
	s.ok(s.Served(3, at(4, 0)))
	for n := 3; n >= 1; n -= 2 {
		s.ok(s.Append(n, txn(at(4, 1))))
		s.ok(s.Settled(n, 1))
	}
	s.ok(s.Applied(3, at(4, 1), 41))
	s.ok(s.Reigns(2, 3))
	require.Equal(t, at(4, 1), s.Committed())
}

func recovery(node int, z jute.Zxid, shown uint64) history.Recovery {
	return history.Recovery{Server: history.Server{Node: node}, Zxid: z, Digest: shown}
}

func TestWhatAnEnsembleMayDo(t *testing.T) {
	s := three(t)
	require.Equal(t, at(1, 2), s.Committed())
	s.second()
	require.Equal(t, at(1, 3), s.Committed(), "the beginning of a reign commits")
	s.ok(s.Append(2, txn(at(2, 1))))
	s.ok(s.Append(3, txn(at(2, 1))))
	s.ok(s.Settled(2, 1))
	s.ok(s.Settled(3, 1))
	s.ok(s.Acked(3, at(2, 1)))
	s.ok(s.Applied(2, at(2, 1), 21))

	// Node 1 starts with a transaction that nobody else has, and cuts it.
	s.ok(s.Recovered(recovery(1, at(1, 4), 0), 1, 1))
	s.ok(s.Applied(1, at(1, 4), 14))
	s.ok(s.Voted(1, at(1, 4), 1))
	s.ok(s.Promise(1, 2, 0))
	s.ok(s.Settled(1, 1))
	s.ok(s.Promised(1, 2, 1, at(1, 4)))
	s.ok(s.Cut(1, at(1, 3)))
	s.ok(s.Append(1, txn(at(2, 1))))
	s.ok(s.Promise(1, 0, 2))
	s.ok(s.Settled(1, 3))
	s.ok(s.Acked(1, at(2, 0)))
	s.ok(s.Served(1, at(2, 1)))

	o := s.Outcome()
	require.Len(t, o.Txns, 4)
	require.Equal(t, at(2, 1), o.Txns.Last())
	require.Len(t, o.Lost, 1)
	require.Equal(t, []int64{1, 2}, o.Reigns)
	require.Len(t, o.Recoveries, 1)
	r := o.Recoveries[0]
	require.Equal(t, at(1, 3), r.Fork)
	require.Equal(t, at(1, 3), r.Commit)
	require.Len(t, r.Own, 1)
}

// A start may find the disk as it was behind any operation that was asked for.
func TestAStartFindsAMomentOfTheDisk(t *testing.T) {
	for _, z := range []jute.Zxid{at(1, 3), at(1, 4)} {
		s := three(t)
		s.ok(s.Recovered(recovery(1, z, 0), 1, 1))
	}
	s := three(t)
	s.second()
	s.ok(s.Recovered(recovery(1, at(1, 4), 0), 1, 1))
	s.ok(s.Cut(1, at(1, 3)))
	s.ok(s.Promise(1, 3, 0))
	s.ok(s.Recovered(recovery(1, at(1, 3), 0), 3, 1))
}

func TestASnapshotBringsAWholeLog(t *testing.T) {
	s := three(t)
	s.ok(s.Install(3, at(1, 2)))
	s.log(3, 3)
	s.ok(s.Settled(3, 2))
	s.ok(s.Acked(3, at(1, 3)))
	s.second2(3)
}

// second2 installs a snapshot of the beginning of a reign.
func (s scene) second2(node int) {
	s.ok(s.Leads(2, 7))
	s.ok(s.Install(node, at(7, 0)))
	s.ok(s.Settled(node, 1))
	s.ok(s.Voted(node, at(7, 0), 1))
}

// A server alone gives the zxids again that it lost.
func TestAServerAloneGoesOnInItsEpoch(t *testing.T) {
	s := scene{t: t, Ledger: New(Config{
		Nodes: 1, Alone: true, Quorum: func(nodes uint64) bool { return nodes == 1 },
	})}
	s.ok(s.Append(1, txn(1)))
	s.ok(s.Append(1, txn(2)))
	s.ok(s.Settled(1, 1))
	s.ok(s.Recovered(recovery(1, 1, 0), 0, 0))
	other := txn(2)
	other.Entry.Payload = []byte("other")
	s.ok(s.Append(1, other))
	require.Equal(t, 1, s.Unused())
	require.Len(t, s.Outcome().Lost, 1)
}

func TestEachInvariantIsSeenToBreak(t *testing.T) {
	for _, row := range []struct {
		name, says string
		do         func(s scene) error
	}{
		{"two leaders", "I-1", func(s scene) error { return s.Leads(2, 1) }},
		{"a proposal in the epoch of another", "I-1", func(s scene) error {
			return s.Append(2, txn(at(1, 9)))
		}},
		{"a proposal without a reign", "I-1", func(s scene) error {
			return s.Append(2, txn(at(2, 1)))
		}},
		{"a reign that nobody leads", "I-1", func(s scene) error { return s.Reigns(2, 2) }},
		{"another branch is committed", "I-2", func(s scene) error {
			s.ok(s.Leads(3, 2))
			s.ok(s.Append(3, txn(at(2, 1))))
			s.ok(s.Settled(3, 1))
			return s.Served(3, at(2, 1))
		}},
		{"a committed transaction is cut", "I-2", func(s scene) error { return s.Cut(1, at(1, 1)) }},
		{"other bytes", "I-3", func(s scene) error {
			other := txn(at(1, 2))
			other.Entry.Payload = []byte("other")
			return s.Append(3, other)
		}},
		{"a snapshot of nothing", "I-3", func(s scene) error { return s.Install(3, at(8, 0)) }},
		{"a hole", "I-4", func(s scene) error { return s.Append(3, txn(at(1, 3))) }},
		{"a cut to what it does not have", "I-4", func(s scene) error {
			return s.Cut(3, at(1, 2))
		}},
		{"a zxid left out", "I-5", func(s scene) error { return s.Append(1, txn(at(1, 6))) }},
		{"an epoch that begins in its middle", "I-5", func(s scene) error {
			s.ok(s.Leads(2, 2))
			return s.Append(2, txn(at(2, 2)))
		}},
		{"an epoch that comes back", "I-6", func(s scene) error {
			s.ok(s.Leads(2, 3))
			s.ok(s.Leads(1, 2))
			s.ok(s.Append(2, txn(at(3, 1))))
			s.ok(s.Install(1, at(3, 0)))
			s.ok(s.Append(1, txn(at(3, 1))))
			return s.Append(1, txn(at(2, 1)))
		}},
		{"a reign without what is committed", "I-7", func(s scene) error {
			s.ok(s.Leads(3, 2))
			return s.Reigns(3, 2)
		}},
		{"a commit of a minority", "I-8", func(s scene) error {
			return s.Applied(1, at(1, 4), 0)
		}},
		{"what is committed leaves the disk of one too many", "I-8", func(s scene) error {
			s.ok(s.Install(2, at(1, 1)))
			return s.Settled(2, 1)
		}},
		{"an acknowledgement before the disk", "I-9", func(s scene) error {
			s.log(3, 2)
			return s.Acked(3, at(1, 2))
		}},
		{"NEWLEADER acknowledged before the history is durable", "I-9", func(s scene) error {
			s.ok(s.Leads(2, 2))
			return s.Acked(3, at(2, 0))
		}},
		{"NEWLEADER acknowledged before the epoch is durable", "I-9", func(s scene) error {
			s.ok(s.Leads(2, 2))
			s.ok(s.Promise(1, 2, 0))
			s.ok(s.Promise(1, 0, 2))
			s.ok(s.Settled(1, 2))
			return s.Acked(1, at(2, 0))
		}},
		{"a promise that falls", "I-10", func(s scene) error { return s.Promise(1, 0, 0x1) }},
		{"a start with a lower epoch", "I-10", func(s scene) error {
			return s.Recovered(recovery(1, at(1, 3), 0), 1, 0)
		}},
		{"a vote with what is not on disk", "I-11", func(s scene) error {
			return s.Voted(1, at(1, 4), 1)
		}},
		{"a vote with an epoch that is not on disk", "I-11", func(s scene) error {
			return s.Voted(1, at(1, 3), 2)
		}},
		{"a promise told before the disk", "I-11", func(s scene) error {
			return s.Promised(1, 2, 1, at(1, 3))
		}},
		{"a start with less than was durable", "I-12", func(s scene) error {
			return s.Recovered(recovery(1, at(1, 2), 0), 1, 1)
		}},
		{"a start with what nobody wrote", "I-12", func(s scene) error {
			return s.Recovered(recovery(3, at(1, 2), 0), 1, 1)
		}},
		{"two digests", "I-13", func(s scene) error { return s.Applied(2, at(1, 2), 13) }},
		{"a tree of nothing", "I-14", func(s scene) error { return s.Applied(2, at(9, 2), 13) }},
		{"clients see what is not committed", "I-8", func(s scene) error {
			s.ok(s.Recovered(recovery(1, at(1, 4), 0), 1, 1))
			s.ok(s.Applied(1, at(1, 4), 0))
			return s.Served(1, at(1, 4))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := three(t)
			if row.name == "a promise that falls" {
				s.ok(s.Promise(1, 5, 5))
			}
			require.ErrorContains(t, row.do(s), row.says)
		})
	}
}
