//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package owner

import "errors"

// This system has no flock(2). With quoll.lock=auto a start warns, with required it is refused.

func openLock(string) (fd int, err error) { return -1, nil }

func closeLock(int) {}

func flock(int) error { return errors.ErrUnsupported }

func before(int, int) bool { return false }

func same(int, int) bool { return false }

func leadsTo(string, int) bool { return true }

func overwrite(int, string) error { return nil }
