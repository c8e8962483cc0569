package zab

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
)

func TestPacketsAreThoseOfTheRecord(t *testing.T) {
	var got, want []byte
	for _, data := range [][]byte{nil, {}, []byte("text")} {
		appendPacket(&got, ensemble.PacketNewLeader, 7<<32, data)
		p := ensemble.QuorumPacket{Type: ensemble.PacketNewLeader, Zxid: 7 << 32, Data: data}
		want = jute.Append(want, &p)
	}
	info := ensemble.LearnerInfo{ServerID: 3, ProtocolVersion: ensemble.LearnerProtocol}
	appendRecord(&got, ensemble.PacketFollowerInfo, 6<<32, &info)
	p := ensemble.QuorumPacket{
		Type: ensemble.PacketFollowerInfo, Zxid: 6 << 32, Data: jute.Append(nil, &info),
	}
	want = jute.Append(want, &p)
	require.Equal(t, want, got)
}

// A packet fills its message, and a transaction has the zxid of its packet.
func TestPacketsThatDoNotFit(t *testing.T) {
	e := txn(zx(5, 1), "a")
	packet := ensemble.QuorumPacket{Type: ensemble.PacketProposal, Zxid: zx(5, 1), Data: e.Payload}
	data := jute.Append(nil, &packet)
	p, err := readPacket(data)
	require.NoError(t, err)
	_, err = readEntry(&p, p.Data)
	require.NoError(t, err)
	_, err = readPacket(append(data, 0))
	require.ErrorIs(t, err, ErrProtocol)
	p.Zxid++
	_, err = readEntry(&p, p.Data)
	require.ErrorIs(t, err, ErrProtocol)
}

// TestCutter: however the bytes arrive, the packets come out whole, and the cutter looks at a
// packet's beginning only as often as it must.
func TestCutter(t *testing.T) {
	ids := make([]jute.ID, 20)
	for i := range ids {
		ids[i] = jute.ID{Scheme: "digest", ID: "a:b"}
	}
	var in []byte
	var sizes []int
	for _, p := range []ensemble.QuorumPacket{
		{Type: ensemble.PacketDiff},
		{Type: ensemble.PacketRequest, Data: make([]byte, 300), AuthInfo: ids},
		{Type: ensemble.PacketSnap},
		{Type: ensemble.PacketUpToDate, Zxid: -1},
	} {
		before := len(in)
		in = jute.Append(in, &p)
		sizes = append(sizes, len(in)-before)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := NewCutter(1000)
		var buf []byte
		var got []int
		var snaps int
		size := 0
		for at := 0; at < len(in); {
			n := min(1+r.IntN(60), len(in)-at)
			buf = append(buf, in[at:at+n]...)
			at += n
			for {
				var err error
				if size == 0 {
					size, err = c.Size(buf)
				}
				require.NoError(t, err)
				if size == 0 || len(buf) < size {
					break
				}
				if c.Streams() {
					snaps++
				}
				got = append(got, size)
				buf, size = buf[size:], 0
			}
		}
		require.Equal(t, sizes, got)
		require.Equal(t, 1, snaps)
	}
	_, err := NewCutter(299).Size(in[sizes[0]:])
	require.ErrorIs(t, err, jute.ErrLength)
}
