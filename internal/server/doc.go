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
// file. It gets its input from the others through one inbox with a mutex and one signal. When few
// events come, the core's step is made by whoever brings one (room stepper).
//
// A start goes lock -> bind and listen -> read and judge -> change -> serve, so that two servers
// never change one directory, and a start that is refused has changed nothing.
//
// A member of an ensemble has two more ports, and a tick of 10 ms for its peer. The room jobs runs
// what takes long, the room machine knows what the machine has.
//
//	election port --- events ---> core --- links, packets, votes ---> both ports
//	quorum port   --- packets --->  |  --- jobs ---> jobs: the log read, trees streamed and built
//
// Read server.go (the assembly) with start.go (the start), member.go (what a member has beside) and
// alone.go (a member's directory without its ensemble), then the room stepper, core.go,
// logwriter.go, snapshot.go, storage.go, gate.go and rules.go. status.go, applied.go, alarms.go and
// the rooms roles and givingup make the server visible from outside; aside.go runs the long answers
// to four-letter words. purge.go and guard.go are further work of the ticker. here.go is for config
// check.
package server
