package prep

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// Times to live at their bounds, by operation and mode: 40 bits and not 0 where the mode has one,
// and none at all where it has not (ZooKeeper's EphemeralType and validateCreateRequest).
func TestTimesToLive(t *testing.T) {
	const most = 1<<40 - 1
	for i, c := range []struct {
		mode jute.CreateMode
		ttl  int64
		want jute.ErrorCode
	}{
		{jute.ModePersistentTTL, -1, jute.BadArguments},
		{jute.ModePersistentTTL, 0, jute.BadArguments},
		{jute.ModePersistentTTL, 1, jute.OK},
		{jute.ModePersistentSequentialTTL, most, jute.OK},
		{jute.ModePersistentTTL, most + 1, jute.BadArguments},
		{jute.ModePersistent, -1, jute.OK},
		{jute.ModePersistent, 0, jute.BadArguments},
		{jute.ModePersistent, 1, jute.BadArguments},
		{jute.ModeEphemeral, -2, jute.OK},
	} {
		in := &jute.CreateTTLRequest{TTL: c.ttl}
		in.Path, in.ACL, in.Flags = fmt.Appendf(nil, "/n%d", i), anyone(), c.mode
		p := prepOver(t, Rules{ExtendedTypes: true})
		require.Equal(t, c.want, p.asked(jute.OpCreateTTL, in).Code, "%v of %d ms", c.mode, c.ttl)
		p = prepOver(t, Rules{})
		if c.mode.TTL() {
			c.want = jute.Unimplemented
		}
		require.Equal(t, c.want, p.asked(jute.OpCreateTTL, in).Code, "without extended types")
	}
}
