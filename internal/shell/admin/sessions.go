package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Sessions is the verb sessions.
func Sessions() verb.Verb {
	var each bool
	return verb.Verb{
		Name: "sessions", Short: "List the sessions that are connected to a server (cons)",
		Example: "quoll sessions --server-each",
		Flags:   func(f *pflag.FlagSet) { eachFlag(f, &each) },
		Run: func(ctx context.Context, e *verb.Env, _ []string) error {
			e.Out.List()
			return askEach(ctx, e, "cons", each, func(host, text string) error {
				for line := range strings.Lines(text) {
					if s := parseConnection(host, line); s != nil {
						if err := e.Out.Item(s); err != nil {
							return err
						}
					}
				}
				return nil
			})
		},
	}
}

// connection is a session's connection to a server.
type connection struct {
	Server      string `json:"server"`
	Session     string `json:"session"`
	Address     string `json:"address"`
	TimeoutMs   int64  `json:"timeoutMs"`
	Established string `json:"established"`
	LastOp      string `json:"lastOp"`
	Queued      int64  `json:"queued"`
	Received    int64  `json:"received"`
	Sent        int64  `json:"sent"`
	LastZxid    string `json:"lastZxid"`

	since time.Time
}

// parseConnection reads a line of cons, " /10.0.0.1:39150[1](queued=0,recved=8,sid=0x10,...)". nil
// is a line of a connection without a session, such as the one that asks.
func parseConnection(host, line string) *connection {
	address, rest, ok := strings.Cut(strings.TrimSpace(line), "[")
	_, rest, inner := strings.Cut(rest, "](")
	if !ok || !inner {
		return nil
	}
	values := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSuffix(rest, ")"), ",") {
		key, value, _ := strings.Cut(pair, "=")
		values[key] = value
	}
	if values["sid"] == "" {
		return nil
	}
	number := func(key string) int64 {
		n, _ := strconv.ParseInt(values[key], 10, 64) // 0 if the server does not tell
		return n
	}
	return &connection{
		Server: host, Session: values["sid"], Address: strings.TrimPrefix(address, "/"),
		TimeoutMs: number("to"), Established: output.Time(number("est")), LastOp: values["lop"],
		Queued: number("queued"), Received: number("recved"), Sent: number("sent"),
		LastZxid: values["lzxid"], since: time.UnixMilli(number("est")),
	}
}

// Text is a line a session.
func (r *connection) Text(p *output.Page) {
	since := r.Established
	if p.Terminal() {
		since = output.Ago(time.Since(r.since))
	}
	p.Line(strings.Join([]string{
		r.Session, p.Name(r.Address), r.Server, strconv.FormatInt(r.TimeoutMs, 10) + " ms", since,
		p.Name(r.LastOp),
	}, "\t"))
}
