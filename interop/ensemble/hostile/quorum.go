package hostile

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

func packet(t ensemble.PacketType, zxid jute.Zxid, data []byte) []byte {
	return jute.Append(nil, &ensemble.QuorumPacket{Type: t, Zxid: zxid, Data: data})
}

// info is a learner's first packet.
func info(t ensemble.PacketType, sid int64, accepted int64) []byte {
	return packet(t, jute.Zxid(accepted<<32), jute.Append(nil, &ensemble.LearnerInfo{
		ServerID: jute.PeerID(sid), ProtocolVersion: ensemble.LearnerProtocol}))
}

// quorumAttacks are those on the port that learners connect to.
func quorumAttacks() []Attack {
	return []Attack{
		{Name: "quorum: noise", Leader: true, Do: says(func(_ Target, r *rand.Rand) []byte {
			return noise(r)
		}, true)},
		{Name: "quorum: data of 2 GiB", Leader: true, Do: says(func(Target,
			*rand.Rand) []byte {
			b := packet(ensemble.PacketObserverInfo, 0, nil)
			binary.BigEndian.PutUint32(b[12:], 0x7fffffff)
			return b
		}, true)},
		{Name: "quorum: a thousand million ids", Leader: true, Do: says(func(Target,
			*rand.Rand) []byte {
			b := packet(ensemble.PacketObserverInfo, 0, nil)
			binary.BigEndian.PutUint32(b[16:], 1_000_000_000)
			return b
		}, true)},
		{Name: "quorum: 500 connections that say nothing", Leader: true, Do: func(
			ctx context.Context, t Target, _ *rand.Rand) error {
			return crowd(ctx, t.Quorum, 500, nil)
		}},
		{Name: "quorum: 500 packets that are cut", Leader: true, Do: func(ctx context.Context,
			t Target, _ *rand.Rand) error {
			return crowd(ctx, t.Quorum, 500, info(ensemble.PacketObserverInfo, stranger, 0)[:30])
		}},
		{Name: "quorum: learners that begin anew", Leader: true, Do: says(func(Target,
			*rand.Rand) []byte {
			b := info(ensemble.PacketObserverInfo, stranger, 0)
			return append(b, b...)
		}, true)},
		{Name: "quorum: observers in the name of a peer", Leader: true,
			Do: joined(0, func(context.Context, net.Conn, *bufio.Reader) error { return nil })},
		{Name: "quorum: a learner that never reads", Leader: true,
			Do: joined(stranger, func(ctx context.Context, _ net.Conn, _ *bufio.Reader) error {
				<-ctx.Done()
				return nil
			})},
		{Name: "quorum: an observer that acknowledges everything", Leader: true,
			Do: joined(stranger, acknowledges)},
		{Name: "quorum: requests without an end", Leader: true, Do: joined(stranger, requests)},
		{Name: "quorum: packets that are not the first", Leader: true,
			Do: says(func(_ Target, r *rand.Rand) []byte {
				return packet(notFirst(r), 1<<32+1, []byte("data"))
			}, true)},
	}
}

// notFirst is the type of a packet that no learner sends first.
func notFirst(r *rand.Rand) ensemble.PacketType {
	for {
		t := ensemble.PacketType(r.IntN(22) - 1)
		if t != ensemble.PacketFollowerInfo && t != ensemble.PacketObserverInfo {
			return t
		}
	}
}

// joined is an attack that joins as an observer with an empty history and then does something.
func joined(
	sid int64, do func(context.Context, net.Conn, *bufio.Reader) error,
) func(context.Context, Target, *rand.Rand) error {
	return func(ctx context.Context, t Target, _ *rand.Rand) error {
		name := sid
		if name == 0 {
			name = t.Peer
		}
		return each(ctx, t.Quorum, func(ctx context.Context, conn net.Conn) error {
			stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
			defer stop()
			in := bufio.NewReaderSize(conn, 1<<20)
			if _, err := conn.Write(info(ensemble.PacketObserverInfo, name, 0)); err != nil {
				return err
			}
			if _, err := next(in); err != nil { // LEADERINFO
				return err
			}
			epoch := jute.Append(nil, &ensemble.CurrentEpoch{Epoch: 0})
			if _, err := conn.Write(packet(ensemble.PacketAckEpoch, 0, epoch)); err != nil {
				return err
			}
			return do(ctx, conn, in)
		})
	}
}

// next reads one packet.
func next(in *bufio.Reader) (*ensemble.QuorumPacket, error) {
	want := 1
	for {
		b, err := in.Peek(want)
		if err != nil {
			return nil, err
		}
		size, exact, err := ensemble.PacketSize(b, 1<<20)
		if err != nil {
			return nil, err
		}
		if want = size; !exact || len(b) < size {
			continue
		}
		p := new(ensemble.QuorumPacket)
		if _, err := jute.Decode(b, p); err != nil {
			return nil, err
		}
		p.Data = append([]byte(nil), p.Data...)
		_, err = in.Discard(size)
		return p, err
	}
}

// acknowledges reads what comes and acknowledges zxids, its own and others'.
func acknowledges(ctx context.Context, conn net.Conn, in *bufio.Reader) error {
	go io.Copy(io.Discard, in)
	for zxid := jute.Zxid(1 << 32); ctx.Err() == nil; zxid++ {
		if _, err := conn.Write(packet(ensemble.PacketAck, zxid, nil)); err != nil {
			return err
		}
		wait(ctx, time.Millisecond)
	}
	return nil
}

// requests acknowledges the sync and asks for more than anybody can do, of all kinds.
func requests(ctx context.Context, conn net.Conn, in *bufio.Reader) error {
	go io.Copy(io.Discard, in)
	if _, err := conn.Write(packet(ensemble.PacketAck, 1<<32, nil)); err != nil {
		return err
	}
	body := make([]byte, 256<<10)
	for n := int32(0); ctx.Err() == nil; n++ {
		ops := []jute.OpCode{jute.OpCreate, jute.OpSetData, jute.OpMulti, jute.OpSync, 999}
		r := jute.LearnerRequest{Session: 0x77, Cxid: n, Type: ops[int(n)%len(ops)], Body: body}
		_, err := conn.Write(ensemble.AppendRequest(nil, &r))
		if err != nil {
			return err
		}
	}
	return nil
}
