package zab

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/transcript"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

var rewrite = flag.Bool("zab.rewrite", false, "write the transcripts of the learner anew")

// TestLearnerTranscripts plays the schedules of testdata/learner. A line with > is a command, the
// lines below it are what it led to. Transactions are epoch:counter, those with letters behind are
// others than those without.
//
//	epochs 4 4             accepted and current epoch on disk
//	log 4:1 4:2 4:3x       the log
//	snapshot               of all of it, the only one
//	keeps 1                so much of the log is in memory after a start
//	start, start observer  the process begins, and is connected with its leader
//	crash                  and starts again; what is not on disk is gone
//	rejoin                 the role ends, and the same process comes back
//	flush 2                operations of the disk happen; without a number, all
//	installed              the same, and no log below it
//	finish, finish torn    the oldest job ends
//	finish all             and all that follow
//	heard 7                the chain has heard a session
//	forward, sync, revalidate 7
//	wait 3000              milliseconds go by
//	close                  the connection ends
//	LEADERINFO 5:0         a packet comes, and the word behind says zxid and transaction
//	SNAP 5:3 4:1 4:2 5:3   with what the tree holds
//	REVALIDATE 7 yes
//	bytes 00ff             no packet at all
func TestLearnerTranscripts(t *testing.T) {
	begin := func(t *testing.T, out *bytes.Buffer) func(words []string) {
		var w *world
		return func(words []string) {
			if words[0] == "epochs" {
				w = newWorld(t)
				w.log = out
			}
			w.command(words[0], words[1:])
		}
	}
	transcript.Play(t, "testdata/learner/*.txt", *rewrite, begin)
}

func (w *world) command(verb string, words []string) {
	switch verb {
	case "epochs":
		_, err := fmt.Sscan(strings.Join(words, " "), &w.disk.accepted, &w.disk.current)
		require.NoError(w.t, err)
	case "log":
		w.disk.entries = w.parse(words)
	case "snapshot":
		w.disk.oldest = last(w.disk.entries)
	case "installed":
		w.disk.at, w.disk.oldest = last(w.disk.entries), last(w.disk.entries)
	case "keeps":
		w.kept = w.number(words[0])
	case "start":
		w.config.Observer = len(words) > 0
		w.start()
	case "crash":
		w.start()
	case "rejoin":
		w.rejoin()
	case "flush":
		n := len(w.queue)
		if len(words) > 0 {
			n = w.number(words[0])
		}
		w.flush(n)
	case "finish":
		var err error
		if len(words) > 0 && words[0] == "torn" {
			err = errTorn
		}
		for w.finish(err); len(words) > 0 && len(w.jobs) > 0; {
			w.finish(err)
		}
	default:
		w.chainCommand(verb, words)
	}
}

func (w *world) chainCommand(verb string, words []string) {
	switch verb {
	case "heard":
		id := jute.SessionID(w.number(words[0]))
		w.heard = append(w.heard, jute.SessionTimeout{Session: id, TimeOut: 4000})
	case "forward":
		w.do(func(l *Learner) error {
			l.Forward(&jute.LearnerRequest{Session: 7, Cxid: 1, Type: jute.OpDelete})
			return nil
		})
	case "sync":
		w.do(func(l *Learner) error {
			require.True(w.t, l.Sync())
			return nil
		})
	case "revalidate":
		id := jute.SessionID(w.number(words[0]))
		w.do(func(l *Learner) error {
			l.Revalidate(jute.SessionTimeout{Session: id, TimeOut: 4000})
			return nil
		})
	case "wait":
		w.now += time.Duration(w.number(words[0])) * time.Millisecond
		w.do(func(l *Learner) error { return l.Tick(w.now) })
	case "close":
		w.do(func(l *Learner) error {
			return l.Link(w.now, &effects.LinkEvent{Kind: effects.Closed, Link: w.link})
		})
	case "bytes":
		var data []byte
		_, err := fmt.Sscanf(words[0], "%x", &data)
		require.NoError(w.t, err)
		w.receiveBytes(data)
	default:
		w.packetCommand(verb, words)
	}
}

func (w *world) packetCommand(verb string, words []string) {
	var kind ensemble.PacketType
	for t := ensemble.PacketRequest; t <= ensemble.PacketInformAndActivate; t++ {
		if t.String() == verb {
			kind = t
		}
	}
	require.NotZero(w.t, kind, "unknown command %s", verb)
	switch kind {
	case ensemble.PacketUpToDate:
		w.receive(kind, -1, nil)
	case ensemble.PacketSync:
		w.receive(kind, 0, nil)
	case ensemble.PacketLeaderInfo:
		r := ensemble.ProtocolVersion{Version: ensemble.LearnerProtocol}
		w.receive(kind, w.zxid(words[0]), jute.Append(nil, &r))
	case ensemble.PacketSnap:
		w.stream, w.snapAt = w.parse(words[1:]), w.zxid(words[0])
		w.receive(kind, w.snapAt, nil)
	case ensemble.PacketProposal, ensemble.PacketInform:
		for _, e := range w.parse(words) {
			w.receive(kind, e.Header.Zxid, e.Payload)
		}
	case ensemble.PacketCommitAndActivate:
		w.receive(kind, w.zxid(words[0]), jute.Append(nil, &ensemble.Activation{Leader: 1}))
	case ensemble.PacketInformAndActivate:
		e := w.parse(words)[0]
		a := ensemble.Activation{Leader: 1, Proposal: e.Payload}
		w.receive(kind, e.Header.Zxid, jute.Append(nil, &a))
	case ensemble.PacketRevalidate:
		id := jute.SessionID(w.number(words[0]))
		r := ensemble.Revalidated{Session: id, Valid: words[1] == "yes"}
		w.receive(kind, -1, jute.Append(nil, &r))
	default:
		w.receive(kind, w.zxid(words[0]), nil)
	}
}

func (w *world) parse(words []string) (entries []jute.Entry) {
	for _, word := range words {
		e, err := parseTxn(word)
		require.NoError(w.t, err)
		entries = append(entries, e)
	}
	return entries
}

func (w *world) zxid(word string) jute.Zxid {
	z, err := parseZxid(word)
	require.NoError(w.t, err)
	return z
}

func (w *world) number(word string) (n int) {
	_, err := fmt.Sscan(word, &n)
	require.NoError(w.t, err, word)
	return n
}
