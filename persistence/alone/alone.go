package alone

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
)

// Note says what a server alone did to the history of a member.
type Note struct {
	// From is the first zxid at which the history may not be the ensemble's; 0 if the file does not
	// say it.
	From jute.Zxid
	// Epoch was the member's current one.
	Epoch int64
}

// text is what the file says. The last line is the one that is read back.
const text = `A server alone has served this directory of a member of an ensemble (epoch %d).
What it wrote has zxids that the ensemble gave to other transactions.
So no member starts from this directory. See docs/operations.md, "A member that ran alone".
from=%v
`

const key = "\nfrom=0x"

// Path is where the note of a directory is.
func Path(dir string) string { return filepath.Join(dir, names.Alone) }

// Read returns the note of a directory, nil if it has none.
func Read(fsys disk.FS, dir string) (*Note, error) {
	f, err := fsys.Open(Path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var buf [1 << 10]byte
	n, err := disk.ReadFull(f, buf[:], 0)
	if err != nil && !disk.IsEOF(err) {
		return nil, err
	}
	_, value, _ := bytes.Cut(buf[:n], []byte(key))
	digits, _, whole := bytes.Cut(value, []byte("\n"))
	from, err := strconv.ParseInt(string(digits), 16, 64)
	if err != nil || !whole {
		from = 0 // it is a note all the same
	}
	return &Note{From: jute.Zxid(from)}, nil
}

// Leave makes a directory have a note, durably. One that is there already stays: it says where the
// two histories part.
func Leave(fsys disk.FS, dir string, n Note) error {
	there, err := disk.Exists(fsys, Path(dir))
	if err != nil {
		return disk.Error("look for", Path(dir), err)
	}
	if there {
		return nil
	}
	return disk.WriteFile(fsys, dir, names.Temporary(names.Alone), names.Alone,
		fmt.Appendf(nil, text, n.Epoch, n.From))
}

// Refuse is asked before a member changes a directory whose history ends at last. It returns an
// Error if a server alone wrote to it. A note behind which nothing was written is no reason.
func Refuse(fsys disk.FS, dir string, last jute.Zxid) error {
	n, err := Read(fsys, dir)
	if err != nil || n == nil || last < n.From {
		return err
	}
	return &Error{Dir: dir, From: n.From, Last: last}
}

// Forget removes the note, durably, if there is one. A member must have forgotten it before it
// writes: what it writes is not written alone.
func Forget(fsys disk.FS, dir string) error {
	there, err := disk.Exists(fsys, Path(dir))
	if err != nil || !there {
		return err
	}
	return disk.RemoveAll(fsys, []string{Path(dir)})
}

// Error is the refusal of a member's start.
type Error struct {
	Dir        string
	From, Last jute.Zxid // Last is that of the whole history
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s is a member's and was written to by a server alone: transactions"+
		" %v to %v are not the ensemble's, which gave these zxids to others."+
		" If the ensemble's history counts: move %s away, and start this member empty while all"+
		" others are well. If this one counts: all others must start empty and behind it, see"+
		" \"A member that ran alone\" in docs/operations.md; then remove %s",
		e.Dir, e.From, e.Last, e.Dir, Path(e.Dir))
}
