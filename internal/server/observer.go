package server

import (
	"strings"

	"quoll/datatree"
	"quoll/internal/admin"
	"quoll/internal/metrics"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/op"
)

// observer counts what the core applies and hands it to the audit log. All of it belongs to the
// core (processor.Observer).
type observer struct {
	audit *admin.Audit // nil: none
	wall  int64        // ms since 1970, of this step

	propagation *metrics.Recorder
	watched     map[jute.EventType]*metrics.Recorder
	expired     *metrics.Counter
	commits     map[jute.OpCode]*metrics.Counter
}

func newObserver(m *metrics.Server, audit *admin.Audit) *observer {
	o := &observer{
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

// at is told the time of the step that begins.
func (o *observer) at(now replica.Now) { o.wall = now.WallMillis }

// Applied takes one transaction.
func (o *observer) Applied(r *mail.Request, e *jute.Entry, result *datatree.Result) {
	o.commits[e.Header.Type].Add(1)
	o.propagation.Add(max(o.wall-e.Header.Time, 0))
	if e.Header.Type == jute.OpCloseSession && r.Origin != mail.FromClient {
		o.expired.Add(1)
	}
	o.audit.Applied(r, e, result)
}

// Fired takes one event.
func (o *observer) Fired(t jute.EventType, watchers int) { o.watched[t].Add(int64(watchers)) }

// topNamespace is the first part of a path, without slashes.
func topNamespace(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}
