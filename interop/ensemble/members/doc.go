// Package members runs ensembles on loopback whose members are Apache's servers or ours, in any
// mixture: each has a plain zoo.cfg, a myid and a directory of its own, and is started, stopped,
// killed and paused alone.
//
//	Spec, Spec, Spec --New--> Ensemble --Start(1, 2)--> processes    logs: DIR/1.log ...
//	                             |
//	        Wait(what, deadline) + srvr, mntr, hash of each member
//
// Invariants: what waits has a deadline and asks again every few milliseconds; nothing sleeps and
// hopes. A member keeps its ports, also while it is down. Processes are ended by their own ids.
//
// An Ensemble belongs to one goroutine, except that Addrs and Kill of a running member may be
// called by any.
//
// Read members.go, then run.go, wait.go, words.go and taps.go.
package members
