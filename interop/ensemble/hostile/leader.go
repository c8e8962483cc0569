package hostile

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// Told is what a leader tells a learner behind the ACKEPOCH, again and again.
type Told struct {
	Name string
	// Last is the zxid that the leader claims in elections, above every real one.
	Last jute.Zxid
	// Takes is how much memory it may cost beyond what else is allowed, in bytes.
	Takes int
	Tell  func(ctx context.Context, out net.Conn, learner jute.Zxid) error
}

// Nonsense is what no leader says, by one who claims an epoch above every real one.
func Nonsense(epoch int64) []Told {
	packets := func(all ...[]byte) func(context.Context, net.Conn, jute.Zxid) error {
		return func(ctx context.Context, out net.Conn, _ jute.Zxid) error {
			for _, b := range all {
				if _, err := out.Write(b); err != nil {
					return err
				}
			}
			wait(ctx, 300*time.Millisecond)
			return nil
		}
	}
	z := jute.Zxid(epoch << 32)
	snap := packet(ensemble.PacketSnap, z, nil)
	diff := packet(ensemble.PacketDiff, z+5, nil)
	noise := make([]byte, 4096)
	all := []Told{
		{Name: "a snapshot without an end", Tell: endless(snap), Takes: 1 << 30},
		{Name: "a snapshot that is noise", Tell: packets(snap, noise)},
		{Name: "a snapshot of two thousand million sessions", Tell: packets(snap,
			binary.BigEndian.AppendUint32(nil, 0x7fffffff), noise)},
		{Name: "a snapshot with data of 2 GiB", Tell: packets(snap, make([]byte, 8),
			[]byte{0, 0, 0, 1, '/', 0x7f, 0xff, 0xff, 0xff}, noise)},
		{Name: "a snapshot that stops", Tell: func(ctx context.Context, out net.Conn,
			_ jute.Zxid) error {
			if _, err := out.Write(append(snap, 0, 0, 0)); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}},
		{Name: "UPTODATE first", Tell: packets(packet(ensemble.PacketUpToDate, -1, nil))},
		{Name: "NEWLEADER first", Tell: packets(packet(ensemble.PacketNewLeader, z, nil))},
		{Name: "a COMMIT without its PROPOSAL", Tell: packets(diff,
			packet(ensemble.PacketCommit, z+1, nil))},
		{Name: "a PROPOSAL that is none", Tell: packets(diff,
			packet(ensemble.PacketProposal, z+1, []byte("nothing")))},
		{Name: "a PROPOSAL with a hole in front", Tell: packets(diff, proposal(z+7))},
		{Name: "a TRUNC above everything", Tell: packets(packet(ensemble.PacketTrunc, z+9, nil))},
		{Name: "the NEWLEADER of another epoch", Tell: packets(diff,
			packet(ensemble.PacketNewLeader, z+1<<40, nil))},
		{Name: "nothing", Tell: packets()},
	}
	for i := range all {
		all[i].Last = z
	}
	return all
}

func proposal(z jute.Zxid) []byte {
	h := jute.TxnHeader{ClientID: 1, Cxid: 1, Zxid: z, Type: jute.OpDelete}
	body := jute.Append(nil, &h)
	return packet(ensemble.PacketProposal, z, jute.Append(body, &jute.PathOnly{Path: []byte("/x")}))
}

// endless is a snapshot whose nodes never end, each of them legal, at some 30 MB/s: the learner
// takes it for a large tree, up to three quarters of the memory.
func endless(snap []byte) func(context.Context, net.Conn, jute.Zxid) error {
	return func(ctx context.Context, out net.Conn, _ jute.Zxid) error {
		b := append(snap, 0, 0, 0, 0) // no sessions
		b = append(b, 0, 0, 0, 0)     // no ACLs
		b = node(b, "")
		for n := 0; ctx.Err() == nil; n++ {
			b = node(b, fmt.Sprintf("/%d", n))
			if len(b) < 64<<10 {
				continue
			}
			if _, err := out.Write(b); err != nil {
				return err
			}
			b = b[:0]
			wait(ctx, 2*time.Millisecond)
		}
		return nil
	}
}

// node appends one of a snapshot: path, data, acl, Stat.
func node(b []byte, path string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(path)))
	b = append(b, path...)
	b = binary.BigEndian.AppendUint32(b, 1024)
	b = append(b, make([]byte, 1024)...)
	b = binary.BigEndian.AppendUint64(b, ^uint64(0)) // the open ACL
	return jute.Append(b, &jute.StatPersisted{})
}

// Serve is a leader: it shakes hands with each learner and tells it nonsense. It returns how many
// came to that when the listener is closed.
func Serve(ctx context.Context, l net.Listener, t Told) int {
	var joined atomic.Int64
	for {
		conn, err := l.Accept()
		if err != nil {
			return int(joined.Load())
		}
		go func() {
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
			defer stop()
			if last, ok := welcome(conn, t.Last); ok {
				joined.Add(1)
				// The learner ends the connection; that is its right.
				_ = t.Tell(ctx, conn, last)
			}
		}()
	}
}

// welcome is the handshake up to the learner's ACKEPOCH.
func welcome(conn net.Conn, epoch jute.Zxid) (last jute.Zxid, ok bool) {
	in := bufio.NewReader(conn)
	if _, err := next(in); err != nil {
		return 0, false
	}
	version := jute.Append(nil, &ensemble.ProtocolVersion{Version: ensemble.LearnerProtocol})
	_, err := conn.Write(packet(ensemble.PacketLeaderInfo, epoch, version))
	if err != nil {
		return 0, false
	}
	p, err := next(in)
	if err != nil || p.Type != ensemble.PacketAckEpoch {
		return 0, false
	}
	return p.Zxid, true
}
