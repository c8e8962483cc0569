package clientlog

import (
	"fmt"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/jute"
	"quoll/processor/tell"
)

// line describes the log line of a kind of event. A part of the event whose name is "" is not
// written.
type line struct {
	level zapcore.Level
	text  string // the message
	a, b  string // names of the event's numbers A and B
	zxids bool   // the numbers are zxids
	named string // name of the event's Text
}

const (
	debug = zapcore.DebugLevel
	info  = zapcore.InfoLevel
	warn  = zapcore.WarnLevel
)

// lines has the line of each kind. The levels are those of Apache 3.9.5 where it has such a line.
//
// read-only: a table.
var lines = [tell.Kinds]line{
	tell.Established: {level: debug, text: "session established", a: "timeout ms"},
	tell.Renewed:     {level: debug, text: "session renewed", a: "timeout ms"},
	tell.Closed:      {level: info, text: "session closed by its client"},
	tell.Expired:     {level: info, text: "session expired", a: "timeout ms", b: "silent ms"},

	tell.UnknownSession: {level: info, text: "session refused: unknown, probably expired"},
	tell.WrongPassword:  {level: warn, text: "session refused: wrong password"},
	tell.ZxidAhead: {
		level: info, text: "session refused: the client has seen a newer zxid than this server",
		a: "seen", b: "ours", zxids: true,
	},
	tell.NotServing:  {level: info, text: "session refused: the server does not serve"},
	tell.NotReadOnly: {level: info, text: "session refused: not a read-only client"},
	tell.GlobalSession: {
		level: info, text: "session refused: a global one, and the server is read-only",
	},
	tell.TooManySessions: {level: warn, text: "session refused: quoll.maxSessions", a: "limit"},

	tell.FrameLength: {
		level: warn, text: "connection closed: length of a frame", a: "bytes", b: "limit",
	},
	tell.Unreadable: {
		level: warn, text: "connection closed: a request that cannot be decoded", a: "bytes",
	},
	tell.UnknownOpcode: {level: warn, text: "connection closed: unknown operation", a: "type"},
	tell.AuthFailed: {
		level: warn, text: "connection closed: authentication failed", named: "scheme",
	},
	tell.UnknownScheme: {
		level: warn, text: "connection closed: unknown authentication scheme", named: "scheme",
	},
	tell.AuthRequired: {
		level: warn, text: "connection closed: not authenticated as enforce.auth.schemes demands",
	},

	tell.TooManyWatches: {level: warn, text: "watch refused: quoll.maxWatches", a: "limit"},
	tell.WatchBytes: {
		level: warn, text: "connection closed: quoll.watchBytes of watched paths", a: "limit",
	},
	tell.WatchTotalBytes: {
		level: warn, text: "connection closed: quoll.watchTotalBytes of watched paths", a: "limit",
	},
	tell.LongMulti: {
		level: warn, text: "multi refused: quoll.maxMultiOps, or its reply would be too long",
	},
	tell.LongWrite: {
		level: warn, text: "write refused: its transaction could not be read back", a: "limit",
	},
	tell.LargeRequests: {
		level: warn, text: "connection closed: largeRequestMaxBytes", a: "bytes",
	},
	tell.Throttled: {level: warn, text: "request refused: throttled_op_wait_time"},
	tell.Stale: {
		level: warn, text: "connection closed: a request waited until nobody wanted its answer",
	},

	tell.Cut: {level: warn, text: "connection closed"},
	tell.Stalled: {
		level: warn, text: "connection closed: the client takes no replies",
	},
	tell.OutputFull: {
		level: warn, text: "connection closed: too many events that the client does not take",
	},
	tell.InputFull: {
		level: warn, text: "connection closed: more input than is taken from it",
	},
	tell.Unfinished: {
		level: warn, text: "connection closed: an unfinished request, see quoll.inputTotalBytes",
	},
	tell.NoSession: {level: debug, text: "connection closed: no session within the time for it"},

	tell.TooManyOfAddress: {
		level: warn, text: "connection refused: maxClientCnxns of its address", a: "limit",
	},
	tell.TooManyConnections: {level: warn, text: "connection refused: maxCnxns", a: "limit"},
	tell.NoDescriptors: {
		level: warn, text: "connection refused: the limit of open files (LimitNOFILE, ulimit -n)",
	},
	tell.NotAccepted: {level: warn, text: "connection refused: accept failed"},

	tell.SlowFlush: {
		level: warn, text: "a flush of the log took long", a: "took ms", b: "transactions",
	},
}

// whole writes the line of one event.
func (l *Log) whole(e *tell.Event) {
	of := &lines[e.Kind]
	ce := l.logger.Check(l.levels[e.Kind], of.text)
	if ce == nil {
		return
	}
	fields := who(e, "address", "session")
	fields = of.number(fields, of.a, e.A)
	if e.Kind != tell.Expired || e.B >= 0 {
		fields = of.number(fields, of.b, e.B)
	}
	if of.named != "" {
		fields = append(fields, zap.String(of.named, e.Text))
	}
	if e.Err != nil {
		fields = append(fields, zap.Error(e.Err))
	}
	ce.Write(fields...)
}

func (of *line) number(fields []zap.Field, name string, n int64) []zap.Field {
	switch {
	case name == "":
		return fields
	case of.zxids:
		return append(fields, zap.Stringer(name, jute.Zxid(n)))
	}
	return append(fields, zap.Int64(name, n))
}

// summary writes how many events of a window had no line of their own, and describes the last one.
func (l *Log) summary(w *window, now time.Time) {
	took := max(now.Sub(w.began).Round(time.Second), time.Second)
	text := fmt.Sprintf("%s: %d more in %d s", lines[w.last.Kind].text, w.more,
		int(took.Seconds()))
	if ce := l.logger.Check(l.levels[w.last.Kind], text); ce != nil {
		fields := append(who(&w.last, "last address", "last session"), zap.Int("more", w.more))
		ce.Write(fields...)
	}
}

// who returns the fields that identify the client, as far as they are known.
func who(e *tell.Event, address, session string) []zap.Field {
	fields := make([]zap.Field, 0, 6)
	if e.Peer.IsValid() {
		fields = append(fields, zap.Stringer(address, e.Peer))
	}
	if e.Session != 0 {
		fields = append(fields, zap.Stringer(session, e.Session))
	}
	return fields
}
