package admin

import (
	"os"
	"runtime"
	"sync"
	"syscall"

	"quoll/datatree"
	"quoll/internal/metrics"
)

// monitor copies numbers that other rooms count into the registry when the registry is printed. It
// also remembers the numbers of packets at the last srst.
type monitor struct {
	mu      sync.Mutex // guards all fields
	follows []following
	// baseReceived and baseSent are the numbers of packets at the last srst.
	baseReceived, baseSent int64
}

// following is a counter of the registry that grows as much as another number.
type following struct {
	counter *metrics.Counter
	read    func() int64 // returns the other number
	seen    int64        // the other number at the last pull
}

// follow lists the counters whose numbers are counted in other rooms.
func (m *monitor) follow(c *Commands) {
	shared, ours := c.Shared, c.Metrics
	counts := shared.Counts
	m.follows = []following{
		{counter: ours.Connections.BytesReceived,
			read: func() int64 { return shared.Tally().ReceivedBytes }},
		{counter: ours.Connections.ResponseBytes,
			read: func() int64 { return shared.Tally().ResponseBytes }},
		{counter: ours.Watches.Bytes, read: func() int64 { return shared.Tally().EventBytes }},
		{counter: ours.Connections.Requests, read: counts.Connects.Load},
		{counter: ours.Connections.Revalidated, read: counts.Revalidated.Load},
		{counter: ours.Throttle.LargeRejected, read: counts.LargeRefused.Load},
		{counter: ours.Throttle.Waits, read: counts.ThrottleWaits.Load},
		{counter: ours.Throttle.Ops, read: counts.ThrottledOps.Load},
		{counter: ours.Throttle.Stale, read: counts.Stale.Load},
		{counter: ours.Throttle.StaleDropped, read: counts.StaleDropped.Load},
		{counter: ours.Connections.ClosedNotServing, read: counts.NotServing.Load},
		{counter: ours.Connections.Rejected, read: func() int64 {
			return c.Doors().Rejected + counts.GuestsRefused.Load()
		}},
		{counter: ours.Connections.Dropped, read: func() int64 { return c.Doors().Dropped }},
		{counter: ours.Connections.SessionlessExpired,
			read: func() int64 { return c.Doors().Expired }},
		{counter: ours.Final.DigestMismatches, read: func() int64 {
			v := shared.Tree.Read()
			defer v.Release()
			return int64(shared.Tree.Faults().Mismatches)
		}},
	}
}

// pull brings the counters up to date.
func (m *monitor) pull() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.follows {
		f := &m.follows[i]
		now := f.read()
		f.counter.Add(now - f.seen)
		f.seen = now
	}
}

// reset does what srst asks: counters, summaries and packets start from zero.
func (m *monitor) reset(c *Commands) {
	m.pull()
	c.Metrics.Registry.Reset()
	c.Shared.ResetTally()
	t := c.Shared.Tally()
	m.mu.Lock()
	m.baseReceived, m.baseSent = t.Received, t.Sent
	m.mu.Unlock()
}

// packets returns the numbers of packets since the last srst.
func (m *monitor) packets(c *Commands) (received, sent int64) {
	t := c.Shared.Tally()
	m.mu.Lock()
	defer m.mu.Unlock()
	return t.Received - m.baseReceived, t.Sent - m.baseSent
}

// Monitor brings the registry up to date and returns it, for mntr and others that print it.
func (c *Commands) Monitor() *metrics.Registry {
	c.monitor.pull()
	return c.Metrics.Registry
}

func (c *Commands) mntr(p *page) {
	_ = c.Monitor().WriteMntr(p) // writing to a page never fails
}

// latency returns the latencies of all requests since the last srst, in ms.
func (c *Commands) latency() metrics.Snapshot {
	reads := c.Metrics.Final.ReadLatency.Snapshot()
	updates := c.Metrics.Final.UpdateLatency.Snapshot()
	switch {
	case reads.Count == 0:
		return updates
	case updates.Count == 0:
		return reads
	}
	reads.Min, reads.Max = min(reads.Min, updates.Min), max(reads.Max, updates.Max)
	reads.Sum += updates.Sum
	reads.Count += updates.Count
	return reads
}

// registerGauges registers gauges for numbers that the rooms keep anyway.
func (c *Commands) registerGauges() {
	r, shared := c.Metrics.Registry, c.Shared
	r.Text("version", func() string { return c.Version })
	r.Text("server_state", c.Mode)
	r.Float("avg_latency", func() float64 { return c.latency().Average() })
	r.Gauge("max_latency", func() int64 { return c.latency().Max })
	r.Gauge("min_latency", func() int64 { return c.latency().Min })
	r.Gauge("packets_received", func() int64 { n, _ := c.monitor.packets(c); return n })
	r.Gauge("packets_sent", func() int64 { _, n := c.monitor.packets(c); return n })
	r.Gauge("num_alive_connections", func() int64 { return int64(shared.Conns.Len()) })
	r.Gauge("outstanding_requests", shared.Outstanding)
	r.Gauge("uptime", func() int64 { return shared.Clock() - c.start })
	c.registerTree(r)
	c.registerEnsemble(r)
	r.Gauge("global_sessions", func() int64 {
		s := c.Sessions(false)
		return int64(s.Count - s.Locals)
	})
	r.Gauge("local_sessions", func() int64 { return int64(c.Sessions(false).Locals) })
	r.Gauge("open_file_descriptor_count", openFiles)
	r.Gauge("max_file_descriptor_count", maxFiles)
	r.Float("connection_drop_probability", func() float64 { return 0 })
	r.Gauge("last_client_response_size", func() int64 { return shared.Tally().Response.Last })
	r.Gauge("max_client_response_size", func() int64 { return shared.Tally().Response.Max })
	r.Gauge("min_client_response_size", func() int64 { return shared.Tally().Response.Min })
	r.Gauge("outstanding_tls_handshake", zero)
	r.Gauge("auth_failed_count", shared.Counts.AuthFailed.Load)
	r.Gauge("non_mtls_remote_conn_count", zero)
	r.Gauge("non_mtls_local_conn_count", zero)
	r.Gauge("quoll_frame_refused_count", shared.Counts.FrameRefused.Load)
	r.Gauge("quoll_zxid_ahead_count", shared.Counts.ZxidAhead.Load)
	r.Gauge("quoll_unfinished_closed_count", func() int64 { return c.Doors().Unfinished })
	r.Gauge("quoll_unfinished_bytes", func() int64 { return c.Doors().UnfinishedBytes })
	r.Gauge("quoll_sessions_refused_count", shared.Counts.SessionsRefused.Load)
	r.Gauge("quoll_watches_refused_count", shared.Counts.WatchesRefused.Load)
	r.Gauge("quoll_watch_bytes_refused_count", shared.Counts.WatchBytesRefused.Load)
	r.Gauge("quoll_multi_refused_count", shared.Counts.MultiRefused.Load)
	r.Gauge("quoll_long_txns_refused_count", shared.Counts.LongRefused.Load)
}

// registerTree registers the gauges of the tree. Reading one takes the tree's read lock for a
// moment.
func (c *Commands) registerTree(r *metrics.Registry) {
	gauge := func(name string, read func(v datatree.View) int64) {
		r.Gauge(name, func() int64 {
			v := c.Shared.Tree.Read()
			defer v.Release()
			return read(v)
		})
	}
	gauge("znode_count", func(v datatree.View) int64 { return int64(v.NodeCount()) })
	gauge("watch_count", func(v datatree.View) int64 { return int64(v.WatchCount()) })
	gauge("quoll_watch_bytes", datatree.View.WatchBytes)
	gauge("ephemerals_count", func(v datatree.View) int64 { return int64(v.EphemeralCount()) })
	gauge("approximate_data_size", datatree.View.ApproximateDataSize)
	gauge("quoll_inconsistencies_count", func(datatree.View) int64 {
		return int64(c.Shared.Tree.Faults().Inconsistencies)
	})
}

func zero() int64 { return 0 }

// openFiles is how many descriptors the process has, or -1 if the system does not tell.
func openFiles() int64 {
	dir := "/proc/self/fd"
	if runtime.GOOS != "linux" {
		dir = "/dev/fd"
	}
	f, err := os.Open(dir)
	if err != nil {
		return -1
	}
	defer f.Close()
	// Since Linux 6.2 the size of the directory is the number of its descriptors.
	if info, err := f.Stat(); err == nil && info.Size() > 0 && runtime.GOOS == "linux" {
		return info.Size() - 1
	}
	names, err := f.Readdirnames(-1)
	if err != nil {
		return -1
	}
	return int64(len(names)) - 1 // without the descriptor of f
}

func maxFiles() int64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return -1
	}
	return int64(min(limit.Cur, 1<<62))
}
