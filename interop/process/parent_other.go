//go:build !linux

package process

import "syscall"

// dieWithParent has no equivalent here: a child outlives a parent that was killed.
func dieWithParent() *syscall.SysProcAttr { return nil }
