package persistence

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"quoll/jute"
	"quoll/persistence/record"
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
	// ErrStray: a file that is nearly named as data may be data.
	ErrStray = errors.New("files that are not read")
	// ErrDirectory: the configured directories are not what they should be.
	ErrDirectory = errors.New("data directory")
	// ErrNotLogged: transactions that were asked for are not in the log, or not any more.
	ErrNotLogged = errors.New("not in the log")
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
	// Durable is how far transactions were known to be durable; 0: not known.
	Durable jute.Zxid
	// Rename is the name that File should have; with it there is nothing else to do.
	Rename string
	// Header: that of File is to be written anew, and there is nothing else to do.
	Header bool
	// Cut: File has something good before Offset, and is to be cut there.
	Cut bool
	// Away are the files that stand in the way then.
	Away []string
	// GivenUp are the whole records that are cut off or moved away, and that nothing else holds.
	GivenUp record.Held
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
	if e.Rename != "" {
		fmt.Fprintf(&s, "; rename it to %s", e.Rename)
	}
	if e.Header {
		fmt.Fprintf(&s, "; records follow, so give it a header:"+
			` printf 'ZKLG\0\0\0\2\0\0\0\0\0\0\0\0' | dd of=%s conv=notrunc`, e.File)
	}
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
	e.tellLoss(&s)
	return s.String()
}

// tellLoss says what who follows the advice gives up.
func (e *DamageError) tellLoss(s *strings.Builder) {
	fmt.Fprintf(s, "; this gives up %v", e.GivenUp)
	if e.Durable > max(e.After, e.GivenUp.Last) {
		fmt.Fprintf(s, "; transactions up to %v were durable", e.Durable)
	}
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
