// Package clientlog writes what the log says about clients: which session began, ended or was
// refused, which connection was closed and why, with address and session. It is the one place that
// knows the wording and the level of each line, and how many of a kind there may be.
//
//	loops, core, acceptors, log writer
//	       | Tell(event): a few words copied under a mutex, or a number counted
//	       v
//	[windows: one a kind] [queue: whole events] --signal--> writer: formats, writes
//
// Of each kind the first events of a window are lines of their own; the others are counted, and one
// line says how many there were when the window ends. So a storm leaves a few lines whose counts
// add up, and a lone event its own line at once. A log that takes no bytes holds up the writer
// alone: what is told meanwhile is counted.
//
// Any goroutine may call Tell. The writer owns the logger.
//
// Read log.go, then lines.go and cut.go.
package clientlog
