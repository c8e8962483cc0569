package model_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/model"
	"quoll/jute"
)

// A change of a clone changes nothing else: nodes, sessions, watches and quotas.
func TestACloneIsATreeOfItsOwn(t *testing.T) {
	tree := model.New(model.Options{EnforceQuota: true})
	who := model.Stranger(netip.MustParseAddr("10.0.0.1"))
	open := []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	zxid := jute.Zxid(0)
	create := func(t *model.Tree, path, data string) model.Outcome {
		zxid++
		return t.Write(&model.Request{
			Op: jute.OpCreate, Session: 7, Who: who, Body: jute.Append(nil, &jute.CreateRequest{
				Path: []byte(path), Data: []byte(data), ACL: open,
			}),
		}, zxid, 0, zxid-1)
	}
	tree.Open(7, 0)
	create(tree, "/a", "")
	tree.Read(&model.Request{Op: jute.OpGetChildren, Who: who, Body: jute.Append(nil,
		&jute.PathWatch{Path: []byte("/"), Watch: true})}, 1)
	digest, fingerprint := tree.Digest(), tree.Fingerprint()

	twin := tree.Clone()
	require.Equal(t, digest, twin.Digest())
	require.Equal(t, fingerprint, twin.Fingerprint())
	require.NotEmpty(t, create(twin, "/b", "").Events, "the watch is there")
	create(twin, "/a/child", "x")
	create(twin, model.QuotaTop+"/a", "")
	create(twin, model.QuotaNode("/a", model.LimitsNode), "")
	twin.Expire(7, zxid+1)
	require.NotEqual(t, digest, twin.Digest())

	require.Equal(t, digest, tree.Digest())
	require.Equal(t, fingerprint, tree.Fingerprint())
	require.Equal(t, fingerprint, tree.Clone().Fingerprint())
	require.True(t, tree.Sessions[7])
	require.NotEmpty(t, create(tree, "/b", "").Events, "and has not fired here")
}
