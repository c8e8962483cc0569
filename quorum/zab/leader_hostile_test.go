package zab

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// reigning is the stage of a leader with server 2 as its follower on connection 10.
func reigning(t testing.TB) *stage {
	s := newStage(t, &bytes.Buffer{}, []string{"1", "2", "3"})
	for _, command := range [][]string{{"epochs", "4", "4"}, {"log", "4:1", "4:2"}, {"start"},
		{"accept", "10"}, {"10", "FOLLOWERINFO", "2", "4"}, {"flush"},
		{"10", "ACKEPOCH", "4:2", "4"}, {"flush"}, {"10", "ACK", "5:0"}, {"10", "ACK", "5:0"}} {
		s.command(command[0], command[1:])
		s.take()
	}
	require.True(t, s.leader.Established())
	return s
}

// TestLeaderIntakeIsBounded: a learner whose requests are not on the leader's disk is not read from
// any more. Only that disk makes room again, no acknowledgement does.
func TestLeaderIntakeIsBounded(t *testing.T) {
	s := reigning(t)
	request := jute.LearnerRequest{Session: 7, Type: jute.OpSetData, Body: make([]byte, 5<<20)}
	links := func() []effects.LinkOp {
		f := s.out.Take()
		s.queue = append(s.queue, f.Disk...)
		return append([]effects.LinkOp(nil), f.Links...)
	}
	for n := 1; n <= 4; n++ {
		request.Cxid = int32(n)
		s.link(effects.LinkEvent{Kind: effects.Packet, Link: 10,
			Data: ensemble.AppendRequest(nil, &request)})
		want := []effects.LinkOp(nil)
		if n == 4 {
			want = []effects.LinkOp{{Kind: effects.Pause, Link: 10}}
		}
		require.Equal(t, want, links())
		s.leader.Propose(txn(zx(5, n), ""))
		require.Empty(t, links())
	}
	// What is not read cannot be silent.
	s.now += time.Minute
	s.queue, s.done = s.queue[1:], s.done+1
	s.end(s.leader.Durable(s.now, s.done))
	require.Empty(t, links())
	s.queue, s.done = s.queue[1:], s.done+1
	s.end(s.leader.Durable(s.now, s.done))
	require.Empty(t, links())
	s.queue, s.done = s.queue[1:], s.done+1
	s.end(s.leader.Durable(s.now, s.done))
	require.Equal(t, []effects.LinkOp{{Kind: effects.Resume, Link: 10}}, links())
	require.NoError(t, s.ended)
}

// TestLeaderNotReadIsNotSilent: a connection that the leader does not read from is not closed for
// its silence.
func TestLeaderNotReadIsNotSilent(t *testing.T) {
	s := reigning(t)
	request := jute.LearnerRequest{Session: 7, Type: jute.OpSetData, Body: make([]byte, 17<<20)}
	s.link(effects.LinkEvent{Kind: effects.Packet, Link: 10,
		Data: ensemble.AppendRequest(nil, &request)})
	for range 40 {
		s.now += time.Second
		require.NoError(t, s.leader.Tick(s.now))
	}
	require.NotNil(t, s.leader.peer(10))
}

// TestLeaderRefusesAStranger: only the leader of an epoch proposes its transactions. Who has more of
// them than it has proposed wrote them alone, or with servers that have lost their history, and
// keeps them.
func TestLeaderRefusesAStranger(t *testing.T) {
	s := reigning(t)
	propose := func(n int) { s.leader.Propose(txn(zx(5, n), "")) }
	propose(1)
	link := 100
	for _, c := range []struct {
		last    string
		refused bool
	}{
		{"4:9", false}, {"5:0", false}, {"5:1", false}, {"5:2", true}, {"5:1", false},
		{"5:3", true}, {"5:3", true}, {"0:0", false},
	} {
		link++
		on := strconv.Itoa(link)
		for _, command := range [][]string{{"accept", on}, {on, "FOLLOWERINFO", "3", "5"},
			{on, "ACKEPOCH", c.last, "-1"}} {
			s.take()
			s.command(command[0], command[1:])
		}
		require.NoError(t, s.ended)
		require.Equal(t, c.refused, s.leader.peer(effects.LinkID(link)) == nil, c.last)
		if !c.refused {
			continue
		}
		require.ErrorIs(t, s.leader.Gone()[0], ErrStranger)
		if c.last == "5:3" && s.leader.proposed < zx(5, 3) {
			// More than it has is proposed now, and it stays refused.
			propose(2)
			propose(3)
			propose(4)
		}
	}
}

func TestLeaderBoundsConnectionsWithoutAName(t *testing.T) {
	s := reigning(t)
	for i := range effects.LinkID(2 * maxGreeting) {
		s.link(effects.LinkEvent{Kind: effects.Accepted, Link: 100 + i})
	}
	require.Len(t, s.leader.peers, 1+maxGreeting)
	require.Len(t, s.out.Take().Links, maxGreeting)
	require.Len(t, s.leader.Gone(), maxGone)
}

// A learner says who it is at once. However many say nothing, it gets in.
func TestSilentConnectionsKeepNoLearnerOut(t *testing.T) {
	s := reigning(t)
	for i := range effects.LinkID(2 * maxGreeting) {
		s.link(effects.LinkEvent{Kind: effects.Accepted, Link: 100 + i})
	}
	s.take()
	for _, command := range [][]string{{"accept", "900"}, {"900", "FOLLOWERINFO", "3", "4"},
		{"flush"}, {"900", "ACKEPOCH", "4:2", "4"}, {"flush"}, {"900", "ACK", "5:0"}} {
		s.command(command[0], command[1:])
		s.take()
	}
	require.NotNil(t, s.leader.peer(900))
	require.Equal(t, peerServed, s.leader.peer(900).stage)
	require.Nil(t, s.leader.peer(100+maxGreeting), "the oldest makes room")
	require.NotNil(t, s.leader.peer(101+maxGreeting))
	require.NotNil(t, s.leader.peer(10))
}

// A check of the port connects and leaves, every few seconds for years: that is no line in the log.
func TestLeaderTellsNothingOfWhoLooksAtThePort(t *testing.T) {
	s := reigning(t)
	for _, c := range []struct {
		why  error
		want string
	}{
		{nil, ""}, {errors.New("reset"), "connection has ended: reset: of server 0"},
	} {
		s.link(effects.LinkEvent{Kind: effects.Accepted, Link: 100})
		s.link(effects.LinkEvent{Kind: effects.Closed, Link: 100, Err: c.why})
		gone := s.leader.Gone()
		require.Equal(t, c.want != "", len(gone) == 1)
		if c.want != "" {
			require.ErrorContains(t, gone[0], c.want)
		}
	}
}

// TestLeaderHostile sends random packets from everybody but the one follower, at all stages. The
// leader goes on, unless a voter has accepted a higher epoch, and commits what its follower and its
// own disk have.
func TestLeaderHostile(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := reigning(t)
		link := effects.LinkID(100)
		for range 200 {
			switch r.IntN(10) {
			case 0:
				link++
				s.link(effects.LinkEvent{Kind: effects.Accepted, Link: link})
			case 1:
				s.now += time.Duration(r.IntN(500)) * time.Millisecond
				s.end(s.leader.Tick(s.now))
				s.command("10", []string{"PING"})
			case 2:
				s.command("flush", nil)
			default:
				s.hostile(r, link-effects.LinkID(r.IntN(3)))
			}
			s.take()
			if s.ended != nil {
				require.ErrorIs(t, s.ended, ErrNewEpoch)
				break
			}
		}
		if s.ended != nil {
			continue
		}
		require.Equal(t, zx(5, 0), s.leader.proposed)
		require.Equal(t, zx(4, 2), s.leader.log.Committed)
		for _, command := range [][]string{{"propose", "5:1"}, {"flush"}, {"10", "ACK", "5:1"}} {
			s.command(command[0], command[1:])
			s.take()
		}
		require.Equal(t, zx(5, 1), s.leader.log.Committed, "seed %d", seed)
	}
}

// hostile sends one packet that may be right, or wrong in any way.
func (s *stage) hostile(r *rand.Rand, link effects.LinkID) {
	q := ensemble.QuorumPacket{Type: ensemble.PacketType(r.IntN(21)), Zxid: jute.Zxid(r.Uint64())}
	if r.IntN(3) > 0 {
		q.Zxid = zx(r.Int64N(7), r.IntN(4))
	}
	if p := s.leader.peer(link); p != nil && r.IntN(3) > 0 {
		// What comes next if all is well.
		switch p.stage {
		case peerGreets:
			q.Type = ensemble.PacketFollowerInfo
		case peerPromises:
			q.Type = ensemble.PacketAckEpoch
		case peerEnters:
			q.Type, q.Zxid = ensemble.PacketAck, zx(5, 0)
		}
	}
	switch q.Type {
	case ensemble.PacketFollowerInfo, ensemble.PacketObserverInfo:
		sid := jute.PeerID([]int64{1, 3, 4, -1}[r.IntN(4)])
		q.Data = jute.Append(nil, &ensemble.LearnerInfo{ServerID: sid,
			ProtocolVersion: ensemble.LearnerProtocol})
	case ensemble.PacketAckEpoch:
		q.Data = jute.Append(nil, &ensemble.CurrentEpoch{Epoch: int32(r.IntN(8) - 2)})
	case ensemble.PacketRequest:
		q.Data = make([]byte, 16+r.IntN(20))
		q.Data[15] = byte(r.IntN(30))
	}
	if r.IntN(5) == 0 {
		q.Data = make([]byte, r.IntN(30))
		for i := range q.Data {
			q.Data[i] = byte(r.Uint32())
		}
	}
	data := jute.Append(nil, &q)
	if r.IntN(10) == 0 {
		data = data[:r.IntN(len(data))]
	}
	s.link(effects.LinkEvent{Kind: effects.Packet, Link: link, Data: data})
	if len(s.jobs) > 0 && r.IntN(2) == 0 {
		s.finish(effects.JobDone{Zxid: zx(4, 2), Err: []error{nil, errors.New("it failed")}[r.IntN(2)]})
	}
}
