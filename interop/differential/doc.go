// Command differential sends one program of requests to two ZooKeeper servers, Apache's and ours,
// and compares every byte that they answer.
//
//	go run ./interop/differential -seed 7 -requests 100000
//
// A program is made from its seed, step by step; what Apache answered to the steps before decides
// which paths, versions and sessions the next one names, so that most of it means something. A
// step is played on both servers, on the same one of a few connections, and then every connection
// is pinged, so that whatever the step caused has arrived:
//
//	generator --step--> player --frames--> Apache --replies, events--> masks --\
//	    ^                  \---- frames--> Quoll  --replies, events--> masks ---> compare
//	    |                                     |
//	    +------------- hints <----------------+ (Apache's answers)
//
// There is one driver and it waits, so both servers have the same zxids, versions and counters:
// none of these is masked. What is masked says docs/decisions/0010-differential-masks.md.
//
// On the first difference the run ends: it prints the seed, the step, the requests of the step and
// both answers field by field. With -shrink it then leaves out steps, on fresh servers each time,
// as long as the difference stays. With -explore it goes on, and counts differences by their kind.
//
// Invariants:
//   - A step is plain data. What depends on a server, session ids and the zxids of the present, is
//     named in it and filled in as it is played. So any sub-sequence of a program can be played.
//   - A batch that the servers may answer out of order, or whose connection they close, has no
//     requests behind it (see step.go).
//
// Read main.go, step.go, then generate.go with learn.go, sessions.go, operations.go and values.go,
// then servers.go, side.go, mask.go and run.go.
package main
