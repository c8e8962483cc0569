// Package node is one simulated machine with a server: its disk, its clocks, the process that runs
// on it, and the faults that happen to them. The process is the replica and its lanes, as
// internal/server runs them, on the agenda of the world instead of goroutines.
//
//	pipe ---- socket --+
//	pipe ---- socket --+-- loop: lane --+-- process: replica ---- log writer --+-- simfs
//	          Park, caps, stalls        |     Step(events) -> effects  walker  |
//	                                    +---- mailbox ------------------------+
//
// The fuse is the one fault that is set in advance for a life of the process: a crash before or
// after a call of the disk or between two effects, or a call that fails. A process dies by a panic
// that guard catches; the machine starts another one after a while. The process tells the Recorder
// what it reads, writes, proposes and finds after a start. What must not happen is a violation of
// the world at once.
//
// Nodes share the world and the network, and nothing else. Everything belongs to the one goroutine
// of the world.
//
// Read setting.go, node.go (the machine), plague.go (faults), process.go and clock.go
// (a life), core.go (its turns), loop.go and socket.go (the lanes), storage.go (the log's writer
// and the walker), member.go, ports.go and jobs.go (a member of an ensemble), restore.go (what a
// start finds), decay.go (what becomes of files), then inspect.go (what is seen of it at the
// end) and hand.go (what others can do to it).
package node
