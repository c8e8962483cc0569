package ensemble_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/jute/internal/recordtest"
)

// quorum.hex is what Apache's servers said to each other, recorded by interop/wiretap: a line a
// connection, with the bytes of the side that dialled and those of the side that listened.

// packets takes one side of the quorum port apart, and checks that each packet is written again as
// it was. A recording may end inside the last packet, when a server was killed.
func packets(t *testing.T, in []byte, each func(p *ensemble.QuorumPacket)) {
	t.Helper()
	for len(in) > 0 {
		size, exact, err := ensemble.PacketSize(in, limit)
		if err != nil {
			t.Fatal(err)
		}
		if size > len(in) {
			return
		}
		var p ensemble.QuorumPacket
		used, err := jute.Decode(in, &p)
		if err != nil || used != size || !exact {
			t.Fatalf("%d bytes used, size %d, exact %v, %v", used, size, exact, err)
		}
		if again := jute.Append(nil, &p); !bytes.Equal(again, in[:used]) {
			t.Fatalf("%x became %x", in[:used], again)
		}
		data(t, &p)
		each(&p)
		in = in[used:]
		if p.Type == ensemble.PacketSnap {
			_, behind, found := bytes.Cut(in, jute.AppendString(nil, ensemble.SnapSignature))
			if !found {
				return
			}
			in = behind
		}
	}
}

// data checks what a packet carries.
func data(t *testing.T, p *ensemble.QuorumPacket) {
	t.Helper()
	switch p.Type {
	case ensemble.PacketProposal, ensemble.PacketInform:
		e, err := jute.ParseEntry(p.Data)
		if err != nil || e.Header.Zxid != p.Zxid || p.AuthInfo != nil ||
			e.HasDigest == (e.Header.Type == jute.OpError) {
			t.Fatalf("%s: %v", jute.Format(p), err)
		}
		if again := jute.AppendEntry(nil, &e); !bytes.Equal(again, p.Data) {
			t.Fatalf("%x became %x", p.Data, again)
		}
	case ensemble.PacketRequest:
		r, err := p.LearnerRequest()
		if again := ensemble.AppendRequest(nil, &r); err != nil || !bytes.Equal(again,
			jute.Append(nil, p)) {
			t.Fatalf("%s became %x, %v", jute.Format(p), again, err)
		}
	}
	rec := ensemble.NewPacketData(p.Type, len(p.Data))
	if rec == nil || p.Data == nil {
		return
	}
	used, err := jute.Decode(p.Data, rec)
	if again := jute.Append(nil, rec); err != nil || used != len(p.Data) ||
		!bytes.Equal(again, p.Data) {
		t.Fatalf("%s: %x became %x, %v", jute.Format(p), p.Data, again, err)
	}
}

// TestApacheQuorumPort: every packet that Apache's servers sent, byte for byte.
func TestApacheQuorumPort(t *testing.T) {
	fromLearner, fromLeader := map[ensemble.PacketType]int{}, map[ensemble.PacketType]int{}
	withIDs, bare, touched, answered := 0, 0, 0, map[bool]int{}
	for _, line := range recordtest.Lines(t, "quorum.hex") {
		if line[0] != "quorum" {
			continue
		}
		first := true
		packets(t, recordtest.Unhex(t, line[2]), func(p *ensemble.QuorumPacket) {
			fromLearner[p.Type]++
			if first != (p.Type == ensemble.PacketFollowerInfo ||
				p.Type == ensemble.PacketObserverInfo) {
				t.Errorf("first packet: %v, %s", first, jute.Format(p))
			}
			first = false
			switch {
			case p.Type == ensemble.PacketPing && len(p.Data) > 0:
				touched++
			case p.Type == ensemble.PacketRequest && len(p.AuthInfo) > 1:
				withIDs++
			case p.Type == ensemble.PacketRequest && p.AuthInfo == nil:
				bare++
			}
		})
		packets(t, recordtest.Unhex(t, line[3]), func(p *ensemble.QuorumPacket) {
			fromLeader[p.Type]++
			if p.Type == ensemble.PacketRevalidate {
				var r ensemble.Revalidated
				if _, err := jute.Decode(p.Data, &r); err != nil {
					t.Error(err)
				}
				answered[r.Valid]++
			}
		})
	}
	for p := ensemble.PacketType(0); p < 30; p++ {
		learner, leader := false, false
		switch p {
		case ensemble.PacketRequest, ensemble.PacketAck, ensemble.PacketFollowerInfo,
			ensemble.PacketObserverInfo, ensemble.PacketAckEpoch:
			learner = true
		case ensemble.PacketPing, ensemble.PacketRevalidate:
			learner, leader = true, true
		case ensemble.PacketProposal, ensemble.PacketCommit, ensemble.PacketSync, ensemble.PacketInform,
			ensemble.PacketNewLeader, ensemble.PacketUpToDate, ensemble.PacketDiff, ensemble.PacketTrunc,
			ensemble.PacketSnap, ensemble.PacketLeaderInfo:
			leader = true
		}
		if (fromLearner[p] > 0) != learner || (fromLeader[p] > 0) != leader {
			t.Errorf("%v: %d from learners, %d from leaders", p, fromLearner[p], fromLeader[p])
		}
	}
	if withIDs == 0 || bare == 0 || touched == 0 || answered[true] == 0 || answered[false] == 0 {
		t.Errorf("requests with ids %d, without %d, touches %d, sessions %v", withIDs, bare, touched,
			answered)
	}
}

// TestApacheElectionPort: every hello and every notification.
func TestApacheElectionPort(t *testing.T) {
	hellos, states := map[ensemble.HelloVersion]int{}, map[ensemble.State]int{}
	frames := func(in []byte) {
		for len(in) >= 4 {
			n := int(binary.BigEndian.Uint32(in))
			if n < 1 || n > ensemble.MaxElectionFrame {
				t.Fatalf("a frame of %d bytes", n)
			}
			if len(in)-4 < n {
				return
			}
			var v ensemble.Notification
			used, err := jute.Decode(in[4:4+n], &v)
			if err != nil || used != n || v.Version != ensemble.NotificationVersion || v.Short {
				t.Fatalf("%x: %s, %d used, %v", in[4:4+n], jute.Format(&v), used, err)
			}
			if again := jute.Append(nil, &v); !bytes.Equal(again, in[4:4+n]) {
				t.Fatalf("%x became %x", in[4:4+n], again)
			}
			states[v.State]++
			in = in[4+n:]
		}
	}
	for _, line := range recordtest.Lines(t, "quorum.hex") {
		if line[0] != "election" {
			continue
		}
		in := recordtest.Unhex(t, line[2])
		var h ensemble.Hello
		used, err := jute.Decode(in, &h)
		size, exact, sizeErr := ensemble.HelloSize(in)
		if err != nil || used != size || !exact || sizeErr != nil {
			t.Fatalf("%x: %d used, size %d, exact %v, %v", in, used, size, exact,
				errors.Join(err, sizeErr))
		}
		if again := jute.Append(nil, &h); !bytes.Equal(again, in[:used]) {
			t.Fatalf("%x became %x", in[:used], again)
		}
		if several := bytes.Contains(h.Addresses, []byte("|")); several != (h.Version ==
			ensemble.HelloV2) {
			t.Errorf("%s", jute.Format(&h))
		}
		hellos[h.Version]++
		frames(in[used:])
		frames(recordtest.Unhex(t, line[3]))
	}
	if hellos[ensemble.HelloV1] == 0 || hellos[ensemble.HelloV2] == 0 {
		t.Errorf("hellos %v", hellos)
	}
	for s := ensemble.Looking; s <= ensemble.Leading; s++ {
		if states[s] == 0 {
			t.Errorf("no notification of a server that is %v: %v", s, states)
		}
	}
}
