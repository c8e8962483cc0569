package server

import (
	"strings"

	"quoll/datatree"
	"quoll/internal/admin"
	"quoll/internal/metrics"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/mail"
	"quoll/processor/op"
)

// applied counts the transactions that the core applies, and hands them to the audit log. All of it
// belongs to the core (processor.Hooks).
type applied struct {
	audit *admin.Audit // nil: none
	wall  int64        // ms since 1970, of this step

	propagation *metrics.Recorder
	watched     map[jute.EventType]*metrics.Recorder
	expired     *metrics.Counter
	commits     map[jute.OpCode]*metrics.Counter
}

func newApplied(m *metrics.Server, audit *admin.Audit) *applied {
	o := &applied{
		audit:       audit,
		propagation: m.Final.PropagationLatency.Recorder(),
		watched: map[jute.EventType]*metrics.Recorder{
			jute.EventCreated:         m.Watches.Created.Recorder(),
			jute.EventDeleted:         m.Watches.Deleted.Recorder(),
			jute.EventDataChanged:     m.Watches.Changed.Recorder(),
			jute.EventChildrenChanged: m.Watches.Children.Recorder(),
		},
		expired: m.Connections.SessionsExpired,
		commits: make(map[jute.OpCode]*metrics.Counter),
	}
	for _, row := range op.Rows() {
		if row.Kind == op.Write || row.Kind == op.Server {
			o.commits[row.Op] = m.Registry.Counter("quoll_" + row.Op.String() + "_txns")
		}
	}
	m.Registry.Gauge("quoll_audit_lines_dropped", audit.Dropped)
	return o
}

// at sets the time of the step that begins.
func (o *applied) at(now replica.Now) { o.wall = now.WallMillis }

// hooks are the functions that the chain calls.
func (o *applied) hooks() processor.Hooks {
	return processor.Hooks{
		Applied: o.txn,
		Fired:   func(t jute.EventType, watchers int) { o.watched[t].Add(int64(watchers)) },
		Expired: func() { o.expired.Add(1) },
	}
}

// txn takes one transaction. own is the request of our client that it answers, or nil.
func (o *applied) txn(own *mail.Request, e *jute.Entry, result *datatree.Result) {
	o.commits[e.Header.Type].Add(1)
	o.propagation.Add(max(o.wall-e.Header.Time, 0))
	o.audit.Applied(own, e, result)
}

// topNamespace is the first part of a path, without slashes.
func topNamespace(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}
