package apache

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/auth"
	"quoll/processor/prep"
	"quoll/processor/session"
	"quoll/processor/stats"
)

// crowded is a session whose ephemerals have longer paths, in all, than Apache reads in one record.
type crowded struct {
	prep *prep.Prep
	tree *datatree.Tree
	dir  *persistence.Dir
}

// write makes a transaction, applies it, and puts it into the log.
func (c *crowded) write(t *testing.T, as jute.OpCode, body jute.Record) *jute.Entry {
	t.Helper()
	w := prep.Write{Session: 7, Type: as, Identity: auth.Nobody()}
	if body != nil {
		w.Body = jute.Append(nil, body)
	}
	made := c.prep.Prepare(&w)
	require.Equal(t, jute.OK, made.Code)
	c.tree.Lock()
	c.tree.Apply(&made.Entry, new(datatree.Result))
	c.tree.Unlock()
	c.prep.Applied(made.Entry.Header.Zxid)
	require.NoError(t, c.dir.Log().Append(&made.Entry))
	return &made.Entry
}

// TestApacheReadsTheEndOfACrowdedSession: a closeSession that cannot name all that goes with it
// stands in a log from which Apache's server starts, and nothing of the session is left there.
func TestApacheReadsTheEndOfACrowdedSession(t *testing.T) {
	const maxBuffer = 0xfffff // jute.maxbuffer; extrasize is as much again
	disk := simfs.New()
	dir, err := open(disk)
	require.NoError(t, err)
	snapshot, err := dir.CreateSnapshot(0)
	require.NoError(t, err)
	for _, node := range []string{"", "/zookeeper", "/zookeeper/quota"} {
		require.NoError(t, snapshot.Node(node, nil, -1, &jute.StatPersisted{}))
	}
	_, err = snapshot.Finish(snap.Trailer{})
	require.NoError(t, err)
	tree := datatree.New(datatree.Options{})
	c := crowded{tree: tree, dir: dir, prep: prep.New(prep.Rules{
		Auth: &auth.Rules{}, CloseSessionTxn: true, MaxTxnBytes: 2 * maxBuffer,
	}, new(stats.Counts), tree, session.NewTable(1000, 0, 1, 1), 0)}

	c.write(t, jute.OpCreateSession, &jute.CreateSessionTxn{TimeOut: 4000})
	const nodes = 800
	for i := range nodes {
		c.write(t, jute.OpCreate, &jute.CreateRequest{
			Path: fmt.Appendf(nil, "/%s%d", strings.Repeat("long", 700), i),
			ACL: []jute.ACL{{
				Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"},
			}},
			Flags: jute.ModeEphemeral,
		})
	}
	end := c.write(t, jute.OpCloseSession, nil)
	var txn jute.CloseSessionTxn
	_, err = jute.Decode(end.Body, &txn)
	require.NoError(t, err)
	require.Less(t, len(txn.Paths2Delete), nodes, "the test is about one that does not fit")
	require.Zero(t, tree.Peek().EphemeralCount())
	require.Zero(t, tree.Faults())
	_, err = dir.Log().Commit()
	require.NoError(t, err)
	text := startsWith(t, disk.Kill(), end.Header.Zxid)
	require.Contains(t, text, "Node count: 4\n", "those of the snapshot")
}
