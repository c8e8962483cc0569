package persistence

import (
	"errors"

	"quoll/persistence/names"
	"quoll/persistence/walmeta"
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
	d.mark, _, err = walmeta.Open(d.fs, d.snapDir, names.OfMark)
	var damage *DamageError
	if errors.As(err, &damage) {
		d.mark, err = walmeta.New(d.fs, d.snapDir, names.OfMark), nil
	}
	return err
}

// reaches fails if the log that belongs to the snapshots reached further than what was recovered.
func (d *Dir) reaches(rec *Recovered, snaps []named, files Epochs) error {
	mark := d.mark.Get()
	if rec.LastZxid >= mark.Durable || d.opt.TrustMissingLog ||
		mark.Foreign(walmeta.None, newest(snaps), files) {
		return nil
	}
	e := &MissingLogError{LogDir: d.logDir, Reached: mark.Durable, Reaches: rec.LastZxid}
	switch id := d.meta.Get().ID; {
	case id == 0:
		e.What = "it has no log of ours"
	case id == mark.ID:
		e.What = "it is the same directory, as it was before"
	default:
		e.What = "its log belongs to other snapshots"
	}
	return e
}

// updateMark brings the mark up to date with the sidecar.
func (d *Dir) updateMark(change func(*walmeta.State)) error {
	if d.mark == nil || !d.mark.There() {
		return nil
	}
	state := d.meta.Get()
	return d.mark.Update(func(s *walmeta.State) {
		s.Become(state)
		change(s)
	})
}

// replaceMark begins a mark for the life that begins. A disk that is too full for it stops nobody:
// the old mark says less, or as much.
func (d *Dir) replaceMark(state walmeta.State, rec *Recovered) {
	if rec.MarkError = d.mark.Replace(state); rec.MarkError != nil {
		d.mark.Close()
		d.mark = nil
	}
}
