package machine

import (
	"fmt"

	"quoll/internal/config"
)

// fewConnections is how many connections a server should have room for, even if no setting asks for
// that many. A service that runs with the usual limit of a shell, 1024 open files, is set up
// wrongly.
const fewConnections = 4096

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
