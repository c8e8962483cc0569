package persistence

import (
	"errors"

	"quoll/persistence/names"
	"quoll/persistence/walmeta"
)

// The sidecar is beside the log, so it is missing when dataLogDir is not mounted or was emptied.
// Therefore the snapshot directory has a mark, the files snapmeta.0 and .1. The mark has the format
// of the sidecar, and a copied mark is recognised in the same way. It holds the state of the
// sidecar at the last snapshot, stop or start. It says how far the log was durable. A random
// number, which mark and sidecar share, says which log directory that was.
//
// There is no mark where snapshots and logs share one directory, unless they had two before.
//
// The mark can only make a start fail. A mark that is damaged, copied, or older than files of
// another server is ignored.

// openMark reads the mark.
func (d *Dir) openMark() (err error) {
	d.mark, _, err = walmeta.Open(d.fs, d.snapDir, names.OfMark)
	var damage *DamageError
	if errors.As(err, &damage) {
		d.mark, err = walmeta.New(d.fs, d.snapDir, names.OfMark), nil
	}
	return err
}

// reaches fails if the log that belongs to the snapshots once held later transactions than those
// that were recovered.
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

// replaceMark writes a new mark for the process that starts. A disk that is too full for the mark
// does not stop the server: an old mark demands no more than the new one would.
func (d *Dir) replaceMark(state walmeta.State, rec *Recovered) {
	if rec.MarkError = d.mark.Replace(state); rec.MarkError != nil {
		d.mark.Close()
		d.mark = nil
	}
}
