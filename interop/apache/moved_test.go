package apache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/simfs"
	"quoll/interop/process"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
)

// sink is a tree that nobody needs.
type sink struct{}

func (sink) Session(jute.SessionID, int32) error                    { return nil }
func (sink) ACL(int64, []jute.ACL) error                            { return nil }
func (sink) Node(_, _ []byte, _ int64, _ *jute.StatPersisted) error { return nil }
func (sink) Reset()                                                 {}
func (sink) SnapshotLoaded(persistence.SnapInfo) error              { return nil }
func (sink) Txn(*jute.Entry) error                                  { return nil }
func open(disk *simfs.Disk) (d *persistence.Dir, err error) {
	opt := persistence.DefaultOptions("/data")
	opt.Log.PreAllocBytes, opt.Log.ZeroAheadBytes, opt.Snap.ReadAhead = 4096, 512, 0
	d, err = persistence.Open(disk, opt)
	if err == nil {
		_, err = d.Recover(sink{})
	}
	return d, err
}

func add(d *persistence.Dir, n int) error {
	for range n {
		e := jute.Entry{Header: jute.TxnHeader{
			Zxid: d.Log().LastZxid() + 1, Time: 1, Type: jute.OpSetData,
		}}
		e.Body = jute.Append(nil, &jute.SetDataRequest{Path: []byte("/"), Data: []byte("x")})
		e.Payload = jute.AppendEntry(nil, &e)
		if err := d.Log().Append(&e); err != nil {
			return err
		}
	}
	_, err := d.Log().Commit()
	return err
}

// forgotten has 8 transactions, and 3 more whose flush failed and was forgotten.
func forgotten(t *testing.T, newLog bool) *simfs.Disk {
	disk := simfs.New()
	disk.Deaf = true
	d, err := open(disk)
	require.NoError(t, err)
	w, err := d.CreateSnapshot(0)
	require.NoError(t, err)
	for _, node := range []string{"", "/zookeeper", "/zookeeper/quota"} {
		require.NoError(t, w.Node(node, nil, -1, &jute.StatPersisted{}))
	}
	_, err = w.Finish(snap.Trailer{})
	require.NoError(t, errors.Join(err, add(d, 4), add(d, 4)))
	if newLog {
		require.NoError(t, d.Log().Roll())
	}
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.Op == simfs.OpSync && strings.HasPrefix(path.Base(call.Name), "log.") {
			return simfs.Outcome{Err: simfs.ErrIO, Lost: true}
		}
		return simfs.Outcome{}
	}
	require.ErrorIs(t, add(d, 3), persistence.ErrDisk)
	disk.Inject = nil
	return disk.Kill()
}

// TestApacheStartsWhereTheEndOfALogMoves: at each crash of the move of a log's end to a new file
// Apache's server starts, and has every transaction, also where records stand twice.
func TestApacheStartsWhereTheEndOfALogMoves(t *testing.T) {
	seen := map[string]bool{}
	for _, newLog := range []bool{false, true} {
		disk := forgotten(t, newLog)
		look := func() {
			text := ""
			for _, name := range disk.Names() {
				if base := path.Base(name); strings.HasPrefix(base, "log.") {
					text += fmt.Sprintf("%s %q\n", base, disk.Read(name))
				}
			}
			if !seen[text] {
				seen[text] = true
				startsWith(t, disk, 11)
			}
		}
		disk.Inject = func(call simfs.Call) simfs.Outcome {
			if call.Op.Changes() {
				look()
			}
			return simfs.Outcome{}
		}
		_, err := open(disk)
		require.NoError(t, err)
		look()
	}
	require.GreaterOrEqual(t, len(seen), 4)
}

// startsWith starts Apache's server on a copy of the disk, and returns what it says of itself.
func startsWith(t *testing.T, disk *simfs.Disk, last jute.Zxid) string {
	t.Helper()
	dir := t.TempDir()
	version := filepath.Join(dir, "version-2")
	require.NoError(t, os.MkdirAll(version, 0o700))
	for _, name := range disk.Names() {
		require.NoError(t, os.WriteFile(filepath.Join(version, path.Base(name)), disk.Read(name), 0o600))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := Start(ctx, process.Options{DataDir: dir, ReadyWithin: time.Minute})
	require.NoError(t, err)
	defer server.Kill()
	text, err := process.FourLetter(ctx, server.Addr(), "srvr")
	require.NoError(t, err)
	require.Contains(t, text, fmt.Sprintf("Zxid: %v\n", last))
	return text
}
