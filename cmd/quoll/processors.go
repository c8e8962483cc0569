package main

import "runtime"

// diskProcessors is how many processors of Go's scheduler are added for goroutines in a call to the
// disk. The log writer is in such a call most of its time, a snapshot's walker often. The call
// holds its processor, and the goroutines that wait for that processor, until the scheduler's
// monitor takes the processor away. In a quiet process the monitor looks only once in 10 ms.
// Measured in docs/decisions/0010-a-processor-for-the-disk.md.
const diskProcessors = 1

// reserveProcessors adds diskProcessors to GOMAXPROCS, unless the environment sets GOMAXPROCS.
func reserveProcessors(environment string) {
	if environment == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + diskProcessors)
	}
}
