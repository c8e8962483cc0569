// Package server puts a ZooKeeper server together with real sockets, files and time.
//
//	loops (reactor)         core                      log writer
//	  | lane: reads           | replica.Step            | append, flush
//	  |--- batch ------------>|                         |
//	  |                       |--- transactions ------->|
//	  |                       |<-- durable ticket ------|
//	  |<-- mailbox, wake -----|
//	  |                       |--- snapshot job ------> walker: walks the tree, writes the file
//	  |                       |<-- done ----------------|
//	                        ticker: a Tick event each interval
//
// Nothing is decided here: the rules are in processor, in replica and the rooms below it (inbox,
// logwriter, snapshotting, restore), and in persistence. Each goroutine owns the types of its own
// file. It gets its input from the others through one inbox with a mutex and one signal.
//
// A start goes lock -> bind and listen -> read and judge -> change -> serve, so that two servers
// never change one directory, and a start that is refused has changed nothing.
//
// Read server.go (the assembly) with start.go (the start), then core.go, logwriter.go, snapshot.go,
// storage.go, gate.go and rules.go. status.go, applied.go and alarms.go make the server visible
// from outside; aside.go runs the long answers to four-letter words. purge.go, memory.go and
// guard.go are further work of the ticker. available.go finds out how much memory the process can
// use, descriptors.go how many connections. here.go is for config check.
package server
