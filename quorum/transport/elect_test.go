package transport_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/interop/voter"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
	"quoll/quorum/election"
)

// threeOnLoopback is a configuration of three servers on ports that nobody listens on.
func threeOnLoopback(t *testing.T) *config.Config {
	var lines []string
	for id := 1; id <= 3; id++ {
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", id, 1, nobody(t).Port))
	}
	c, err := config.ParseText(strings.Join(append(lines, "version=0"), "\n"), config.Rules{})
	require.NoError(t, err)
	return c
}

func result(t *testing.T, v *voter.Voter) voter.Result {
	select {
	case r := <-v.Elected():
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("nobody is elected")
		return voter.Result{}
	}
}

// agree waits until each of some servers has elected one that has elected itself, and returns that
// leader. Two servers that have not heard the third yet may settle without it; who follows a server
// that does not lead looks again, as a member does that nobody answers.
func agree(
	t *testing.T, standing election.Standing, servers map[jute.PeerID]*voter.Voter,
) jute.PeerID {
	leaders := map[jute.PeerID]jute.PeerID{}
	for id, v := range servers {
		leaders[id] = result(t, v).Vote.Leader
	}
	for settled := false; !settled; {
		settled = true
		for id, leader := range leaders {
			if leaders[leader] != leader {
				servers[id].Look(standing)
				leaders[id] = result(t, servers[id]).Vote.Leader
				settled = false
			}
		}
	}
	for _, leader := range leaders {
		require.Equal(t, leaders[1], leader)
	}
	return leaders[1]
}

// TestThreeServersElectOverLoopback: three start together, the leader stops and two elect another,
// the third comes back and joins; and what strangers send to a port changes nothing.
func TestThreeServersElectOverLoopback(t *testing.T) {
	members := threeOnLoopback(t)
	standing := election.Standing{Zxid: 0x100000005, PeerEpoch: 1}
	start := func(id jute.PeerID) *voter.Voter {
		v, err := voter.Start(id, members, standing)
		require.NoError(t, err)
		return v
	}
	one, two, three := start(1), start(2), start(3)
	defer func() { one.Stop(); two.Stop() }()
	leader := agree(t, standing, map[jute.PeerID]*voter.Voter{1: one, 2: two, 3: three})
	require.Contains(t, []jute.PeerID{2, 3}, leader)

	three.Stop()
	for _, v := range []*voter.Voter{one, two} {
		v.Look(standing)
	}
	for _, v := range []*voter.Voter{one, two} {
		// What 3 said last may still be on its way, and 1 or 2 join it once more, as long as the
		// other one has not begun to look.
		for result(t, v).Vote.Leader != 2 {
			v.Look(standing)
		}
	}
	one.Reign(2)
	two.Reign(2)

	member, _ := members.Member(2)
	for _, wild := range []string{"\xff\xff", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("\x00", 100)} {
		c, err := net.Dial("tcp", member.Addresses[0].Election().String())
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Write([]byte(wild))
		require.NoError(t, err)
		if len(wild) > 2 {
			_, err = c.Read(make([]byte, 1))
			require.Error(t, err, "it is hung up on")
		}
	}
	three = start(3)
	defer three.Stop()
	joined := result(t, three)
	require.Equal(t, ensemble.Following, joined.State)
	require.EqualValues(t, 2, joined.Vote.Leader)
	require.EqualValues(t, 2, joined.Vote.PeerEpoch)
	require.Positive(t, two.Stats().BadInput)
}
