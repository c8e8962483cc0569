package prep

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
)

// The reaper has looked at the applied tree. A container that was deleted and made anew, or set,
// while the reaper's delete was on the way is not the one that it meant. It deletes one that nobody
// touched. A client that may delete a container need not wait for anything.
func TestTheReaperTakesNothingThatChangedInFlight(t *testing.T) {
	path := []byte("/box")
	container := jute.Txn{Type: jute.OpCreateContainer, Data: jute.Append(nil,
		&jute.CreateContainerTxn{Path: path, ACL: anyone(), ParentCVersion: -1})}
	reap := func(p *Prep, own bool) jute.ErrorCode {
		body := jute.Append(nil, &jute.PathBuffer{Path: path})
		return p.Prepare(&Write{
			Type: jute.OpDeleteContainer, Body: body, Identity: auth.Server(), Own: own,
		}).Code
	}
	require.Equal(t, jute.OK, reap(prepOver(t, Rules{}, container), true))

	p := prepOver(t, Rules{}, container)
	require.Equal(t, jute.OK, p.asked(jute.OpDelete, &jute.PathVersion{Path: path, Version: -1}).Code)
	require.Equal(t, jute.NoNode, reap(p, true))
	anew := &jute.CreateRequest{Path: path, ACL: anyone(), Flags: jute.ModeContainer}
	require.Equal(t, jute.OK, p.asked(jute.OpCreateContainer, anew).Code)
	require.Equal(t, jute.BadVersion, reap(p, true))
	require.Equal(t, jute.OK, reap(p, false))

	p = prepOver(t, Rules{}, container)
	set := &jute.SetDataRequest{Path: path, Data: []byte("in use"), Version: -1}
	require.Equal(t, jute.OK, p.asked(jute.OpSetData, set).Code)
	require.Equal(t, jute.BadVersion, reap(p, true))
}
