//go:build unix

package owner

import (
	"os"

	"golang.org/x/sys/unix"
)

// Writable says why files cannot be made in a directory, as far as rights tell; nothing is made.
func Writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &os.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}
