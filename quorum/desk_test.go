package quorum_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/ports"
	"quoll/quorum/zab"
)

// desk is a peer by itself: a test tells it what has happened, and looks at what it wants.
type desk struct {
	t    *testing.T
	p    *quorum.Peer
	now  time.Duration
	done effects.Ticket
	got  wanted // since the last look
	left []election.LinkEvent
	// syncs is what the leader says of syncs in LEADERINFO.
	syncs int32
}

// wanted is what a peer wants.
type wanted struct {
	deliver []effects.Delivery
	disk    []effects.DiskOp
	links   []effects.LinkOp
	jobs    []effects.Job
	sent    map[effects.LinkID][]ensemble.QuorumPacket
	votes   []ensemble.Notification
	called  []jute.PeerID // for votes
	ended   []error
}

const link = effects.LinkID(1)

// newDesk makes server me of three voters and the observer 4, or of one voter and that observer.
func newDesk(t *testing.T, voters int, me jute.PeerID, start quorum.Start) *desk {
	return newDeskOf(t, voters, me, start, 20*time.Second)
}

// newDeskOf makes such a server with an initLimit of its own.
func newDeskOf(
	t *testing.T, voters int, me jute.PeerID, start quorum.Start, initLimit time.Duration,
) *desk {
	var lines []string
	for id := 1; id <= voters; id++ {
		lines = append(lines, fmt.Sprintf("server.%d=10.1.0.%d:2888:3888", id, id))
	}
	lines = append(lines, "server.4=10.1.0.4:2888:3888:observer", "version=0")
	return newDeskIn(t, strings.Join(lines, "\n"), me, start, initLimit)
}

// newDeskIn makes such a server of an ensemble of which it has the text.
func newDeskIn(
	t *testing.T, text string, me jute.PeerID, start quorum.Start, initLimit time.Duration,
) *desk {
	members, err := config.ParseText(text, config.Rules{})
	require.NoError(t, err)
	self, _ := members.Member(me)
	d := &desk{t: t, p: quorum.NewPeer(quorum.Config{
		Me: me, Members: members, Election: ports.Member(me, members, ports.Settings{}),
		Listen: ports.ListenQuorum(self, false),
		Zab: quorum.Zab{
			Tick: 2 * time.Second, InitLimit: initLimit, SyncLimit: 10 * time.Second,
			QuorumSync: true,
		},
	}, start)}
	d.step(quorum.Event{})
	return d
}

func (d *desk) step(ev quorum.Event) {
	d.p.Step(d.now, &ev)
	d.take()
	for len(d.left) > 0 {
		left := d.left
		d.left = nil
		d.p.Step(d.now, &quorum.Event{Votes: left})
		d.take()
	}
}

func (d *desk) take() {
	f := d.p.Take()
	d.got.deliver = append(d.got.deliver, f.Deliver...)
	d.got.disk = append(d.got.disk, f.Disk...)
	d.got.links = append(d.got.links, f.Links...)
	d.got.jobs = append(d.got.jobs, f.Jobs...)
	d.got.ended = append(d.got.ended, f.Ended...)
	if d.got.sent == nil {
		d.got.sent = map[effects.LinkID][]ensemble.QuorumPacket{}
	}
	for _, out := range f.Send {
		for data := out.Data; len(data) > 0; {
			var p ensemble.QuorumPacket
			used, err := jute.Decode(data, &p)
			require.NoError(d.t, err)
			d.got.sent[out.Link] = append(d.got.sent[out.Link], p)
			data = data[used:]
		}
	}
	for _, call := range f.Votes.Dial {
		d.got.called = append(d.got.called, call.Peer)
	}
	for _, s := range f.Votes.Send {
		d.left = append(d.left, election.LinkEvent{Kind: election.Wrote, Link: s.Link})
		var n ensemble.Notification
		if _, err := jute.Decode(s.Data[4:], &n); err == nil && s.Data[0] != 0xff {
			d.got.votes = append(d.got.votes, n)
		}
	}
}

// look is what the peer has wanted since the last look.
func (d *desk) look() wanted {
	got := d.got
	d.got = wanted{}
	return got
}

// pass lets time pass, in ticks.
func (d *desk) pass(by time.Duration) {
	for end := d.now + by; d.now < end; {
		d.now += 10 * time.Millisecond
		d.step(quorum.Event{Tick: true})
	}
}

// flush does everything that the disk was asked for.
func (d *desk) flush(ops int) {
	d.done += effects.Ticket(ops)
	d.step(quorum.Event{Disk: d.done})
}

func (d *desk) link(ev effects.LinkEvent) {
	d.step(quorum.Event{Links: []effects.LinkEvent{ev}})
}

func (d *desk) packet(from effects.LinkID, p ensemble.QuorumPacket) {
	d.link(effects.LinkEvent{Kind: effects.Packet, Link: from, Data: jute.Append(nil, &p)})
}

// frame is a notification as it goes over a connection.
func frame(n ensemble.Notification) []byte {
	n.Version = ensemble.NotificationVersion
	out := jute.Append(make([]byte, 4), &n)
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	return out
}

// says lets a server with a larger id tell on a connection of its own what it does.
func (d *desk) says(sid jute.PeerID, n ensemble.Notification) {
	hello := jute.Append(nil, &ensemble.Hello{
		Version: ensemble.HelloV1, Sid: sid, Addresses: fmt.Appendf(nil, "10.1.0.%d:3888", sid),
	})
	from := election.LinkID(sid)
	d.step(quorum.Event{Votes: []election.LinkEvent{
		{Kind: election.Accepted, Link: from}, {Kind: election.Message, Link: from, Data: hello},
		{Kind: election.Message, Link: from, Data: frame(n)},
	}})
}

// answer lets servers with smaller ids, which have been dialled, say what they do.
func (d *desk) answer(says func(sid jute.PeerID) ensemble.Notification) {
	for _, sid := range d.look().called {
		on := election.LinkID(sid)
		d.step(quorum.Event{Votes: []election.LinkEvent{
			{Kind: election.Connected, Link: on, Peer: sid},
			{Kind: election.Message, Link: on, Data: frame(says(sid))},
		}})
	}
}

// reigning is what a server says while 3 leads.
func reigning(sid jute.PeerID, epoch int64) ensemble.Notification {
	n := ensemble.Notification{
		State: ensemble.Following, Leader: 3, Zxid: jute.Zxid(epoch<<32 | 5), ElectionEpoch: 9,
		PeerEpoch: epoch,
	}
	if sid == 3 {
		n.State = ensemble.Leading
	}
	return n
}

// reignOf3 lets the servers 2 and 3 say that 3 leads.
func (d *desk) reignOf3(epoch int64) {
	d.says(3, reigning(3, epoch))
	d.says(2, reigning(2, epoch))
}

func kinds(all []effects.Delivery) (out []effects.DeliveryKind) {
	for _, d := range all {
		out = append(out, d.Kind)
	}
	return out
}

func linkKinds(all []effects.LinkOp) (out []effects.LinkOpKind) {
	for _, op := range all {
		out = append(out, op.Kind)
	}
	return out
}

func standing(accepted, current int64, last jute.Zxid) quorum.Start {
	return quorum.Start{Standing: zab.Standing{
		Accepted: accepted, Current: current, Last: last, Applied: last,
	}}
}

// joined is server 1 that has dialled server 3 and is greeted by it as the leader of an epoch.
func joined(t *testing.T, start quorum.Start, epoch int64) *desk {
	d := newDesk(t, 3, 1, start)
	d.reignOf3(epoch)
	d.connect(link, epoch)
	return d
}

// connect lets the dial of server 3 work, up to ACKEPOCH.
func (d *desk) connect(on effects.LinkID, epoch int64) {
	require.Equal(d.t, quorum.Following, d.p.Status().Role)
	d.link(effects.LinkEvent{Kind: effects.Connected, Link: on, Peer: 3})
	d.packet(on, ensemble.QuorumPacket{
		Type: ensemble.PacketLeaderInfo, Zxid: jute.Zxid(epoch << 32),
		Data: jute.Append(nil, &ensemble.ProtocolVersion{
			Version: ensemble.LearnerProtocol, Syncs: d.syncs,
		}),
	})
	d.flush(len(d.got.disk))
	d.got.disk = nil
}
