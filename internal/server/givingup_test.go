package server_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"quoll/jute"
	"quoll/persistence"
)

// A quorum was started with less than a member has, and cuts that off. It may have been
// acknowledged, so the member's log says what is gone.
func TestWhatAMemberGivesUpIsTold(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	leader := e.lonely(10)
	data := filepath.Join(e.home(leader), "data")
	d, err := persistence.Open(persistence.OS{}, persistence.DefaultOptions(data))
	require.NoError(t, err)
	found, err := d.Recover(discard{})
	require.NoError(t, err)
	require.NoError(t, d.Close())
	seen, logs := observer.New(zap.WarnLevel)
	e.seen = seen
	e.start((leader+1)%3, (leader+2)%3)
	e.serving()
	e.start(leader)
	e.serving()
	e.has(leader, "/n9")
	e.same()
	told := logs.FilterMessage("transactions were cut off: the leader does not have them").All()
	require.Len(t, told, 1)
	require.Equal(t, map[string]any{
		"server": int64(leader + 1), "behind": jute.Zxid(found.LastZxid - 3).String(),
		"up to": found.LastZxid.String(),
	}, told[0].ContextMap())
}

// A server alone is to become the first member of an ensemble, but two empty ones are started
// before it: they are a quorum, and it takes their empty tree.
func TestAHistoryThatIsGivenUpForAnEmptyTreeIsTold(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	seen, logs := observer.New(zap.WarnLevel)
	e.seen = seen
	e.runAlone(0, 5)
	e.start(1, 2)
	e.serving()
	e.start(0)
	e.serving()
	e.has(0, "/zookeeper")
	e.same()
	told := logs.FilterMessage("the history of this server was given up for the leader's tree").All()
	require.Len(t, told, 1)
	fields := told[0].ContextMap()
	require.Equal(t, int64(1), fields["server"])
	require.Equal(t, "0x6", fields["it reached"], "a session and 5 nodes")
	require.Equal(t, []any{
		filepath.Join(e.below(0), "given-up.log.1"), filepath.Join(e.below(0), "given-up.snapshot.0"),
	}, fields["its files are kept as"])
}
