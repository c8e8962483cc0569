// Package metrics counts events under the names that ZooKeeper's dashboards know.
//
// Each server has one Registry. Counting on the hot path takes no lock: a Counter
// is one atomic addition, best made once a batch; a Summary is written through
// Recorders, one for each goroutine that adds values. The Recorders are merged when
// the Summary is read.
//
//	loop 0 -> Recorder --.
//	loop 1 -> Recorder ---+--> Summary.Snapshot --> mntr
//	core   -> Recorder --'
//
// A Recorder has a single writer, and only its writer clears it. Reset moves the
// registry to the next generation. A Recorder of an older generation counts as
// empty, and its writer clears it with the next value. Everything else may be
// called by any goroutine.
//
// A detailed Summary keeps a log-linear histogram. Values below 64 are kept exactly,
// larger ones in 32 steps an octave, so a percentile is at most 3 % off. Apache
// keeps a sample of 4,096 values instead.
//
//	value    0 1 2 ... 63 | 64 66 68 ... 126 | 128 132 ... 252 | ...
//	bucket   0 1 2 ... 63 | 64 65 66 ...  95 |  96  97 ... 127 | ...
//
// The package starts no goroutine and reads no clock.
//
// Read registry.go, summary.go and histogram.go, then mntr.go (how metrics are
// printed) and server.go (the names).
package metrics
