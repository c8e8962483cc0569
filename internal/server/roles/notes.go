package roles

import (
	"net"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/jute"
	"quoll/quorum/election"
)

// A note about one server is told once in notedAgain, and at most notedAtMost notes are.
const (
	notedAgain  = time.Minute
	notedAtMost = 16
)

// noteLines are the notes of the election port that are told.
//
// read-only: a table.
var noteLines = map[election.NoteKind]struct {
	level zapcore.Level
	text  string
}{
	election.Opened: {zap.WarnLevel,
		"one server is connected from two hosts: myid may be there twice"},
	election.BadHello: {zap.WarnLevel,
		"the election port has got a beginning that no server sends, or TLS"},
	election.BadMessage: {zap.WarnLevel,
		"the election port has got a message that no server sends, or TLS"},
	election.SilentCaller: {zap.InfoLevel,
		"the election port was called by somebody who says nothing"},
	election.SameID: {zap.WarnLevel,
		"the election port was called by a server with this one's number: myid is there twice"},
	election.Stranger: {zap.WarnLevel,
		"the election port was called by too many servers that no server line names"},
	election.OtherQuorums: {zap.WarnLevel,
		"the server lines differ: another server counts other votes"},
}

// noted is what was told of in the minute that ends.
type noted struct {
	ends time.Time
	told map[about]bool
}

type about struct {
	kind election.NoteKind
	peer jute.PeerID
}

// Noted takes a note of the election port, with the addresses of its connection and of the one
// whose place that takes; "" is none.
func (r *Watch) Noted(n *election.Note, from, old string, at time.Time) {
	if at.After(r.noted.ends) {
		r.noted = noted{at.Add(notedAgain), map[about]bool{}}
	}
	line, ok := noteLines[n.Kind]
	if !ok || n.Kind == election.Opened && sameHost(from, old) {
		return
	}
	what := about{n.Kind, n.Peer}
	if r.noted.told[what] || len(r.noted.told) == notedAtMost {
		return
	}
	r.noted.told[what] = true
	fields := []zap.Field{zap.Int64("server", int64(n.Peer))}
	if from != "" {
		fields = append(fields, zap.String("address", from))
	}
	if old != "" {
		fields = append(fields, zap.String("before", old))
	}
	if n.Quorums != "" {
		fields = append(fields, zap.String("those of", n.Quorums))
	}
	if n.Err != nil {
		fields = append(fields, zap.Error(n.Err))
	}
	r.logger.Log(line.level, line.text, fields...)
}

// sameHost says whether two addresses are of one host, or one of them is not known.
func sameHost(a, b string) bool {
	hostA, _, errA := net.SplitHostPort(a)
	hostB, _, errB := net.SplitHostPort(b)
	return errA != nil || errB != nil || hostA == hostB
}
