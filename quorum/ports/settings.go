package ports

import (
	"cmp"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
	"quoll/quorum/election"
	"quoll/quorum/transport"
	"quoll/quorum/zab"
)

// Settings are the limits of both ports.
type Settings struct {
	// ConnectWithin bounds an attempt to connect in an election (zookeeper.cnxTimeout), and how
	// long a vote may go unacknowledged by the other end's kernel. Zero means 5 s.
	ConnectWithin time.Duration
	// HelloWithin bounds how long a connection of the election port may be silent before its hello
	// (zookeeper.quorumCnxnTimeoutMs). Zero or less means SyncLimit, and 5 s when that is zero.
	HelloWithin time.Duration
	// KeepAlive makes the kernel probe silent connections of the election port
	// (zookeeper.tcpKeepAlive).
	KeepAlive bool
	// Rules are the times of an election (zookeeper.fastleader.*).
	Rules election.Rules
	// InitLimit and SyncLimit are initLimit and syncLimit times tickTime. ConnectLimit is
	// connectToLearnerMasterLimit times tickTime; zero means InitLimit.
	InitLimit, SyncLimit, ConnectLimit time.Duration
	// MaxPacket is jute.maxbuffer + jute.maxbuffer.extrasize, in bytes.
	MaxPacket int
	// MaxAccepted is how many connections each port may have accepted at once (transport.Config).
	MaxAccepted int
}

// connectWithin is Apache's cnxTimeout.
const connectWithin = 5 * time.Second

// Election is the transport of the election port. The caller adds Sink, and Wrap if it has one.
func Election(s Settings) transport.Config {
	return transport.Config{
		NewCutter: func(accepted bool) transport.Cutter { return election.NewCutter(accepted) },
		HeadBytes: election.HeadBytes, MaxMessage: 4 + ensemble.MaxElectionFrame,
		ConnectWithin: s.ConnectWithin, KeepAlive: s.KeepAlive, MaxAccepted: s.MaxAccepted,
		AckWithin: cmp.Or(s.ConnectWithin, connectWithin),
	}
}

// queueBytes is what may wait on a connection of the quorum port. A leader lets 4 MiB be on their
// way to a learner. A learner has no such window: it sends what its clients write.
const queueBytes = 64 << 20

// Quorum is the transport of the quorum port. The caller adds Sink, and Wrap if it has one.
func Quorum(s Settings) transport.Config {
	return transport.Config{
		NewCutter:     func(bool) transport.Cutter { return zab.NewCutter(s.MaxPacket) },
		MaxMessage:    zab.MaxPacket(s.MaxPacket),
		ReadBytes:     64 << 10,
		MaxAccepted:   s.MaxAccepted,
		QueueBytes:    queueBytes + zab.MaxPacket(s.MaxPacket),
		ConnectWithin: cmp.Or(s.ConnectLimit, s.InitLimit),
		// Whether the other end is alive its packets show. This is only for one that takes nothing:
		// a learner may stop reading while its disk is slow.
		WriteWithin: s.InitLimit, StreamWithin: s.InitLimit,
	}
}

// Member is a server's part in elections. The server must be a member of the configuration.
func Member(me jute.PeerID, members *config.Config, s Settings) election.MemberConfig {
	hello := s.HelloWithin
	if hello <= 0 {
		hello = cmp.Or(s.SyncLimit, 5*time.Second)
	}
	self, _ := members.Member(me)
	return election.MemberConfig{
		Links: election.LinksConfig{
			Me: me, Address: self.Addresses[0].Election(), Members: electionPorts(members),
			Voters: members, Quorums: members.Quorums(), HelloWithin: hello,
		},
		Text: []byte(members.WithVersion(0).String()), Rules: s.Rules,
	}
}

func electionPorts(members *config.Config) (all []election.Address) {
	for _, m := range members.Members {
		a := election.Address{Sid: m.ID}
		for _, at := range m.Addresses {
			a.Ports = append(a.Ports, at.Election())
		}
		all = append(all, a)
	}
	return all
}

// ListenElection is where a member listens in elections. With everywhere (quorumListenOnAllIPs) it
// listens at all addresses of its machine.
func ListenElection(m config.Member, everywhere bool) (all []config.HostPort) {
	for _, a := range m.Addresses {
		all = append(all, listen(a.Election(), everywhere))
	}
	return all
}

// ListenQuorum is where a member listens for its learners, while it may lead.
func ListenQuorum(m config.Member, everywhere bool) (all []config.HostPort) {
	for _, a := range m.Addresses {
		all = append(all, listen(a.Quorum(), everywhere))
	}
	return all
}

func listen(at config.HostPort, everywhere bool) config.HostPort {
	if everywhere {
		at.Host = ""
	}
	return at
}
