package zab

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// situation is where a learner and its leader begin.
type situation struct {
	disk      []jute.Entry
	oldest    jute.Zxid // the oldest snapshot of the disk
	leader    []jute.Entry
	committed int   // of the leader's; -1: its reign does not stand yet
	epoch     int64 // of the leader
	current   int64 // of the learner
	kept      int   // of the log in memory; 0: all
	// want is how it gets the history in the end.
	want ensemble.PacketType
}

func txns(epoch int64, from, to int) (entries []jute.Entry) {
	for c := from; c <= to; c++ {
		entries = append(entries, txn(zx(epoch, c), ""))
	}
	return entries
}

var situations = map[string]situation{
	"nothing to send": {
		disk: txns(2, 1, 2), current: 2, leader: txns(2, 1, 2), committed: -1, epoch: 3,
		want: ensemble.PacketDiff,
	},
	"DIFF": {
		disk: txns(2, 1, 1), current: 2, leader: txns(2, 1, 4), committed: -1, epoch: 3,
		want: ensemble.PacketDiff,
	},
	"DIFF with outstanding": {
		disk: txns(2, 1, 1), current: 2, leader: txns(2, 1, 5), committed: 3, epoch: 2,
		want: ensemble.PacketDiff,
	},
	"sent again": {
		disk: txns(2, 1, 5), current: 2, leader: txns(2, 1, 6), committed: 2, epoch: 2,
		want: ensemble.PacketTrunc,
	},
	"sent again, from the log": {
		disk: txns(2, 1, 5), kept: 1, current: 2, leader: txns(2, 1, 6), committed: 2, epoch: 2,
		want: ensemble.PacketTrunc,
	},
	"TRUNC": {
		disk: txns(2, 1, 5), current: 2, leader: txns(2, 1, 2), committed: -1, epoch: 3,
		want: ensemble.PacketTrunc,
	},
	"TRUNC and other": {
		disk: txns(2, 1, 5), current: 2, leader: append(txns(2, 1, 2), txns(3, 1, 3)...),
		committed: 4, epoch: 3, want: ensemble.PacketSnap, // not across epochs
	},
	"SNAP": {leader: txns(2, 1, 5), committed: 3, epoch: 2, want: ensemble.PacketSnap},
	"SNAP before the reign": {
		leader: txns(2, 1, 5), committed: -1, epoch: 3, want: ensemble.PacketSnap,
	},
	"no snapshot": {
		disk: txns(2, 1, 5), oldest: zx(2, 4), current: 2, leader: txns(2, 1, 2), committed: -1,
		epoch: 3, want: ensemble.PacketSnap,
	},
	"no snapshot, from the log": {
		disk: txns(2, 1, 5), kept: 1, oldest: zx(2, 4), current: 2, leader: txns(2, 1, 2),
		committed: -1, epoch: 3, want: ensemble.PacketSnap,
	},
}

// begin puts learner and leader there.
func (s *situation) begin(t *testing.T, observer bool) *puppet {
	w := newWorld(t)
	w.disk = naiveDisk{accepted: s.current, current: s.current, entries: s.disk, oldest: s.oldest}
	if s.kept > 0 {
		w.kept = s.kept
	}
	w.config.Observer = observer
	p := &puppet{
		w: w, r: rand.New(rand.NewPCG(1, 1)), calm: true,
		epoch: s.epoch, log: s.leader, ring: 500, first: 1,
	}
	p.committed = max(s.committed, 0)
	if p.reigns = s.committed >= 0; !p.reigns {
		p.committed = len(p.log)
	}
	p.applied = p.committed
	w.check, w.told, w.entered = p.check, &p.told, p.entered
	w.start()
	p.up = true
	p.hear()
	return p
}

// advance does one thing, of the disk first or last.
func (p *puppet) advance(diskFirst bool) bool {
	w := p.w
	p.reigns = p.reigns || p.acks > 0
	disk := len(w.queue) > 0
	switch {
	case w.ended != nil:
		p.event(map[string]int{})
	case disk && diskFirst:
		w.flush(1)
	case len(w.jobs) > 0:
		p.job()
	case len(p.queue) > 0:
		p.deliver()
	case disk:
		w.flush(1)
	case p.acks == 1 && !p.crowned:
		p.crown()
	default:
		return false
	}
	p.hear()
	p.check()
	return true
}

// TestCrashOfALearner lets the process die behind each single event from FOLLOWERINFO on, with each
// possible part of what the disk had to do. It comes back, and gets there.
func TestCrashOfALearner(t *testing.T) {
	crashes := 0
	for name, s := range situations {
		for way := range 4 {
			diskFirst, observer := way&1 != 0, way&2 != 0
			t.Run(fmt.Sprint(name, way), func(t *testing.T) {
				for events := 0; ; events++ {
					for done := 0; ; done++ {
						p := s.begin(t, observer)
						for range events {
							if !p.advance(diskFirst) {
								require.Equal(t, s.want, p.mode)
								return
							}
						}
						if done > len(p.w.queue) {
							break
						}
						crashes++
						p.crashAfter(done)
						p.settle()
						p.checkSettled(map[string]int{})
					}
				}
			})
		}
	}
	t.Log(crashes, "crashes")
}
