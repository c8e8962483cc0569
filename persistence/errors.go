package persistence

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"quoll/jute"
)

// Sentinels for what a directory holds; a DamageError wraps the first two.
var (
	// ErrDamaged: something that was durable cannot be read any more. Nothing is dropped to get
	// over it; the server does not start.
	ErrDamaged = errors.New("damaged")
	// ErrSuspect: in files that Apache wrote, whole records lie behind a broken one, or
	// transactions are missing. Apache would start and lose them.
	ErrSuspect = errors.New("suspect")
	// ErrNoSnapshot: there are transactions but no snapshot to apply them to
	// (snapshot.trust.empty allows it).
	ErrNoSnapshot = errors.New("transaction logs without a snapshot")
	// ErrNoValidSnapshot: there are snapshots, but none is whole.
	ErrNoValidSnapshot = errors.New("no valid snapshot")
	// ErrDirectory: the configured directories are not what they should be.
	ErrDirectory = errors.New("data directory")
	// ErrOrder: a transaction was appended out of order. Nothing was written.
	ErrOrder = errors.New("zxid out of order")
)

// DamageError says where a directory is damaged, or suspect, and what lets it start for who
// accepts the loss.
type DamageError struct {
	File   string
	Offset int64
	// After is the last good zxid before the place.
	After   jute.Zxid
	Reason  string
	Suspect bool
	// Cut: File has something good before Offset, and is to be cut there.
	Cut bool
	// Away are the files that stand in the way then.
	Away []string
}

func (e *DamageError) Error() string {
	var s strings.Builder
	s.WriteString(e.File)
	if e.Offset > 0 {
		fmt.Fprintf(&s, " at byte %d", e.Offset)
	}
	if e.Offset > 0 || e.After > 0 {
		fmt.Fprintf(&s, ", after zxid %v", e.After)
	}
	fmt.Fprintf(&s, ": %v: %s", e.Unwrap(), e.Reason)
	if !e.Cut && len(e.Away) == 0 {
		return s.String()
	}
	s.WriteString("; restore the directory from a copy, or, to start without what is lost:" +
		" keep a copy of it")
	if e.Cut {
		fmt.Fprintf(&s, ", truncate -s %d %s", e.Offset, e.File)
	}
	if len(e.Away) > 0 {
		fmt.Fprintf(&s, ", move away %s", strings.Join(e.Away, " "))
	}
	return s.String()
}

// advise completes a DamageError of the replay. What goes is what could not be reached, and a
// sidecar, which would demand it.
func (d *Dir) advise(err error, logs []named, sidecar bool) error {
	var damage *DamageError
	if !errors.As(err, &damage) {
		return err
	}
	if zxid, ok := zxidOfName(filepath.Base(damage.File), logPrefix); ok {
		for _, f := range logs {
			name := filepath.Join(d.logDir, f.Name)
			switch {
			case name == damage.File && damage.Offset > jute.FileHeaderBytes:
				damage.Cut = true
			case f.zxid >= zxid:
				damage.Away = append(damage.Away, name)
			}
		}
	}
	if sidecar {
		damage.Away = append(damage.Away, twinName(d.logDir, 0), twinName(d.logDir, 1))
	}
	return err
}

func (e *DamageError) Unwrap() error {
	if e.Suspect {
		return ErrSuspect
	}
	return ErrDamaged
}

func isEOF(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// errKeep: autopurge.snapRetainCount has a floor.
var errKeep = errors.New("at least 3 snapshots must be kept")
