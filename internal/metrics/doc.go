// Package metrics counts, under the names that ZooKeeper's dashboards know.
//
// One Registry a server. What is counted on the hot path costs no lock: a Counter
// is one atomic addition, best made once a batch; a Summary is written through
// Recorders, one for each goroutine that feeds it, and merged when somebody looks.
//
//	loop 0 -> Recorder --.
//	loop 1 -> Recorder ---+--> Summary.Snapshot --> mntr
//	core   -> Recorder --'
//
// A Recorder has a single writer, and only its writer clears it: Reset moves the
// registry to the next generation, and a Recorder that is behind counts as empty
// until its writer comes by. Everything else may be called by any goroutine.
//
// A detailed Summary keeps a log-linear histogram: values below 64 exactly, above
// in 32 steps an octave, so a percentile is at most 3 % off. Apache keeps a sample
// of 4,096 values instead.
//
//	value    0 1 2 ... 63 | 64 66 68 ... 126 | 128 132 ... 252 | ...
//	bucket   0 1 2 ... 63 | 64 65 66 ...  95 |  96  97 ... 127 | ...
//
// The package starts no goroutine and reads no clock.
//
// Read registry.go, summary.go and histogram.go, mntr.go for the print, and
// server.go for the names.
package metrics
