package hostile

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// stranger is an id that no member has.
const stranger = 77

func hello(sid int64) []byte {
	return jute.Append(nil, &ensemble.Hello{Version: ensemble.HelloV1, Sid: jute.PeerID(sid),
		Addresses: []byte("127.0.0.1:1")})
}

// frame is a length and what follows.
func frame(length uint32, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, length), body...)
}

func notification(n ensemble.Notification) []byte {
	body := jute.Append(nil, &n)
	return frame(uint32(len(body)), body)
}

// electionAttacks are those on the election port.
func electionAttacks() []Attack {
	return []Attack{
		{Name: "election: noise", Do: says(func(_ Target, r *rand.Rand) []byte {
			return noise(r)
		}, false)},
		{Name: "election: a hello of a version that nobody has", Do: says(func(t Target,
			_ *rand.Rand) []byte {
			b := hello(stranger)
			b[7] = 3
			return b
		}, false)},
		{Name: "election: an address of 2 GiB", Do: says(func(Target, *rand.Rand) []byte {
			b := hello(stranger)
			binary.BigEndian.PutUint32(b[16:], 0x7fffffff)
			return b
		}, false)},
		{Name: "election: the member's own id", Do: says(func(t Target, _ *rand.Rand) []byte {
			return hello(t.ID)
		}, false)},
		{Name: "election: frames whose length lies", Do: says(func(_ Target,
			r *rand.Rand) []byte {
			lengths := []uint32{0, 0x80000000, 0xffffffff, 512<<10 + 1, 0x7fffffff}
			return append(hello(stranger), frame(lengths[r.IntN(len(lengths))], nil)...)
		}, false)},
		{Name: "election: 500 hellos that are cut", Do: func(ctx context.Context, t Target,
			_ *rand.Rand) error {
			return crowd(ctx, t.Election, 500, hello(stranger)[:11])
		}},
		{Name: "election: 500 frames that are cut", Do: func(ctx context.Context, t Target,
			_ *rand.Rand) error {
			return crowd(ctx, t.Election, 500, append(hello(stranger), frame(500<<10, nil)...))
		}},
		{Name: "election: a hello in single bytes, and old votes", Do: splitHello},
		StrangeVotes(),
		{Name: "election: votes in the name of a peer", Do: votes(0)},
	}
}

// StrangeVotes is votes of one that is no member.
func StrangeVotes() Attack {
	return Attack{Name: "election: votes of a stranger who leads", Do: votes(stranger)}
}

// splitHello sends its hello byte by byte, then votes of an election that is long over.
func splitHello(ctx context.Context, t Target, random *rand.Rand) error {
	return each(ctx, t.Election, func(ctx context.Context, conn net.Conn) error {
		for _, b := range hello(stranger) {
			if _, err := conn.Write([]byte{b}); err != nil {
				return err
			}
			wait(ctx, time.Millisecond)
		}
		for round := range int64(200) {
			_, err := conn.Write(notification(ensemble.Notification{State: ensemble.Looking,
				Leader: stranger, ElectionEpoch: round % 3, PeerEpoch: 1, Zxid: 1 << 32}))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// votes claims everything that a vote can claim: to lead, and to have the newest history of the
// longest election. sid 0: in the name of a live peer.
func votes(sid int64) func(context.Context, Target, *rand.Rand) error {
	return func(ctx context.Context, t Target, random *rand.Rand) error {
		name := sid
		if name == 0 {
			name = t.Peer
		}
		return each(ctx, t.Election, func(ctx context.Context, conn net.Conn) error {
			if _, err := conn.Write(hello(name)); err != nil {
				return err
			}
			for range 20 {
				n := ensemble.Notification{
					State:  ensemble.State(random.IntN(5)),
					Leader: jute.PeerID([]int64{name, t.ID, t.Peer, stranger, -1}[random.IntN(5)]),
					Zxid:   jute.Zxid(random.Int64()), ElectionEpoch: random.Int64(),
					PeerEpoch: random.Int64N(math.MaxInt32), Version: int32(random.IntN(3)),
					Config: []byte("server.9=127.0.0.1:1:2:participant\nversion=7fffffff"),
				}
				if _, err := conn.Write(notification(n)); err != nil {
					return err
				}
			}
			wait(ctx, 20*time.Millisecond)
			return nil
		})
	}
}
