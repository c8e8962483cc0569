package alone_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence/alone"
	"quoll/persistence/disk"
)

const dir = "/data/version-2"

func newDisk(t *testing.T) *simfs.Disk {
	fsys := simfs.New()
	require.NoError(t, fsys.MkdirAll(dir))
	require.NoError(t, fsys.SyncDir("/data"))
	require.NoError(t, fsys.SyncDir("/"))
	return fsys
}

// The note says from where on a history is not the ensemble's. The first note stays, and a member
// that has forgotten it writes what it likes.
func TestNote(t *testing.T) {
	fsys := newDisk(t)
	const from = jute.Zxid(4<<32 | 17)
	require.NoError(t, alone.Refuse(fsys, dir, from), "no note")
	require.NoError(t, alone.Forget(fsys, dir), "no note")
	require.NoError(t, alone.Leave(fsys, dir, alone.Note{From: from, Epoch: 4}))
	require.NoError(t, alone.Leave(fsys, dir, alone.Note{From: from + 9, Epoch: 4}))
	n, err := alone.Read(fsys, dir)
	require.NoError(t, err)
	require.Equal(t, from, n.From)
	require.Contains(t, string(fsys.Read(alone.Path(dir))), "(epoch 4)")
	require.NoError(t, alone.Refuse(fsys, dir, from-1), "nothing was written")
	for _, last := range []jute.Zxid{from, from + 1, 5 << 32} {
		var refusal *alone.Error
		require.ErrorAs(t, alone.Refuse(fsys, dir, last), &refusal)
		require.Equal(t, alone.Error{Dir: dir, From: from, Last: last}, *refusal)
	}
	after := fsys.PowerLoss(simfs.Everything())
	require.Error(t, alone.Refuse(after, dir, from), "it is durable")
	require.NoError(t, alone.Forget(after, dir))
	require.NoError(t, alone.Refuse(after.PowerLoss(simfs.Everything()), dir, from))
}

// A note that was changed by hand or torn is a note: everything is suspect.
func TestNoteThatCannotBeRead(t *testing.T) {
	fsys := newDisk(t)
	require.NoError(t, alone.Leave(fsys, dir, alone.Note{From: 7 << 32, Epoch: 7}))
	whole := string(fsys.Read(alone.Path(dir)))
	for _, text := range []string{
		"", "\n", strings.TrimSuffix(whole, "\n"), strings.ReplaceAll(whole, "from=0x", "from="),
		strings.ReplaceAll(whole, "0x7", "0xg"), strings.Repeat("x", 5000) + whole,
	} {
		fsys.Write(alone.Path(dir), []byte(text))
		require.Error(t, alone.Refuse(fsys, dir, 0), "%q", text)
	}
	fsys.Write(alone.Path(dir), []byte("looked at by bob\r\n"+whole+"and again\n"))
	require.NoError(t, alone.Refuse(fsys, dir, 6<<32))
	require.Error(t, alone.Refuse(fsys, dir, 7<<32))
}

// When the disk fails the note is not taken for absent, nor for left.
func TestNoteOnADiskThatFails(t *testing.T) {
	for at := 1; ; at++ {
		fsys := newDisk(t)
		calls := 0
		fsys.Inject = func(simfs.Call) (out simfs.Outcome) {
			if calls++; calls == at {
				out.Err = syscall.EIO
			}
			return out
		}
		err := alone.Leave(fsys, dir, alone.Note{From: 1, Epoch: 1})
		if calls < at {
			require.NoError(t, err)
			break
		}
		fsys.Inject = nil
		if err == nil { // the removal of an old temporary file, or the close
			require.Error(t, alone.Refuse(fsys.PowerLoss(simfs.Everything()), dir, 1), "call %d", at)
			continue
		}
		require.ErrorIs(t, err, disk.ErrDisk, "call %d", at)
	}
	fsys := newDisk(t)
	require.NoError(t, alone.Leave(fsys, dir, alone.Note{From: 1, Epoch: 1}))
	fsys.Inject = func(simfs.Call) simfs.Outcome { return simfs.Outcome{Err: syscall.EIO} }
	err := alone.Refuse(fsys, dir, 0)
	require.ErrorIs(t, err, syscall.EIO)
	require.False(t, errors.As(err, new(*alone.Error)))
	require.ErrorIs(t, alone.Forget(fsys, dir), syscall.EIO)
}
