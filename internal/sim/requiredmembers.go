package sim

import (
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/nemesis"
	"quoll/jute"
)

// requiredOfEnsembles lists what some hundred seeds of ensembles reach, beside what a server alone
// does too.
func requiredOfEnsembles() []requirement {
	return []requirement{
		{"crash at", fuse.Points()},
		{"crash at", fuse.MemberPoints()},
		{"partition", nemesis.Shapes()},
		{"role", []string{"leader", "follower", "observer", "looking"}},
		{"role ends", []string{
			"connection has ended", "elected leader does not answer",
			"no quorum of synchronised servers", "nothing heard in time", "own disk stands still",
			"tree of the leader could not be taken over",
		}},
		{"crash in sync", []string{
			"leader, DIFF", "leader, SNAP", "leader, TRUNC",
			"follower, no mode yet", "follower, DIFF", "follower, SNAP", "follower, TRUNC",
			"observer, no mode yet", "observer, DIFF", "observer, SNAP",
		}},
		{"crash in sync behind", []string{
			"FOLLOWERINFO said, no mode yet", "OBSERVERINFO said, no mode yet",
			"LEADERINFO heard, no mode yet", "ACKEPOCH said, no mode yet",
			"DIFF heard, DIFF", "PROPOSAL heard, DIFF", "COMMIT heard, DIFF",
			"NEWLEADER heard, DIFF", "ACK said, DIFF",
			"TRUNC heard, TRUNC", "PROPOSAL heard, TRUNC", "COMMIT heard, TRUNC",
			"NEWLEADER heard, TRUNC",
			"SNAP heard, SNAP", "PROPOSAL heard, SNAP", "COMMIT heard, SNAP", "INFORM heard, SNAP",
			"NEWLEADER heard, SNAP", "ACK said, SNAP",
		}},
		{"crash in sync before", []string{
			"the accepted epoch is durable, no mode yet",
			"a transaction is durable, DIFF", "the current epoch is durable, DIFF",
			"a transaction is durable, TRUNC", "the cut is durable, TRUNC",
			"the log read again is durable, TRUNC", "the current epoch is durable, TRUNC",
			"the snapshot is durable, SNAP", "a transaction is durable, SNAP",
			"the current epoch is durable, SNAP",
		}},
		{"job", []string{
			"BuildTree", "CanCut", "Cancel", "Load", "ReadLog", "ReadMore",
			"a stream is no tree", "a tree is built", "a walk failed",
		}},
		{"fault", []string{
			"a dial arrives unheard", "a link between servers stalls", "a link breaks",
			"a link is reset", "a proposed transaction is lost", "client away for long",
			"connection cut", "connection refused", "one way is blocked", "pause", "power loss",
			"process killed", "short read of the disk", "slow flush", "slow reader",
			"stopped in good order", "timed kill", "wall clock jumps",
			"what was on its way is lost",
		}},
		{"connect", []string{
			"new session", "came back", "refused", "wrong password", "ahead of the server",
			"unknown session", "moves", "with another's session",
		}},
		{"session", []string{"closed", "expired"}},
		{"setting", []string{"sync.quorum"}},
		{"told", []string{"established", "renewed", "closed", "expired", "zxid ahead"}},
		{"recovery", []string{"a torn end was cut off", "an empty log was removed"}},
		{"snapshot", []string{"written", "failed, and the server goes on"}},
		{"reaper", []string{"deleted a node"}},
		{"generator", []string{"the configuration of an ensemble is read"}},
		{"end", []string{
			"a quorum serves without the rest", "a snapshot follows writes",
		}},
		{"error transaction", codes(
			jute.SessionExpired, jute.SessionMoved, jute.NoNode, jute.NodeExists, jute.BadVersion,
			jute.NotEmpty, jute.NoChildrenForEphemerals, jute.InvalidACL, jute.NoAuth,
			jute.BadArguments, jute.Unimplemented, jute.QuotaExceeded, jute.MarshallingError,
			jute.ReconfigDisabled,
		)},
	}
}
