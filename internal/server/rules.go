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
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/lane"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/stats"
	"quoll/processor/throttle"
	"quoll/reactor"
)

// The rules are the configuration in each room's own terms.

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

// standaloneSessionServer is the high byte of the session ids that a standalone Apache gives.
const standaloneSessionServer = 1

// maxApplyBatch bounds how long reads wait while transactions are applied.
const maxApplyBatch = 256

// expiriesPerStep bounds how long requests wait while a crowd of sessions ends: a closeSession with
// some ephemerals takes about 8 µs to prepare.
const expiriesPerStep = 128

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
				MaxTxnBytes:     2 * c.Network.MaxBufferBytes,
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
		ServerID:       standaloneSessionServer,
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

// tickInterval is how often the core is told of the time: often enough that a session expires
// close to its bucket's end, and containers close to their interval's.
func tickInterval(c *config.Config) time.Duration {
	shortest := min(c.Sessions.TickTime, 2*c.Features.Containers.CheckInterval)
	return min(max(shortest/4, 5*time.Millisecond), 250*time.Millisecond)
}

// What a connection may have in the core at once, how many reads one hold of the tree's lock
// answers, and what all connections of a loop may have in the core of large requests: what a flush
// writes must take some milliseconds only.
const (
	maxInFlightBytes = 512 << 10
	maxBatchRequests = 256
	maxBatchBytes    = 64 << 10
	maxInputRequests = 1024
	bulkBytes        = 64 << 10
	maxBulkBytes     = 1 << 20
)

// What a long answer may hold the tree's lock for, and how long the reply to a multiRead may be.
const (
	chunkNames    = 4096
	chunkBytes    = 1 << 20
	maxMultiBytes = 32 << 20
)

func readLimits(c *config.Config) reads.Limits {
	return reads.Limits{
		MaxWatches: c.Features.MaxWatches, MaxMultiOps: c.Features.MaxMultiOps,
		MaxMultiBytes: max(maxMultiBytes, 2*c.Network.MaxBufferBytes),
		ChunkNames:    chunkNames, ChunkBytes: chunkBytes,
	}
}

// watchLimits are bytes of watched paths.
func watchLimits(c *config.Config) watch.Limits {
	return watch.Limits{
		Own: c.Features.WatchBytes, Total: orQuarter(c.Features.WatchTotalBytes),
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
	}
	if c.Auth.Enforce {
		r.EnforceSchemes = c.Auth.EnforceSchemes
	}
	return r
}

func reactorConfig(c *config.Config) reactor.Config {
	r := reactor.Config{
		Transport:       reactor.GNet,
		Listeners:       []string{address(c.Network.Client)},
		Loops:           c.Network.EventLoops,
		MaxFrame:        c.Network.MaxBufferBytes + 4,
		ConnectDeadline: c.Network.SessionlessTimeout,
		MaxClientCnxns:  c.Network.MaxPerAddress,
		MaxCnxns:        c.Network.MaxConnections,
		OutputHighWater: int(c.Network.OutputBytes),
		OutputBudget:    c.Network.OutputTotalBytes,
		InputBudget:     inputBudget(c.Network.InputTotalBytes),
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
	host := strings.Trim(l.Host, "[]") // as Java takes an IPv6 address
	return net.JoinHostPort(host, strconv.Itoa(l.Port))
}
