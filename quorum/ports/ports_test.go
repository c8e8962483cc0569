package ports_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/ports"
	"quoll/quorum/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEventsKeepTheirKind(t *testing.T) {
	why := errors.New("why")
	for kind, want := range map[transport.Kind]struct {
		election election.LinkEventKind
		quorum   effects.LinkEventKind
	}{
		transport.Connected: {election.Connected, effects.Connected},
		transport.Failed:    {election.Failed, effects.Failed},
		transport.Accepted:  {election.Accepted, effects.Accepted},
		transport.Message:   {election.Message, effects.Packet},
		transport.Wrote:     {election.Wrote, effects.Wrote},
		transport.Closed:    {election.Closed, effects.Closed},
	} {
		ev := transport.Event{
			Kind: kind, Link: 7, Peer: 3, Data: []byte("data"), Bytes: 9, Err: why,
		}
		require.Equal(t, election.LinkEvent{
			Kind: want.election, Link: 7, Peer: 3, Data: []byte("data"), Err: why,
		}, ports.ElectionEvent(ev))
		require.Equal(t, effects.LinkEvent{
			Kind: want.quorum, Link: 7, Peer: 3, Data: []byte("data"), Bytes: 9, Err: why,
		}, ports.QuorumEvent(ev))
	}
}

func TestSettingsCount(t *testing.T) {
	s := ports.Settings{
		ConnectWithin: 1 * time.Second, HelloWithin: 2 * time.Second, KeepAlive: true,
		Rules:     election.Rules{MinInterval: 3 * time.Second, MaxInterval: 4 * time.Second},
		InitLimit: 5 * time.Second, SyncLimit: 6 * time.Second, MaxPacket: 1000,
	}
	require.Equal(t, s.ConnectWithin, ports.Election(s).ConnectWithin)
	require.Equal(t, s.ConnectWithin, ports.Election(s).AckWithin)
	require.Equal(t, 5*time.Second, ports.Election(ports.Settings{}).AckWithin)
	require.Zero(t, ports.Quorum(s).AckWithin, "a learner may stop reading")
	require.True(t, ports.Election(s).KeepAlive)
	require.Equal(t, s.InitLimit, ports.Quorum(s).ConnectWithin)
	require.Equal(t, 2020, ports.Quorum(s).MaxMessage)
	s.ConnectLimit = 7 * time.Second
	require.Equal(t, s.ConnectLimit, ports.Quorum(s).ConnectWithin)

	members, err := config.ParseText("server.1=a:10:11\nserver.2=b:20:21\nversion=5", config.Rules{})
	require.NoError(t, err)
	m := ports.Member(2, members, s)
	require.Equal(t, s.Rules, m.Rules)
	require.Equal(t, s.HelloWithin, m.Links.HelloWithin)
	require.Equal(t, "[1 2]", m.Links.Quorums)
	require.Equal(t, config.HostPort{Host: "b", Port: 21}, m.Links.Address)
	require.Contains(t, m.Links.Members,
		election.Address{Sid: 1, Ports: []config.HostPort{{Host: "a", Port: 11}}})
	require.Contains(t, string(m.Text), "\nversion=0")
	s.HelloWithin = -1
	require.Equal(t, s.SyncLimit, ports.Member(2, members, s).Links.HelloWithin)
	require.Equal(t, 5*time.Second, ports.Member(2, members, ports.Settings{}).Links.HelloWithin)

	two, _ := members.Member(2)
	require.Equal(t, []config.HostPort{{Host: "b", Port: 20}}, ports.ListenQuorum(two, false))
	require.Equal(t, []config.HostPort{{Port: 20}}, ports.ListenQuorum(two, true))
	require.Equal(t, []config.HostPort{{Port: 21}}, ports.ListenElection(two, true))
}

type server struct {
	t      *testing.T
	tr     *transport.Transport
	events chan effects.LinkEvent
}

func newServer(t *testing.T) *server {
	s := &server{t: t, events: make(chan effects.LinkEvent, 1000)}
	c := ports.Quorum(ports.Settings{InitLimit: 10 * time.Second, MaxPacket: 1 << 20})
	c.Sink = func(ev transport.Event) { s.events <- ports.QuorumEvent(ev) }
	s.tr = transport.New(c)
	t.Cleanup(s.tr.Stop)
	return s
}

// next is the next event that is not Wrote, and must be of a kind.
func (s *server) next(kind effects.LinkEventKind) effects.LinkEvent {
	s.t.Helper()
	for {
		select {
		case ev := <-s.events:
			if ev.Kind != effects.Wrote {
				require.Equal(s.t, kind, ev.Kind, "%+v", ev)
				return ev
			}
		case <-time.After(20 * time.Second):
			s.t.Fatalf("no event of kind %d", kind)
		}
	}
}

func packet(p ensemble.QuorumPacket) []byte { return jute.Append(nil, &p) }

// TestAQuorumPort carries out each kind of work, and a tree goes over a connection between packets.
func TestAQuorumPort(t *testing.T) {
	t.Run("the writer writes", func(t *testing.T) { quorumPort(t, false) })
	t.Run("who sends writes", func(t *testing.T) { quorumPort(t, true) })
}

func quorumPort(t *testing.T, now bool) {
	leader, learner := newServer(t), newServer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener.Close()
	at := config.HostPort{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port}
	dial := effects.LinkOp{Kind: effects.Dial, Peer: 1, Ports: []config.HostPort{at}}

	ports.CarryOutLinks(learner.tr, []effects.LinkOp{dial})
	require.EqualValues(t, 1, learner.next(effects.Failed).Peer)
	ports.CarryOutLinks(leader.tr, []effects.LinkOp{{Kind: effects.Listen, Ports: dial.Ports}})
	var up effects.LinkEvent
	for up.Kind != effects.Connected { // it listens soon
		ports.CarryOutLinks(learner.tr, []effects.LinkOp{dial})
		up = <-learner.events
	}
	require.EqualValues(t, 1, up.Peer)
	link := leader.next(effects.Accepted).Link

	snap := packet(ensemble.QuorumPacket{Type: ensemble.PacketSnap, Zxid: 5})
	commit := packet(ensemble.QuorumPacket{Type: ensemble.PacketCommit, Zxid: 6})
	ports.CarryOutSend(leader.tr, []effects.Outgoing{{Link: link, Data: commit}}, now)
	if now {
		require.NotEmpty(t, leader.events, "it has left")
	}
	w, err := leader.tr.Writer(transport.Link(link))
	require.NoError(t, err)
	ports.CarryOutSend(leader.tr, []effects.Outgoing{{Link: link, Data: commit}}, now)
	_, err = w.Write(append(append([]byte(nil), snap...), "a tree"...))
	require.NoError(t, err)
	w.Done()

	require.Equal(t, commit, learner.next(effects.Packet).Data)
	require.Equal(t, snap, learner.next(effects.Packet).Data)
	r, err := learner.tr.Reader(transport.Link(up.Link))
	require.NoError(t, err)
	tree := make([]byte, len("a tree"))
	_, err = io.ReadFull(r, tree)
	require.NoError(t, err)
	require.Equal(t, "a tree", string(tree))
	r.Done(nil)
	require.Equal(t, commit, learner.next(effects.Packet).Data)

	ports.CarryOutLinks(learner.tr, []effects.LinkOp{
		{Kind: effects.Pause, Link: up.Link}, {Kind: effects.Resume, Link: up.Link},
	})
	ports.CarryOutSend(leader.tr, []effects.Outgoing{{Link: link, Data: commit}}, now)
	ports.CarryOutLinks(leader.tr, []effects.LinkOp{
		{Kind: effects.Unlisten}, {Kind: effects.Close, Link: link},
	})
	require.Equal(t, commit, learner.next(effects.Packet).Data, "what was sent before has left")
	require.NoError(t, learner.next(effects.Closed).Err)
	require.NoError(t, leader.next(effects.Closed).Err)
	ports.CarryOutLinks(learner.tr, []effects.LinkOp{dial})
	learner.next(effects.Failed)
}
