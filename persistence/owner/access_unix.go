//go:build unix

package owner

import (
	"os"

	"golang.org/x/sys/unix"
)

// Writable returns an error if the process has no right to make files in a directory. It makes no
// file, so it cannot notice other reasons.
func Writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &os.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}
