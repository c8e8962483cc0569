package persistence

import (
	"errors"
	"fmt"

	"quoll/jute"
	"quoll/persistence/names"
)

// The sidecar is beside the log, and gone with it when dataLogDir is not mounted or was emptied.
// So the snapshot directory has a mark, snapmeta.0 and .1, of the same form and under the same
// rule of identity: the state of the sidecar at the last snapshot, stop or start. It says how far
// the log was durable, and by a random number in both which log directory that was.
//
// Where both are one directory there is none, unless they were two before.
//
// The mark can refuse a start, no more: where it is damaged, a copy, or older than what another
// server wrote, it means nothing.

// openMark reads the mark.
func (d *Dir) openMark() (err error) {
	d.mark, _, err = openSidecar(d.fs, d.snapDir, names.OfMark)
	var damage *DamageError
	if errors.As(err, &damage) {
		d.mark, err = newSidecar(d.fs, d.snapDir, names.OfMark), nil
	}
	return err
}

// reaches fails if the log that belongs to the snapshots reached further than what was recovered.
func (d *Dir) reaches(rec *Recovered, snaps []named, files Epochs) error {
	mark := &d.mark.state
	if rec.LastZxid >= mark.durable || d.opt.TrustMissingLog || mark.foreign(nil, snaps, files) {
		return nil
	}
	e := &MissingLogError{LogDir: d.logDir, Reached: mark.durable, Reaches: rec.LastZxid}
	switch id := d.meta.state.id; {
	case id == 0:
		e.What = "it has no log of ours"
	case id == mark.id:
		e.What = "it is the same directory, as it was before"
	default:
		e.What = "its log belongs to other snapshots"
	}
	return e
}

// updateMark brings the mark up to date with the sidecar.
func (d *Dir) updateMark(change func(*sidecarState)) error {
	if d.mark == nil || !d.mark.there() {
		return nil
	}
	state := d.meta.get()
	return d.mark.update(func(s *sidecarState) {
		state.seq = s.seq
		*s = state
		change(s)
	})
}

// replaceMark begins a mark for the life that begins. A disk that is too full for it stops nobody:
// the old mark says less, or as much.
func (d *Dir) replaceMark(state sidecarState, rec *Recovered) {
	if rec.MarkError = d.mark.replace(state); rec.MarkError != nil {
		d.mark.close()
		d.mark = nil
	}
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
