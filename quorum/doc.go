// Package quorum is a server's part in an ensemble: which role the server has, which transactions
// it proposes, and which ones are committed.
//
// A transaction is committed when a quorum has it on disk. A standalone server is a leader whose
// quorum is the server itself: a transaction in its own log is committed (Solo). In an ensemble a
// Peer goes from role to role:
//
//	   +-------------------------- looking <-----------------------------+
//	   | LEADING                      |  FOLLOWING, OBSERVING            |
//	   v                              v                                  |
//	leading                        dialling ---- no answer ------------->+
//	   |                              |                                  |
//	   |                              v  connected                       |
//	   |                           learning                              |
//	   |                              |                                  |
//	   +---> the role has ended <-----+                                  |
//	               |                                                     |
//	               v      everything is durable, and the tree fits it    |
//	           flushing -----------------------------------------------> +
//	               |                                                     |
//	               v      the tree is loaded anew                        |
//	           reloading ----------------------------------------------> +
//
// The rooms beside this one hold the rules: election (who leads), zab (how a leader and its
// learners come to one history), config (who counts), effects (the language with the outside).
// transport and ports are the sockets. A reign is the time of one leader and its epoch.
//
// # Invariants
//
//   - A vote names what is durable: when a server begins to look nothing is on its way to the disk.
//   - A connection belongs to one role, or waits while the server looks. What comes from those of
//     an earlier role is dropped, and so are the ends of its jobs.
//   - The chain hears Leave after each role that has begun, before anything of the next one.
//   - A server without a history in the eyes of its leader is that to this leader's epoch alone. In
//     an election it is what it has on disk.
//
// Nothing here has goroutines, clocks, sockets or files. The package returns the work for the
// outside as effects.Effects, whose fields state the order.
//
// Read the package effects, then config.go and status.go (what goes in and out) and solo.go; then
// peer.go (a step), roles.go (how roles begin and end), links.go (the quorum port) and asks.go
// (what the chain asks for).
package quorum
