package reactor

import (
	"runtime"

	"github.com/panjf2000/gnet/v2/pkg/pool/goroutine"
)

// A pool of goroutines starts with gnet's import, and has two of them and a clock that ticks until
// the process ends. It is undone here, as early: whoever imports Quoll has no goroutine of it.
var _ = restPool()

// restPool closes the pool. Only EventLoop.Register and Enroll need it, which the transport does
// without; on Windows all of gnet does. A program that wants them calls the pool's Reboot.
func restPool() (closed bool) {
	if runtime.GOOS != "windows" {
		goroutine.DefaultWorkerPool.Release()
	}
	return goroutine.DefaultWorkerPool.IsClosed()
}
