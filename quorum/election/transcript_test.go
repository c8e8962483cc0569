package election

import (
	"bytes"
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/transcript"
	"quoll/jute"
	"quoll/jute/ensemble"
)

var rewrite = flag.Bool("election.rewrite", false, "write the transcripts anew")

// TestTranscripts plays the schedules of testdata. A line with > is a command, the lines below it
// are what it led to:
//
//	voters 1 2 3 ...       who votes; the first command
//	observers 9 ...
//	weight 3 0             of a voter; 1 without it
//	has 1 0x105 1          the last zxid and the epoch on a server's disk
//	puppet 3 ...           servers that only say what they are told to say
//	start 1 2 ...          processes; kill ends one, crash its host
//	cut 1 3, cut 1 > 3     both directions, or one; heal ends all
//	say 3 1 LEADING leader 3 zxid 0x109 epoch 3 round 7 [config 1f]
//	hello 3 1 host:port    a puppet dials and says hello
//	forget 3 1             the host of 3 forgets its end of a connection with 1
//	run 200                milliseconds go by
func TestTranscripts(t *testing.T) {
	begin := func(t *testing.T, out *bytes.Buffer) func(words []string) {
		var s *sim
		return func(words []string) {
			if words[0] == "voters" {
				voters := peerIDs(t, words[1:])
				s = newSim(1, majority(voters...), voters)
				s.log = out
				return
			}
			s.command(t, words)
			require.Empty(t, s.Broken)
		}
	}
	transcript.Play(t, "testdata/*.txt", *rewrite, begin)
}

func peerIDs(t *testing.T, words []string) (sids []jute.PeerID) {
	for _, word := range words {
		sids = append(sids, jute.PeerID(number(t, word)))
	}
	return sids
}

func number(t *testing.T, word string) (n int64) {
	_, err := fmt.Sscan(word, &n)
	require.NoError(t, err, word)
	return n
}

func (s *sim) command(t *testing.T, words []string) {
	verb, words := words[0], words[1:]
	switch verb {
	case "run":
		s.RunUntil(s.Now+number(t, words[0])*ms, nil)
	case "has":
		n := s.node(peerIDs(t, words[:1])[0])
		n.standing = Standing{Zxid: jute.Zxid(number(t, words[1])), PeerEpoch: number(t, words[2])}
		n.accepted = n.standing.PeerEpoch
	case "weight":
		s.config.(*fake).weight[peerIDs(t, words[:1])[0]] = number(t, words[1])
	case "cut":
		a, b := peerIDs(t, words[:1])[0], peerIDs(t, words[len(words)-1:])[0]
		s.cuts[[2]jute.PeerID{a, b}] = true
		if len(words) == 2 {
			s.cuts[[2]jute.PeerID{b, a}] = true
		}
	case "heal":
		clear(s.cuts)
	case "say":
		s.puppetSays(t, words)
	case "hello":
		from, to := s.node(peerIDs(t, words[:1])[0]), s.node(peerIDs(t, words[1:2])[0])
		from.puppetDials(to, words[2])
	case "forget":
		from, to := peerIDs(t, words)[0], peerIDs(t, words)[1]
		for _, e := range s.node(from).ends {
			if e.other.node.sid == to {
				e.open, e.out = false, nil
				s.node(from).event(e.life, LinkEvent{Kind: Closed, Link: e.link})
			}
		}
	default:
		s.forEach(t, verb, words)
	}
}

func (s *sim) forEach(t *testing.T, verb string, words []string) {
	for _, sid := range peerIDs(t, words) {
		switch n := s.node(sid); verb {
		case "observers":
			s.nodes = append(s.nodes, &node{s: s, sid: sid})
			s.members = append(s.members, Address{sid, ports(fmt.Sprintf("host%d:3888", sid))})
		case "puppet":
			n.puppet = true
			n.start()
		case "start":
			n.start()
		case "kill":
			n.kill()
		case "crash":
			n.crash()
		default:
			t.Fatalf("unknown command %s", verb)
		}
	}
}

func (n *node) puppetDials(to *node, address string) *end {
	here, there := n.connect(to)
	to.event(to.life, LinkEvent{Kind: Accepted, Link: there.link})
	h := ensemble.Hello{Version: ensemble.HelloV1, Sid: n.sid, Addresses: []byte(address)}
	here.send(item{data: jute.Append(nil, &h)})
	return here
}

// puppetSays sends a notification by the newest connection with a server; one with a larger id
// dials first if there is none.
func (s *sim) puppetSays(t *testing.T, words []string) {
	ids := peerIDs(t, words[:2])
	n, to := s.node(ids[0]), s.node(ids[1])
	var by *end
	for _, e := range n.ends {
		if e.open && e.other.node == to {
			by = e
		}
	}
	if by == nil {
		require.Greater(t, n.sid, to.sid, "it must be dialled first")
		by = n.puppetDials(to, fmt.Sprintf("host%d:3888", n.sid))
	}
	m := ensemble.Notification{Version: 2, Config: []byte("version=0")}
	for state := ensemble.Looking; state <= ensemble.Observing; state++ {
		if state.String() == words[2] {
			m.State = state
		}
	}
	for i := 3; i < len(words); i += 2 {
		switch words[i] {
		case "leader":
			m.Leader = peerIDs(t, words[i+1:i+2])[0]
		case "zxid":
			m.Zxid = jute.Zxid(number(t, words[i+1]))
		case "epoch":
			m.PeerEpoch = number(t, words[i+1])
		case "round":
			m.ElectionEpoch = number(t, words[i+1])
		case "config":
			m.Config = []byte("server.1=a:1:2\nversion=" + words[i+1])
		}
	}
	s.oracle.trusted = false
	by.send(item{data: appendFrame(nil, &m)})
}
