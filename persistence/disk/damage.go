package disk

import (
	"errors"
	"fmt"
	"strings"

	"quoll/jute"
)

// What a DamageError or a MissingLogError wraps.
var (
	// ErrDamaged: something that was durable cannot be read any more. Nothing is dropped to get
	// over it; the server does not start.
	ErrDamaged = errors.New("damaged")
	// ErrSuspect: in files that Apache wrote, whole records lie behind a broken one, or
	// transactions are missing. Apache would start and lose them.
	ErrSuspect = errors.New("suspect")
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
	GivenUp Held
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

// Held is what can be read of the transactions in one or more logs.
type Held struct {
	Records     int // with different zxids
	First, Last jute.Zxid
}

func (h Held) String() string {
	switch h.Records {
	case 0:
		return "no transaction that can be read"
	case 1:
		return fmt.Sprintf("1 transaction that can be read, zxid %v", h.First)
	}
	return fmt.Sprintf("%d transactions that can be read, zxids %v to %v",
		h.Records, h.First, h.Last)
}

// MissingLogError is the refusal of snapshots whose log is not there.
type MissingLogError struct {
	LogDir           string
	Reached, Reaches jute.Zxid
	What             string // the log directory is
}

func (e *MissingLogError) Error() string {
	lost := "the transactions of later epochs"
	if e.Reached.Epoch() == e.Reaches.Epoch() {
		lost = fmt.Sprintf("%d transactions", e.Reached-e.Reaches)
	}
	return fmt.Sprintf("%v: a log reached %v, %s reaches %v and %s: %s would be lost; mount it,"+
		" or start with quoll.trustMissingLog=true", ErrDamaged, e.Reached, e.LogDir, e.Reaches,
		e.What, lost)
}

func (e *MissingLogError) Unwrap() error { return ErrDamaged }
