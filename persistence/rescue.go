package persistence

import (
	"errors"

	"quoll/persistence/walmeta"
)

// Rescue writes anew what someone else has removed or renamed of the files that are written again
// and again: the log, the sidecar and the mark, the epochs. It says what that was. It belongs to
// the log writer. What cannot be written does not keep the rest from it. After an error Rescue may
// be called again; if the log has ended with it, the next Append says so.
func (d *Dir) Rescue() (done []string, err error) {
	if d.log == nil || d.log.err != nil {
		return nil, nil
	}
	for _, file := range []struct {
		what   string
		rescue func() (bool, error)
	}{
		{LogName(d.log.name), d.log.rescue},
		{"walmeta", d.meta.Rescue},
		{"snapmeta", d.mark.Rescue},
		{"epochs", func() (bool, error) {
			return walmeta.RescueEpochs(d.fs, d.snapDir, d.meta.Get().Epochs)
		}},
	} {
		rescued, failed := file.rescue()
		err = errors.Join(err, failed)
		if rescued {
			done = append(done, file.what)
		}
	}
	return done, err
}
