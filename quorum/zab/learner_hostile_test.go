package zab

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// stages are the ways to each state of a learner: commands of the transcripts.
var stages = map[string]string{
	"discovery":        "",
	"accepting":        "LEADERINFO 6:0",
	"choosing":         "LEADERINFO 6:0|flush",
	"DIFF":             "LEADERINFO 6:0|flush|DIFF 5:4|PROPOSAL 5:4",
	"TRUNC":            "LEADERINFO 6:0|flush|TRUNC 5:2|PROPOSAL 5:3",
	"TRUNC, all again": "LEADERINFO 5:0|TRUNC 5:2|PROPOSAL 5:3 5:4",
	"reads the log":    "LEADERINFO 6:0|flush|TRUNC 5:1",
	"asks for a cut":   "LEADERINFO 6:0|flush|TRUNC 5:2|NEWLEADER 6:0",
	"loads":            "LEADERINFO 6:0|flush|TRUNC 5:2|NEWLEADER 6:0|finish",
	"builds":           "LEADERINFO 6:0|flush|SNAP 5:4 5:4",
	"built":            "LEADERINFO 6:0|flush|SNAP 5:4 5:4|finish|PROPOSAL 5:4 6:1",
	"saves":            "LEADERINFO 6:0|flush|SNAP 5:4 5:4|finish|NEWLEADER 6:0",
	"entering":         "LEADERINFO 6:0|flush|DIFF 5:4|NEWLEADER 6:0",
	"entered":          "LEADERINFO 6:0|flush|DIFF 5:4|NEWLEADER 6:0|PROPOSAL 6:1|flush",
	"following": "LEADERINFO 6:0|flush|DIFF 5:4|NEWLEADER 6:0|flush|UPTODATE|" +
		"PROPOSAL 6:1|sync|revalidate 7",
}

// reach puts a learner into one of them.
func reach(t testing.TB, commands string, observer bool) *world {
	w := newWorld(t)
	w.disk = naiveDisk{accepted: 5, current: 5, entries: txns(5, 1, 4)}
	w.kept = 3
	w.config.Observer = observer
	if strings.Contains(commands, "DIFF") {
		w.disk.entries = txns(5, 1, 3)
	}
	w.start()
	if commands != "" {
		for command := range strings.SplitSeq(commands, "|") {
			words := strings.Fields(command)
			w.command(words[0], words[1:])
		}
	}
	require.NoError(t, w.ended)
	return w
}

// TestHostilePackets: whatever comes in whatever state, the learner takes it or leaves with an
// error. The world still checks that the chain and the disk are asked for nothing that cannot be.
func TestHostilePackets(t *testing.T) {
	took := map[string]int{}
	for name, commands := range stages {
		r := rand.New(rand.NewPCG(3, uint64(len(name))))
		for n := range 600 {
			w := reach(t, commands, n%5 == 0)
			for range 12 {
				if w.ended != nil {
					break
				}
				w.hostile(r)
				took[name]++
			}
			if w.ended != nil && len(w.queue) > 0 {
				w.flush(len(w.queue)) // nothing is asked of the disk that it cannot do
			}
		}
	}
	for name := range stages {
		require.Greater(t, took[name], 600, name)
	}
}

// hostile does something at random: mostly a packet that may not belong here.
func (w *world) hostile(r *rand.Rand) {
	switch n := r.IntN(20); {
	case n < 2 && len(w.queue) > 0:
		w.flush(1)
	case n < 4 && len(w.jobs) > 0:
		var err error
		if r.IntN(5) == 0 {
			err = errTorn
		}
		w.finish(err)
	case n == 4:
		w.receiveBytes(garbage(r))
	default:
		w.receiveBytes(hostilePacket(w, r))
	}
}

// hostilePacket is a packet of any type, mostly with the data that belongs to it.
func hostilePacket(w *world, r *rand.Rand) []byte {
	zxids := []jute.Zxid{
		-1, 0, 1, zx(5, 0), zx(5, 1), zx(5, 2), zx(5, 3), zx(5, 4), zx(5, 5), zx(6, 0), zx(6, 1),
		zx(6, 2), zx(6, 3), zx(7, 0), zx(7, 1), zx(1<<31-1, 0), -1 << 63, 1<<63 - 1,
	}
	p := ensemble.QuorumPacket{
		Type: ensemble.PacketType(r.IntN(21)), Zxid: zxids[r.IntN(len(zxids))],
	}
	likely := []ensemble.PacketType{ensemble.PacketProposal, ensemble.PacketCommit,
		ensemble.PacketInform, ensemble.PacketNewLeader, ensemble.PacketUpToDate}
	if r.IntN(2) == 0 {
		p.Type = likely[r.IntN(len(likely))]
	}
	e := txn(p.Zxid, []string{"", "x"}[r.IntN(2)])
	switch p.Type {
	case ensemble.PacketProposal, ensemble.PacketInform:
		p.Data = e.Payload
	case ensemble.PacketSnap:
		if w.learner != nil && w.learner.phase == choosing {
			w.snapAt, w.stream = p.Zxid, nil
			if p.Zxid.Counter() > 0 {
				w.stream = []jute.Entry{e}
			}
		}
	default:
		if rec := ensemble.NewPacketData(p.Type, 9); rec != nil {
			p.Data = jute.Append(nil, rec)
		}
		if p.Type == ensemble.PacketInformAndActivate {
			p.Data = append(p.Data, e.Payload...)
		}
	}
	switch r.IntN(12) {
	case 0:
		p.Data = garbage(r)
	case 1:
		p.Data = nil
	}
	return jute.Append(nil, &p)
}

func garbage(r *rand.Rand) []byte {
	data := make([]byte, r.IntN(60))
	for i := range data {
		data[i] = byte(r.IntN(4)) * byte(r.IntN(2)*85)
	}
	return data
}

// FuzzLearner hands a learner in each state the same bytes, as one packet.
func FuzzLearner(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	w := newWorld(f)
	for range 50 {
		f.Add(hostilePacket(w, r))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, commands := range stages {
			w := reach(t, commands, false)
			w.receiveBytes(data)
		}
	})
}
