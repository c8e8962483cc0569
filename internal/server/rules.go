package server

import (
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/internal/server/machine"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/lane"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/stats"
	"quoll/processor/throttle"
	"quoll/reactor"
	"quoll/reactor/door"
)

// The functions here turn the configuration into the rules and limits of each room.

func authRules(c *config.Config) *auth.Rules {
	return &auth.Rules{
		SkipACL:       c.Auth.SkipACL,
		DigestEnabled: c.Auth.DigestEnabled,
		DigestAlg:     c.Auth.DigestAlgorithm,
		SuperDigest:   c.Auth.SuperDigest.Reveal(),
	}
}

func treeOptions(c *config.Config) datatree.Options {
	return datatree.Options{
		ExtendedTypes: c.Features.ExtendedTypes,
		Emulate353TTL: c.Features.Emulate353TTL,
		Digest:        c.Features.TreeDigest,
		Seed:          rand.Uint64(),
	}
}

// standaloneSessionServer is the high byte of the session ids of a standalone Apache server.
const standaloneSessionServer = 1

// sessionServer is the high byte of the ids of the sessions that are made here: of a member myid.
func sessionServer(c *config.Config) uint8 {
	if c.Ensemble() {
		return uint8(c.Quorum.ServerID)
	}
	return standaloneSessionServer
}

// maxApplyBatch is how many transactions are applied in one hold of the tree's lock. It bounds how
// long reads wait.
const maxApplyBatch = 256

// expiriesPerStep is how many expired sessions end in one step. It bounds how long requests wait
// when many sessions end: a closeSession with some ephemerals takes about 8 µs to prepare.
const expiriesPerStep = 128

// maxRecordBytes is the longest transaction that a server of an ensemble takes from its leader, and
// that Apache's server reads back from a log.
func maxRecordBytes(c *config.Config) int {
	return c.Network.MaxBufferBytes + c.Network.MaxExtraBytes
}

func (s *Server) replicaConfig(rules *auth.Rules, counts *stats.Counts) replica.Config {
	c := s.cfg
	return replica.Config{
		Chain: processor.Rules{
			Prep: prep.Rules{
				Auth:            rules,
				Digest:          c.Features.TreeDigest,
				ExtendedTypes:   c.Features.ExtendedTypes,
				EnforceQuota:    c.Features.EnforceQuota,
				CloseSessionTxn: c.Features.CloseSessionTxn,
				ReconfigEnabled: c.Quorum.Reconfig,
				EagerACLCheck:   c.Auth.EagerACLCheck,
				MaxMultiOps:     c.Features.MaxMultiOps,
				MaxTxnBytes:     maxRecordBytes(c),
				OverQuota:       s.overQuota,
			},
			Throttle:      throttleRules(&c.Throttle),
			MaxSessions:   c.Sessions.MaxCount,
			Reads:         readLimits(c),
			Counts:        counts,
			Teller:        s.outlook.clients,
			MaxApplyBatch: maxApplyBatch,
		},
		Roll: replica.RollRules{
			SnapCount:     int64(c.Storage.SnapCount),
			SnapSizeBytes: c.Storage.SnapSizeLimitBytes,
		},
		TickMillis:     int32(c.Sessions.TickTime.Milliseconds()),
		ServerID:       sessionServer(c),
		IntervalMillis: tickInterval(c).Milliseconds(),
		Reap: replica.ReapRules{
			CheckIntervalMillis:     c.Features.Containers.CheckInterval.Milliseconds(),
			MaxPerMinute:            int64(c.Features.Containers.MaxPerMinute),
			MaxNeverUsedMillis:      c.Features.Containers.MaxNeverUsed.Milliseconds(),
			CandidatesPerTickAtMost: 1000,
		},
		ExpiriesPerStepAtMost: expiriesPerStep,
		Random:                rand.Int64N,
		Hooks:                 s.outlook.applied.hooks(),
	}
}

func throttleRules(t *config.Throttle) throttle.Rules {
	return throttle.Rules{
		MaxRequests:          t.MaxRequests,
		DropStale:            t.DropStale,
		StaleConnectionCheck: t.StaleConnectionCheck,
		StaleLatencyCheck:    t.StaleLatencyCheck,
		OpWaitMillis:         t.OpWait.Milliseconds(),
	}
}

// tickInterval is the time between two ticks of the core. It is short enough that a session expires
// soon after the end of its bucket, and that containers are deleted soon after their interval.
func tickInterval(c *config.Config) time.Duration {
	shortest := min(c.Sessions.TickTime, 2*c.Features.Containers.CheckInterval)
	return min(max(shortest/4, 5*time.Millisecond), 250*time.Millisecond)
}

// Limits of the lanes (lane.Rules). The limits of bytes in the core exist because one flush of the
// log should take some milliseconds only.
const (
	maxInFlightBytes = 512 << 10 // requests of one connection in the core
	maxBatchRequests = 256       // reads that one hold of the tree's lock answers
	maxBatchBytes    = 64 << 10  // replies that one hold of the tree's lock makes
	maxInputRequests = 1024      // requests of one connection before others have their turn
	bulkBytes        = 64 << 10  // a request of this size is large
	maxBulkBytes     = 1 << 20   // large requests of all connections of a loop in the core
)

// Limits of long answers (reads.Limits).
const (
	chunkNames    = 4096     // names of children that one hold of the tree's lock encodes
	chunkBytes    = 1 << 20  // bytes that one hold of the tree's lock encodes
	maxMultiBytes = 32 << 20 // the reply to a multiRead
)

func readLimits(c *config.Config) reads.Limits {
	return reads.Limits{
		MaxWatches: c.Features.MaxWatches, MaxMultiOps: c.Features.MaxMultiOps,
		MaxMultiBytes: max(maxMultiBytes, 2*c.Network.MaxBufferBytes),
		ChunkNames:    chunkNames, ChunkBytes: chunkBytes,
	}
}

// watchLimits are the limits of watched paths, in bytes.
func watchLimits(c *config.Config) watch.Limits {
	return watch.Limits{
		Own: c.Features.WatchBytes, Total: machine.OrQuarter(c.Features.WatchTotalBytes),
	}
}

func laneRules(c *config.Config, rules *auth.Rules) lane.Rules {
	r := lane.Rules{
		Auth:             rules,
		MaxFrameBytes:    c.Network.MaxBufferBytes,
		FirstFrameBytes:  c.Network.FirstFrameBytes,
		Reads:            readLimits(c),
		MinTimeoutMillis: int32(c.Sessions.MinTimeout.Milliseconds()),
		MaxTimeoutMillis: int32(c.Sessions.MaxTimeout.Milliseconds()),
		MaxInFlight:      c.Network.MaxOutstanding,
		MaxInFlightBytes: maxInFlightBytes,
		OutputPauseBytes: int(c.Network.OutputBytes),
		OutstandingLimit: int64(c.Throttle.GlobalOutstanding),
		MaxBatchRequests: maxBatchRequests,
		MaxBatchBytes:    maxBatchBytes,
		MaxInputRequests: maxInputRequests,
		BulkBytes:        bulkBytes,
		MaxBulkBytes:     maxBulkBytes,
		Ensemble:         c.Ensemble(),
	}
	me, _ := c.Quorum.Members.Member(jute.PeerID(c.Quorum.ServerID))
	if voters := len(c.Quorum.Members.Voters()); c.Ensemble() && !me.Observer {
		r.OutstandingLimit = throttle.Share(r.OutstandingLimit, voters)
	}
	if c.Auth.Enforce {
		r.EnforceSchemes = c.Auth.EnforceSchemes
	}
	return r
}

func reactorConfig(c *config.Config) reactor.Config {
	_, beside := machine.ForPeers(c, reactor.Descriptors())
	r := reactor.Config{
		Transport:       reactor.GNet,
		Listeners:       []string{address(c.Network.Client)},
		Loops:           c.Network.EventLoops,
		MaxFrame:        c.Network.MaxBufferBytes + 4,
		ConnectDeadline: c.Network.SessionlessTimeout,
		Limits: door.Limits{
			Total: c.Network.MaxConnections, ByAddress: c.Network.MaxPerAddress,
			Descriptors: reactor.ConnectionLimit(beside),
		},
		OutputHighWater: int(c.Network.OutputBytes),
		OutputBudget:    c.Network.OutputTotalBytes,
		InputBudget:     machine.InputBudget(c.Network.InputTotalBytes),
	}
	if c.Network.Transport == config.Std {
		r.Transport = reactor.Std
	}
	if c.Network.Backlog > 0 {
		r.Socket.Backlog = c.Network.Backlog
	}
	if c.Network.TCPKeepAlive {
		r.Socket.KeepAlive = 2 * time.Hour
	}
	return r
}

func address(l config.Listener) string {
	host := strings.Trim(l.Host, "[]") // Java allows brackets around an IPv6 address
	return net.JoinHostPort(host, strconv.Itoa(l.Port))
}
