package machine

import (
	"fmt"

	"quoll/internal/config"
)

// fewConnections is how many connections a server should have room for, even if no setting asks for
// that many. A service that runs with the usual limit of a shell, 1024 open files, is set up
// wrongly.
const fewConnections = 4096

// strangersMost is how many connections of others than members a port of a member takes, where
// there are descriptors enough.
const strangersMost = 128

// ForPeers is how many accepted connections each port of a member may have, and how many
// descriptors that and its own connections come to. Both are 0 for a server alone. open is the
// limit of open files; 0 is no limit. Each other member has one connection to each port, and may
// have another one before the old one is known to be dead. This member has as many to the ports of
// each other one, and reads a log for it.
func ForPeers(c *config.Config, open int) (accepted, all int) {
	if !c.Ensemble() {
		return 0, 0
	}
	members, strangers := len(c.Quorum.Members.Members), strangersMost
	if open > 0 {
		strangers = min(max(open/32, 8), strangersMost)
	}
	accepted = 2*members + strangers
	return accepted, 2*accepted + 3*members
}

// WithoutDescriptors returns warnings about settings that cannot take effect, because the limit of
// open files leaves room for fewer connections. room is that number of connections; 0 is no limit.
func WithoutDescriptors(c *config.Config, room int) (warnings []string) {
	if room == 0 {
		return nil
	}
	const remedy = "raise it (LimitNOFILE, ulimit -n)"
	wanted := func(name string, n int) {
		warnings = append(warnings, fmt.Sprintf(
			"%s is %d, but the limit of open files leaves room for %d connections: %s",
			name, n, room, remedy))
	}
	if c.Network.MaxConnections > room {
		wanted("maxCnxns", c.Network.MaxConnections)
	}
	if n := c.Sessions.MaxCount; n != config.DefaultMaxSessions && n > room {
		wanted("quoll.maxSessions", n)
	}
	if len(warnings) == 0 && room < fewConnections {
		warnings = append(warnings, fmt.Sprintf(
			"the limit of open files leaves room for %d connections: %s", room, remedy))
	}
	return warnings
}
