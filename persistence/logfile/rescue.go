package logfile

import (
	"fmt"
	"path/filepath"

	"quoll/persistence/disk"
	"quoll/persistence/names"
)

// Rescue writes the file anew under its name, if someone else has taken the name away or has given
// it to another file: what is in a file without a name is gone when the process ends. It reports
// whether it has done so. A file that has the name is replaced.
//
// Until the copy has the name, the file without one goes on. So an error in front of that, which
// does not wrap disk.ErrDisk, leaves everything as it was, and Rescue may be called again. An error
// behind that is final: the file without a name and the copy must not both go on.
func (f *File) Rescue() (done bool, err error) {
	if disk.HasName(f.fs, f.File) {
		return false, nil
	}
	dir, name := filepath.Split(f.Name())
	named, err := disk.Copy(f.fs, f.File, f.written, dir, names.Temporary(name), name)
	if !named {
		return false, fmt.Errorf("write %s anew: %w", f.Name(), err)
	}
	if err == nil {
		err = f.reopen()
	}
	if err != nil {
		return false, disk.Error("write anew", f.Name(), err)
	}
	return true, nil
}

// reopen goes on in the file that has the name now.
func (f *File) reopen() error {
	copied, err := f.fs.OpenRW(f.Name())
	if err != nil {
		return err
	}
	_ = f.Close() // nobody reads it any more
	f.File, f.size, f.zeroed = copied, f.written, f.written
	return nil
}
