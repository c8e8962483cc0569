package disk

import (
	"errors"
	"fmt"
	"strings"

	"quoll/jute"
)

// Errors that a DamageError or a MissingLogError wraps.
var (
	// ErrDamaged: data that was durable cannot be read any more. The server does not start, because
	// it could only start without that data.
	ErrDamaged = errors.New("damaged")
	// ErrSuspect: in files that Apache wrote, whole records lie behind a broken one, or
	// transactions are missing. Apache would start and lose them.
	ErrSuspect = errors.New("suspect")
)

// DamageError says where a directory is damaged or suspect. It also says what an operator who
// accepts the loss can do, so that the server starts again.
type DamageError struct {
	File   string
	Offset int64 // bytes
	// After is the last good zxid before the damaged place.
	After   jute.Zxid
	Reason  string
	Suspect bool // wraps ErrSuspect, otherwise ErrDamaged
	// Durable is the last zxid that was known to be durable; 0: not known.
	Durable jute.Zxid
	// Rename is the name that File should have. If it is set, renaming File is the whole remedy.
	Rename string
	// Header means that the header of File must be written again. That is then the whole remedy.
	Header bool
	// Cut means that File has good records before Offset, and must be cut there.
	Cut bool
	// Away are the files that must be moved away.
	Away []string
	// GivenUp are the whole records in the bytes that are cut off or moved away, without those that
	// another file holds too.
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

// tellLoss says which transactions an operator who follows the advice gives up.
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

// Held counts the transactions in one or more logs that can be read.
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

// MissingLogError is the refusal of a directory whose snapshots belong to a log that is missing. It
// wraps ErrDamaged.
type MissingLogError struct {
	LogDir string
	// Reached is the last durable zxid of the missing log, and Reaches the last one found now.
	Reached, Reaches jute.Zxid
	What             string // what the log directory seems to be
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
