package zab

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/transcript"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// TestLeaderTranscripts plays the schedules of testdata/leader. A line with > is a command, the
// lines below it are what it led to. Transactions are epoch:counter. The leader is server 1, its
// tickTime is 2 s, initLimit 10 ticks, syncLimit 5.
//
//	voters 1 2 3           the first command
//	epochs 4 4             accepted and current epoch on disk
//	log 4:1 4:2            the log, all of it in memory and applied but for the next two
//	keeps 1                so much of what is committed stays in memory
//	applied 4:1
//	initial 4294967293     zookeeper.testingonly.initialZxid
//	quorum                 sync.quorum=on
//	start                  the election names this server
//	accept 10 11           connections come
//	flush 2                operations of the disk happen; without a number, all
//	propose 5:1 5:2        the chain proposes
//	sync, revalidated 10 7 yes
//	status                 how many syncs wait
//	opened 1000            the oldest ReadLog says how much there is to read
//	read 4:1 4:2 more      the oldest ReadMore answers
//	streamed 5:0           the oldest StreamTree has ended
//	fails                  the oldest job fails
//	wait 3000              milliseconds go by
//	10 wrote 500           bytes of connection 10 leave
//	10 closed
//	10 FOLLOWERINFO 2 4    a packet comes: sid and accepted epoch
//	10 ACKEPOCH 4:2 4
//	10 ACK 5:0
//	10 PING 7              session 7 was heard
//	10 REVALIDATE 7
//	10 REQUEST setData 7 3 session and cxid
//	10 bytes 00ff          no packet at all
//	10 batch PING; ACK 5:1 several in one step
//	step 10 PING; 11 PING  the same of several connections, or of the disk
func TestLeaderTranscripts(t *testing.T) {
	begin := func(t *testing.T, out *bytes.Buffer) func(words []string) {
		var s *stage
		return func(words []string) {
			if words[0] == "voters" {
				s = newStage(t, out, words[1:])
				return
			}
			require.NoError(t, s.ended, "the role has ended before %q", words)
			s.command(words[0], words[1:])
			s.take()
		}
	}
	transcript.Play(t, "testdata/leader/*.txt", *rewrite, begin)
}

// voters are the members of a test, each with the same weight.
type voters []jute.PeerID

func (v voters) Votes(id jute.PeerID) bool {
	for _, voter := range v {
		if voter == id {
			return true
		}
	}
	return false
}

func (v voters) Quorum(in func(jute.PeerID) bool) bool {
	n := 0
	for _, id := range v {
		if in(id) {
			n++
		}
	}
	return n > len(v)/2
}

// stage is a leader, and around it what a test makes up.
type stage struct {
	t      testing.TB
	log    *bytes.Buffer
	now    time.Duration
	config LeaderConfig
	has    Standing
	limits history.Limits
	txns   []jute.Entry
	leader *Leader
	out    effects.Pending
	queue  []effects.DiskOp
	done   effects.Ticket
	jobs   []effects.Job
	ended  error
}

func newStage(t testing.TB, log *bytes.Buffer, ids []string) *stage {
	var v voters
	for _, id := range ids {
		v = append(v, jute.PeerID(id[0]-'0'))
	}
	return &stage{t: t, log: log, limits: history.Limits{Entries: 500, Bytes: 1 << 20},
		config: LeaderConfig{Me: 1, Members: v, Text: []byte("text"), Tick: 2 * time.Second,
			InitLimit: 20 * time.Second, SyncLimit: 10 * time.Second}}
}

func (s *stage) say(format string, args ...any) { fmt.Fprintf(s.log, "    "+format+"\n", args...) }

func (s *stage) number(word string) (n int64) {
	_, err := fmt.Sscan(word, &n)
	require.NoError(s.t, err, word)
	return n
}

func (s *stage) zxid(word string) jute.Zxid {
	z, err := parseZxid(word)
	require.NoError(s.t, err)
	return z
}

func (s *stage) entries(words []string) (entries []jute.Entry) {
	for _, word := range words {
		entries = append(entries, txn(s.zxid(word), ""))
	}
	return entries
}

func (s *stage) start() {
	h := history.New(s.limits, 0)
	for _, e := range s.txns {
		h.Append(e)
	}
	h.Commit(s.has.Applied)
	s.has.Last = h.Last()
	s.leader = NewLeader(s.config, s.has, h, &s.out, s.now)
}

func (s *stage) link(ev effects.LinkEvent) { s.end(s.leader.Link(s.now, &ev)) }

func (s *stage) end(err error) {
	if err != nil {
		s.ended = err
	}
}

func (s *stage) command(verb string, words []string) {
	switch verb {
	case "epochs":
		s.has.Accepted, s.has.Current = s.number(words[0]), s.number(words[1])
	case "log":
		s.txns = s.entries(words)
		s.has.Applied = last(s.txns)
	case "keeps":
		s.limits.Entries = int(s.number(words[0]))
	case "applied":
		s.has.Applied = s.zxid(words[0])
	case "initial":
		s.config.InitialZxid = s.number(words[0])
	case "quorum":
		s.config.QuorumSync = true
	case "window":
		s.config.Window = int(s.number(words[0]))
	case "start":
		s.start()
	case "accept":
		for _, word := range words {
			s.link(effects.LinkEvent{Kind: effects.Accepted, Link: s.id(word)})
		}
	case "flush":
		n := int64(len(s.queue))
		if len(words) > 0 {
			n = s.number(words[0])
		}
		s.queue = s.queue[n:]
		s.done += effects.Ticket(n)
		s.end(s.leader.Durable(s.now, s.done))
	case "wait":
		s.now += time.Duration(s.number(words[0])) * time.Millisecond
		s.end(s.leader.Tick(s.now))
	case "status":
		s.say("%d syncs wait", s.leader.Status().Syncs)
	case "step":
		for one := range strings.SplitSeq(strings.Join(words, " "), ";") {
			words := strings.Fields(one)
			s.command(words[0], words[1:])
		}
	default:
		s.chain(verb, words)
	}
}

func (s *stage) id(word string) effects.LinkID { return effects.LinkID(s.number(word)) }

func (s *stage) chain(verb string, words []string) {
	switch verb {
	case "propose":
		for _, e := range s.entries(words) {
			s.leader.Propose(e)
		}
	case "sync":
		s.say("%v", s.leader.Sync())
	case "revalidated":
		s.leader.Revalidated(s.id(words[0]), jute.SessionID(s.number(words[1])), words[2] == "yes")
	case "opened":
		s.finish(effects.JobDone{Size: s.number(words[0])})
	case "read":
		d := effects.JobDone{}
		if n := len(words) - 1; n >= 0 && words[n] == "more" {
			d.More, words = true, words[:n]
		}
		d.Entries = s.entries(words)
		s.finish(d)
	case "streamed":
		s.finish(effects.JobDone{Zxid: s.zxid(words[0])})
	case "fails":
		s.finish(effects.JobDone{Err: errors.New("it failed")})
	default:
		s.network(s.id(verb), words[0], words[1:])
	}
}

func (s *stage) finish(d effects.JobDone) {
	require.NotEmpty(s.t, s.jobs)
	d.Generation = s.jobs[0].Generation
	s.jobs = s.jobs[1:]
	s.end(s.leader.Job(s.now, &d))
}

func (s *stage) network(link effects.LinkID, verb string, words []string) {
	ev := effects.LinkEvent{Kind: effects.Packet, Link: link}
	switch verb {
	case "batch":
		for packet := range strings.SplitSeq(strings.Join(words, " "), ";") {
			words := strings.Fields(packet)
			s.network(link, words[0], words[1:])
		}
		return
	case "wrote":
		ev.Kind, ev.Bytes = effects.Wrote, int(s.number(words[0]))
	case "closed":
		ev.Kind = effects.Closed
	case "bytes":
		data, err := hex.DecodeString(words[0])
		require.NoError(s.t, err)
		ev.Data = data
	default:
		ev.Data = s.packet(verb, words)
	}
	s.link(ev)
}

// packet makes the packet of a command.
func (s *stage) packet(verb string, words []string) []byte {
	var q ensemble.QuorumPacket
	for t := ensemble.PacketRequest; t <= ensemble.PacketInformAndActivate; t++ {
		if t.String() == verb {
			q.Type = t
		}
	}
	require.NotZero(s.t, q.Type, "unknown command %s", verb)
	switch q.Type {
	case ensemble.PacketFollowerInfo, ensemble.PacketObserverInfo:
		q.Zxid = jute.Zxid(s.number(words[1]) << 32)
		q.Data = jute.Append(nil, &ensemble.LearnerInfo{ServerID: jute.PeerID(s.number(words[0])),
			ProtocolVersion: ensemble.LearnerProtocol})
	case ensemble.PacketAckEpoch:
		q.Zxid = s.zxid(words[0])
		q.Data = jute.Append(nil, &ensemble.CurrentEpoch{Epoch: int32(s.number(words[1]))})
	case ensemble.PacketPing:
		touches := ensemble.Touches{}
		for _, word := range words {
			touches.Sessions = append(touches.Sessions,
				jute.SessionTimeout{Session: jute.SessionID(s.number(word)), TimeOut: 4000})
		}
		q.Data = jute.Append([]byte{}, &touches)
	case ensemble.PacketRevalidate:
		q.Zxid = -1
		q.Data = jute.Append(nil, &jute.SessionTimeout{Session: jute.SessionID(s.number(words[0])),
			TimeOut: 4000})
	case ensemble.PacketRequest:
		return ensemble.AppendRequest(nil, s.request(words))
	default:
		q.Zxid = s.zxid(words[0])
	}
	return jute.Append(nil, &q)
}

func (s *stage) request(words []string) *jute.LearnerRequest {
	for op := jute.OpCode(-20); op < 200; op++ {
		if op.String() == words[0] {
			return &jute.LearnerRequest{Type: op, Session: jute.SessionID(s.number(words[1])),
				Cxid: int32(s.number(words[2]))}
		}
	}
	require.Fail(s.t, "no operation", words[0])
	return nil
}

// take tells what the leader wants done.
func (s *stage) take() {
	if s.leader == nil {
		return
	}
	f := s.out.Take()
	for i := range f.Deliver {
		s.say("chain: %s", s.delivery(&f.Deliver[i]))
	}
	for _, op := range f.Disk {
		s.queue = append(s.queue, op)
		switch op.Kind {
		case effects.Append:
			s.say("disk: append %s", zname(op.Entry.Header.Zxid))
		case effects.AcceptEpoch:
			s.say("disk: accept epoch %d", op.Epoch)
		case effects.EnterEpoch:
			s.say("disk: enter epoch %d", op.Epoch)
		}
	}
	for _, op := range f.Links {
		s.say("%d: %s", op.Link, [...]string{effects.Close: "close", effects.Pause: "pause",
			effects.Resume: "resume"}[op.Kind])
	}
	for _, o := range f.Send {
		s.sent(o.Link, o.Data)
	}
	for _, j := range f.Jobs {
		s.job(j)
	}
	for _, gone := range s.leader.Gone() {
		s.say("gone: %v", gone)
	}
	if s.ended != nil {
		s.say("ended: %v", s.ended)
	}
}

func (s *stage) sent(link effects.LinkID, data []byte) {
	for len(data) > 0 {
		var q ensemble.QuorumPacket
		used, err := jute.Decode(data, &q)
		require.NoError(s.t, err)
		data = data[used:]
		what := ""
		if q.Type == ensemble.PacketRevalidate {
			what = dataName(s.t, &q)
		}
		s.say("%d <- %v %s%s", link, q.Type, zname(q.Zxid), what)
	}
}

func (s *stage) job(j effects.Job) {
	switch j.Kind {
	case effects.StreamTree:
		s.say("job: StreamTree to %d", j.Link)
	case effects.Cancel:
		s.say("job: Cancel")
		for i, other := range s.jobs {
			if other.Generation == j.Generation {
				s.jobs = append(s.jobs[:i:i], s.jobs[i+1:]...)
				break
			}
		}
		return
	default:
		s.say("job: %s", jobName(j))
	}
	s.jobs = append(s.jobs, j)
}

func (s *stage) delivery(d *effects.Delivery) string {
	switch d.Kind {
	case effects.Lead:
		return "Lead " + zname(d.Zxid)
	case effects.Serve:
		return "Serve"
	case effects.Propose:
		return "Propose " + zname(d.Entry.Header.Zxid)
	case effects.Commit:
		return "Commit " + zname(d.Zxid)
	case effects.Synced:
		return "Synced"
	case effects.LinkGone:
		return fmt.Sprintf("LinkGone %d", d.Link)
	case effects.Request:
		return fmt.Sprintf("Request of %d: %v of session %d cxid %d", d.Link, d.Request.Type,
			d.Request.Session, d.Request.Cxid)
	case effects.Revalidate:
		return fmt.Sprintf("Revalidate of %d: session %d", d.Link, d.Session.Session)
	case effects.Touch:
		return fmt.Sprintf("Touch session %d", d.Session.Session)
	}
	return fmt.Sprintf("%d?", d.Kind)
}
