package config

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
)

func code(err error) jute.ErrorCode {
	var c jute.ErrorCode
	errors.As(err, &c)
	return c
}

// TestApacheReconfigs: what a server of Apache's answered, and the text it made.
func TestApacheReconfigs(t *testing.T) {
	codes := map[jute.ErrorCode]int{}
	var now *Config
	for _, line := range rows(t, "reconfig.hex") {
		before, after := unhex(t, line[0]), unhex(t, line[3])
		var req jute.ReconfigRequest
		_, err := jute.Decode([]byte(unhex(t, line[1])), &req)
		require.NoError(t, err)
		if now == nil {
			now = parse(t, before, Rules{})
		}
		require.Equal(t, before, now.String())
		made := parse(t, after, Rules{})
		r := Reconfig{Enabled: true, Synced: func(id jute.PeerID) bool { return id == 1 }}
		next, err := r.Next(Joint{Committed: now}, &req, jute.Zxid(made.Version))
		require.Equal(t, line[2], strconv.Itoa(int(code(err))), "%s\n%s\n%v", before,
			jute.Format(&req), err)
		codes[code(err)]++
		if err == nil {
			now = next
		}
		require.Equal(t, after, now.String(), "%s\n%s", before, jute.Format(&req))
	}
	for _, c := range []jute.ErrorCode{jute.OK, jute.BadArguments, jute.MarshallingError,
		jute.BadVersion, jute.NewConfigNoQuorum} {
		require.NotZero(t, codes[c], c)
	}
}

func everybody(jute.PeerID) bool { return true }

func TestReconfigChecks(t *testing.T) {
	const two = "server.1=a:1:2:participant;0.0.0.0:3\nserver.2=b:1:2:participant;0.0.0.0:3\n"
	now := parse(t, two+"version=5", Rules{})
	join := &jute.ReconfigRequest{JoiningServers: []byte("server.3=c:1:2;3"), CurConfigID: 5}
	leave := &jute.ReconfigRequest{LeavingServers: []byte("2"), CurConfigID: -1}
	for name, c := range map[string]struct {
		r    Reconfig
		now  Joint
		req  *jute.ReconfigRequest
		want jute.ErrorCode
	}{
		"disabled":    {Reconfig{Synced: everybody}, Joint{now, nil}, join, jute.ReconfigDisabled},
		"enabled":     {Reconfig{Enabled: true, Synced: everybody}, Joint{now, nil}, join, jute.OK},
		"seen by all": {Reconfig{Enabled: true, Synced: everybody}, Joint{now, now}, join, jute.OK},
		"under way": {Reconfig{Enabled: true, Synced: everybody}, Joint{now, now.WithVersion(6)},
			join, jute.ReconfigInProgress},
		"one is left": {Reconfig{Enabled: true, Synced: everybody}, Joint{now, nil}, leave, jute.OK},
		"one is left and is none": {Reconfig{Enabled: true, Synced: everybody,
			Rules: Rules{Standalone: true}}, Joint{now, nil}, leave, jute.BadArguments},
		"nobody is synced": {Reconfig{Enabled: true, Synced: func(id jute.PeerID) bool { return id > 3 }},
			Joint{now, nil}, join, jute.NewConfigNoQuorum},
	} {
		next, err := c.r.Next(c.now, c.req, 9)
		require.Equal(t, c.want, code(err), "%s: %v", name, err)
		if err == nil {
			require.Equal(t, int64(9), next.Version, name)
		}
	}
	require.Equal(t, two+"version=5", now.String())
}

// Names are compared by what they resolve to.
func TestJoinersAtTheSamePlace(t *testing.T) {
	now := parse(t, "server.1=a:1:2;3\nserver.2=b:1:2;3", Rules{})
	where := map[string]string{"a": "10.0.0.1", "b": "127.0.0.1", "c": "::ffff:10.0.0.1",
		"d": "127.0.0.1"}
	r := Reconfig{Enabled: true, Synced: everybody, Resolve: func(h string) (netip.Addr, bool) {
		ip, err := netip.ParseAddr(where[h])
		return ip, err == nil
	}}
	for spec, want := range map[string]jute.ErrorCode{
		"c:1:5;6": jute.BadArguments, "c:4:5;c:3": 0, "c:4:2;6": jute.BadArguments, "c:4:5;6": 0,
		"d:1:2;3": 0, "e:1:2;3": 0, "x:9:8;c:1": jute.BadArguments,
	} {
		_, err := r.Next(Joint{Committed: now}, &jute.ReconfigRequest{
			JoiningServers: []byte("server.3=" + spec), CurConfigID: -1,
		}, 1)
		require.Equal(t, want, code(err), "%s: %v", spec, err)
	}
}

// The new members are the old ones without those that leave and with those that join, whatever the
// order of the lines.
func TestReconfigAgreesWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 40), 1, 9, rapid.ID[int64])
		var text strings.Builder
		model := map[int64]string{}
		for _, id := range ids.Draw(t, "members") {
			model[id] = "h:1:2:participant;0.0.0.0:3"
			text.WriteString("server." + strconv.FormatInt(id, 10) + "=" + model[id] + "\n")
		}
		now := parse(t, text.String(), Rules{})
		var leaving, joining []string
		for _, id := range ids.Draw(t, "leave") {
			leaving = append(leaving, strconv.FormatInt(id, 10))
			delete(model, id)
		}
		for _, id := range ids.Draw(t, "join") {
			model[id] = "n:4:5:participant;0.0.0.0:6"
			joining = append(joining, "server."+strconv.FormatInt(id, 10)+"=n:4:5;6")
		}
		r := Reconfig{Enabled: true, Synced: everybody}
		next, err := r.Next(Joint{Committed: now}, &jute.ReconfigRequest{
			JoiningServers: []byte(strings.Join(joining, ",")),
			LeavingServers: []byte(strings.Join(leaving, ",")), CurConfigID: -1,
		}, 0x10)
		require.NoError(t, err)
		want := []string{"version=10"}
		for id, value := range model {
			want = append(want, "server."+strconv.FormatInt(id, 10)+"="+value)
		}
		slices.Sort(want)
		require.Equal(t, want, sorted(next))
	})
}
