package metrics

// Server has the metrics of a server, under ZooKeeper's names and in its units:
// milliseconds, bytes, requests. The gauges (avg_latency, znode_count and so on) are
// registered by the packages that know their values.
//
// Names that belong to the inside of Java or Netty are left out:
// netty_queued_buffer_capacity, dead_watchers_*, jvm_pause_time_ms and
// socket_closing_time. So is om_*, which a server alone never has.
type Server struct {
	Registry    *Registry
	Disk        Disk
	Sync        Sync
	Final       Final
	Watches     Watches
	Connections Connections
	Throttle    Throttle
	Namespaces  Namespaces
	Ensemble    Ensemble
}

// Ensemble counts what happens between the members of an ensemble. On a server alone all of it
// stays at zero.
type Ensemble struct {
	Looking          *Counter // looking_count
	Proposals        *Counter // proposal_count, at the leader
	Received         *Counter // learner_proposal_received_count
	Diffs            *Counter // diff_count: learners that a leader brought up to date by DIFF
	Snaps            *Counter // snap_count: by SNAP
	Truncs           *Counter // quoll_trunc_count: by TRUNC
	JoinsByDiff      *Counter // quoll_joins_by_diff_count: of this server, as a learner
	Reloads          *Counter // quoll_reloads_count: the own history was read again from disk
	PlainSyncs       *Counter // quoll_plain_syncs_count: with sync.quorum, no quorum was asked
	ElectionTime     *Summary // election_time, ms
	UnavailableTime  *Summary // unavailable_time, ms without service
	FollowerSyncTime *Summary // follower_sync_time, ms from the election on
}

// Disk measures how long the work on files takes.
type Disk struct {
	FsyncTime           *Summary // fsynctime
	SnapshotTime        *Summary // snapshottime
	SnapshotErrors      *Counter // snapshot_error_count
	ForeignFiles        *Counter // quoll_foreign_files_count
	InitTime            *Summary // dbinittime
	StartupTxnsLoaded   *Summary // startup_txns_loaded
	StartupTxnsLoadTime *Summary // startup_txns_load_time
	StartupSnapLoadTime *Summary // startup_snap_load_time
}

// Sync measures the stage that makes writes durable.
type Sync struct {
	Queued    *Counter // sync_processor_request_queued
	FlushTime *Summary // sync_processor_queue_flush_time_ms
	BatchSize *Summary // sync_processor_batch_size
}

// Final measures the stage that applies transactions and answers.
type Final struct {
	ReadLatency        *Summary // readlatency
	UpdateLatency      *Summary // updatelatency
	PropagationLatency *Summary // propagation_latency
	DigestMismatches   *Counter // digest_mismatches_count
	Unrecoverable      *Counter // unrecoverable_error_count
}

// Watches counts how many watchers the events of each type had.
type Watches struct {
	Created  *Summary // node_created_watch_count
	Deleted  *Summary // node_deleted_watch_count
	Changed  *Summary // node_changed_watch_count
	Children *Summary // node_children_watch_count
	Bytes    *Counter // watch_bytes
}

// Connections counts connections and sessions that begin and end.
type Connections struct {
	Requests           *Counter // connection_request_count
	Revalidated        *Counter // connection_revalidate_count
	Rejected           *Counter // connection_rejected
	Dropped            *Counter // connection_drop_count
	SessionlessExpired *Counter // sessionless_connections_expired
	SessionsExpired    *Counter // stale_sessions_expired
	ClosedNotServing   *Counter // cnxn_closed_without_zk_server_running
	BytesReceived      *Counter // bytes_received_count
	ResponseBytes      *Counter // response_bytes
}

// Throttle counts requests that the server delayed or refused.
type Throttle struct {
	LargeRejected *Counter // large_requests_rejected
	Waits         *Counter // request_throttle_wait_count
	Ops           *Counter // throttled_ops
	Stale         *Counter // stale_requests
	StaleDropped  *Counter // stale_requests_dropped
}

// Namespaces are the first parts of paths: /a of /a/b.
type Namespaces struct {
	Write         *SummarySet // write_per_namespace; not measured, so it prints no line
	Read          *SummarySet // read_per_namespace; not measured, so it prints no line
	QuotaExceeded *CounterSet // quota_exceeded_error_per_namespace
}

// NewServer registers everything that a server counts.
func NewServer(r *Registry) *Server {
	s := &Server{
		Registry: r,
		Disk: Disk{
			FsyncTime:           r.Summary("fsynctime"),
			SnapshotTime:        r.Summary("snapshottime"),
			SnapshotErrors:      r.Counter("snapshot_error_count"),
			ForeignFiles:        r.Counter("quoll_foreign_files_count"),
			InitTime:            r.Summary("dbinittime"),
			StartupTxnsLoaded:   r.Summary("startup_txns_loaded"),
			StartupTxnsLoadTime: r.Summary("startup_txns_load_time"),
			StartupSnapLoadTime: r.Summary("startup_snap_load_time"),
		},
		Sync:        newSync(r),
		Final:       newFinal(r),
		Connections: newConnections(r),
		Watches: Watches{
			Created:  r.Summary("node_created_watch_count"),
			Deleted:  r.Summary("node_deleted_watch_count"),
			Changed:  r.Summary("node_changed_watch_count"),
			Children: r.Summary("node_children_watch_count"),
			Bytes:    r.Counter("watch_bytes"),
		},
		Throttle: Throttle{
			LargeRejected: r.Counter("large_requests_rejected"),
			Waits:         r.Counter("request_throttle_wait_count"),
			Ops:           r.Counter("throttled_ops"),
			Stale:         r.Counter("stale_requests"),
			StaleDropped:  r.Counter("stale_requests_dropped"),
		},
		Namespaces: Namespaces{
			Write:         r.SummarySet("write_per_namespace"),
			Read:          r.SummarySet("read_per_namespace"),
			QuotaExceeded: r.CounterSet("quota_exceeded_error_per_namespace"),
		},
	}
	s.Ensemble = newEnsemble(r)
	registerSilent(r)
	return s
}

func newSync(r *Registry) Sync {
	return Sync{
		Queued:    r.Counter("sync_processor_request_queued"),
		FlushTime: r.Advanced("sync_processor_queue_flush_time_ms"),
		BatchSize: r.Summary("sync_processor_batch_size"),
	}
}

func newFinal(r *Registry) Final {
	return Final{
		ReadLatency:        r.Advanced("readlatency"),
		UpdateLatency:      r.Advanced("updatelatency"),
		PropagationLatency: r.Advanced("propagation_latency"),
		DigestMismatches:   r.Counter("digest_mismatches_count"),
		Unrecoverable:      r.Counter("unrecoverable_error_count"),
	}
}

func newConnections(r *Registry) Connections {
	return Connections{
		Requests:           r.Counter("connection_request_count"),
		Revalidated:        r.Counter("connection_revalidate_count"),
		Rejected:           r.Counter("connection_rejected"),
		Dropped:            r.Counter("connection_drop_count"),
		SessionlessExpired: r.Counter("sessionless_connections_expired"),
		SessionsExpired:    r.Counter("stale_sessions_expired"),
		ClosedNotServing:   r.Counter("cnxn_closed_without_zk_server_running"),
		BytesReceived:      r.Counter("bytes_received_count"),
		ResponseBytes:      r.Counter("response_bytes"),
	}
}

func newEnsemble(r *Registry) Ensemble {
	return Ensemble{
		Looking:          r.Counter("looking_count"),
		Proposals:        r.Counter("proposal_count"),
		Received:         r.Counter("learner_proposal_received_count"),
		Diffs:            r.Counter("diff_count"),
		Snaps:            r.Counter("snap_count"),
		Truncs:           r.Counter("quoll_trunc_count"),
		JoinsByDiff:      r.Counter("quoll_joins_by_diff_count"),
		Reloads:          r.Counter("quoll_reloads_count"),
		PlainSyncs:       r.Counter("quoll_plain_syncs_count"),
		ElectionTime:     r.Summary("election_time"),
		UnavailableTime:  r.Summary("unavailable_time"),
		FollowerSyncTime: r.Summary("follower_sync_time"),
	}
}

// registerSilent registers names that dashboards and scripts look for and that stay
// at zero on a server alone. They belong to an ensemble, to caches that Quoll does
// not have, or to schemes that it does not serve. At the end of each list are names
// of things that Quoll does not measure.
func registerSilent(r *Registry) {
	for _, name := range []string{
		"commit_count", "revalidate_count", "learner_commit_received_count",
		"quit_leading_due_to_disloyal_voter", "request_commit_queued",
		"requests_not_forwarded_to_commit_processor",
		"skip_learner_request_to_next_processor_count",
		"response_packet_cache_hits", "response_packet_cache_misses",
		"response_packet_get_children_cache_hits", "response_packet_get_children_cache_misses",
		"ensemble_auth_success", "ensemble_auth_fail", "ensemble_auth_skip",
		"snapshot_rate_limited_count", "restore_error_count", "restore_rate_limited_count",
		"unsuccessful_handshake", "insecure_admin_count", "tls_handshake_exceeded",
		"prep_processor_request_queued", "outstanding_changes_queued",
		"outstanding_changes_removed", "stale_replies",
	} {
		r.Counter(name)
	}
	for _, name := range []string{
		"restore_time", "observer_sync_time", "inflight_snap_count", "inflight_diff_count",
		"leader_unavailable_time", "learner_request_processor_queue_size",
		"requests_in_session_queue", "pending_session_queue_size",
		"reads_after_write_in_session_queue", "reads_issued_from_session_queue",
		"session_queues_drained", "time_waiting_empty_pool_in_commit_processor_read_ms",
		"write_batch_time_in_commit_processor",
		"concurrent_request_processing_in_commit_processor",
		"read_commit_proc_req_queued", "write_commit_proc_req_queued",
		"commit_commit_proc_req_queued", "read_commit_proc_issued", "write_commit_proc_issued",
		"connection_token_deficit", "prep_processor_queue_size", "prep_process_time",
		"proposal_process_time", "sync_processor_queue_size", "sync_process_time",
		"commit_process_time",
	} {
		r.Summary(name)
	}
	for _, name := range []string{
		"read_commitproc_time_ms", "write_commitproc_time_ms", "local_write_committed_time_ms",
		"server_write_committed_time_ms", "proposal_latency", "proposal_ack_creation_latency",
		"commit_propagation_latency", "quorum_ack_latency",
		"prep_processor_queue_time_ms", "close_session_prep_time",
		"sync_processor_queue_time_ms", "sync_processor_queue_and_flush_time_ms",
		"read_final_proc_time_ms", "write_final_proc_time_ms", "request_throttle_queue_time_ms",
	} {
		r.Advanced(name)
	}
}
