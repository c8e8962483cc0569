// Package clientlog writes the log lines about clients: which session began, ended or was refused,
// which connection was closed and why, with address and session. Only this package knows the
// wording and the level of each line, and how many lines of a kind may be written.
//
//	loops, core, acceptors, log writer
//	       | Tell(event): a few words copied under a mutex, or a number counted
//	       v
//	[windows: one a kind] [queue: whole events] --signal--> writer: formats, writes
//
// Each kind of event has windows of time. The first events of a window get a line each. The others
// are counted, and when the window ends one line says how many they were. So very many events leave
// a few lines whose counts add up, and a single event gets its own line at once. A log that takes
// no bytes delays the writer alone: events that come meanwhile are counted.
//
// Any goroutine may call Tell. The writer owns the logger.
//
// Read log.go, then lines.go and cut.go.
package clientlog
