package main

import "runtime"

// diskProcessors are the processors of Go's scheduler that are kept for goroutines in a call to
// the disk: the log writer sits in one most of its time, a snapshot's walker often. Such a call
// holds its processor, and what is runnable there, until the scheduler's monitor takes it away;
// the monitor of a quiet process looks once in 10 ms. Measured in docs/decisions/0012.
const diskProcessors = 1

// reserveProcessors gives the disk its processor, unless the environment's GOMAXPROCS says how
// many there are to be.
func reserveProcessors(environment string) {
	if environment == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + diskProcessors)
	}
}
