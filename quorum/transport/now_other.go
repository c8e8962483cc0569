//go:build !unix

package transport

import "syscall"

// writeNow is for Unix alone, where a socket of Go's never blocks: elsewhere the writer writes.
func writeNow(syscall.RawConn, []byte) int { return 0 }
