package sim

import (
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/simfs"
	"quoll/jute"
)

// requirement is what a campaign must have reached, by class.
type requirement struct {
	class string
	names []string
}

// required lists what some hundred seeds reach. A name that stays at zero means that the simulation
// no longer tests what it claims to test.
func required() []requirement {
	calls := []string{}
	for op := simfs.OpReadDir; op <= simfs.OpTruncate; op++ {
		calls = append(calls, op.String())
	}
	return append(askedFor(), []requirement{
		{"crash before call", calls},
		{"crash after call", calls},
		{"failing call", calls},
		{"crash at", fuse.Points()},
		{"disk error", []string{simfs.ErrIO.Error(), simfs.ErrFull.Error()}},
		{"ended by a disk error", []string{"log", "snapshot", "start"}},
		{"fault", []string{
			"a proposed transaction is lost", "client away for long", "connection cut",
			"pause", "power loss", "process killed", "short read of the disk", "slow flush",
			"slow reader", "stopped in good order", "timed kill", "wall clock jumps",
		}},
		{"connect", []string{
			"new session", "came back", "refused", "wrong password", "ahead of the server",
			"unknown session", "moves", "with another's session", "refused: too many sessions",
		}},
		{"connection", []string{
			"closed at the cap of its output", "closed because its output stalled",
			"given up before the session", "hung up while it was parked", "input again", "lost",
			"not read because of its output", "parked",
		}},
		{"session", []string{
			"closed", "expired", "expired in another step",
			"deadlines moved because the process stood still",
		}},
		{"told", []string{
			"established", "renewed", "closed", "expired", "unknown session", "wrong password",
			"zxid ahead", "not serving", "frame length", "unreadable", "unknown opcode",
			"unknown scheme", "auth required", "too many watches", "large requests", "throttled",
			"cut",
		}},
		{"recovery", []string{
			"a snapshot was skipped", "a torn end was cut off", "an empty log was removed",
			"orphans were removed",
		}},
		{"rot", []string{"refused", "without effect"}},
		{"fault", []string{
			"a flush fails and forgets", "a snapshot rots", "a snapshot without a session",
		}},
		{"snapshot", []string{"written", "failed, and the server goes on"}},
		{"purge", []string{"removed files"}},
		{"reaper", []string{"deleted a node"}},
		{"event", []string{
			"NodeCreated", "NodeDeleted", "NodeDataChanged", "NodeChildrenChanged",
		}},
		{"nonsense", []string{
			"negative length", "too long", "no header", "unknown operation", "one byte too long",
		}},
		{"error code", codes(
			jute.OK, jute.SystemError, jute.MarshallingError, jute.Unimplemented,
			jute.BadArguments, jute.NoNode,
			jute.NoAuth, jute.BadVersion, jute.NoChildrenForEphemerals, jute.NodeExists,
			jute.NotEmpty, jute.InvalidACL, jute.AuthFailed, jute.NoWatcher,
			jute.ReconfigDisabled, jute.SessionClosedRequireAuth, jute.QuotaExceeded,
			jute.ThrottledOp,
		)},
		{"error code in a multi", codes(
			jute.RuntimeInconsistency, jute.Unimplemented, jute.BadArguments, jute.NoNode,
			jute.NoAuth, jute.BadVersion, jute.NoChildrenForEphemerals, jute.NodeExists,
			jute.NotEmpty, jute.InvalidACL, jute.QuotaExceeded,
		)},
		{"answered", operations()},
	}...)
}

// askedFor lists what clients must have asked, and under which settings.
func askedFor() []requirement {
	return []requirement{
		{"generator", []string{
			"a deleteContainer in a multi", "a four-letter word", "a four-letter word is answered",
			"a frame of exactly the limit", "a listing of more than 1,024 names",
			"a multi of more than ten operations", "a multi of more than ten operations succeeds",
			"a name that is not ASCII, or odd", "a quota is deleted", "a read in a multi",
			"a setWatches of another's", "a version that is absurd", "a write in a multiRead",
			"an ACL of addresses", "an ACL of one permission", "an ACL that names a digest",
			"data of 300 bytes up to the frame's limit", "requests behind a closeSession",
		}},
		{"fault", []string{
			"a link breaks", "connection refused", "one way is blocked",
			"what was on its way is lost",
		}},
		{"log writer", []string{"waits for company"}},
		{"end", []string{"a snapshot follows writes"}},
		{"epoch", []string{"another begins"}},
		{"setting", []string{
			"enableEagerACLCheck", "flushDelay", "forceSync=no", "maxMultiOps", "maxSessions",
			"no digest", "no last zxid in snapshots", "snapSizeLimit", "two directories",
			"four-letter words", "a node of many children", "an epoch that is nearly used up",
		}},
	}
}

// Missing lists what every campaign of some hundred seeds must reach and this one did not.
func (c *Campaign) Missing() []string {
	var missing []string
	list := required()
	if c.Nodes != 1 {
		list = requiredOfEnsembles()
	}
	for _, class := range list {
		for _, name := range class.names {
			if c.Counts.Get(class.class, name) == 0 {
				missing = append(missing, class.class+": "+name)
			}
		}
	}
	return missing
}

func codes(list ...jute.ErrorCode) []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.String()
	}
	return names
}

// operations lists the operations that are answered when a client sends them.
func operations() []string {
	var names []string
	for op := jute.OpCode(-20); op < 200; op++ {
		if isKnown(op) {
			names = append(names, op.String())
		}
	}
	return names
}

func isKnown(op jute.OpCode) bool {
	switch op {
	case jute.OpNotification, jute.OpCheck, jute.OpCreateSession, jute.OpError, jute.OpAuth:
		return false // refused, or answered outside the order
	}
	return op.String()[0] != 'u' // "unknown 10"
}
