// Command contend lets the Go client's recipes and those of Curator 5.9.0, or of kazoo 2.11.0,
// take part in one thing at the same paths, on one server.
//
//	recipe      with             what is checked in each turn
//	lock        Curator, kazoo   nobody else is inside; no count is lost
//	rw          Curator, kazoo   a writer is alone, a reader without a writer
//	election    Curator, kazoo   as lock
//	latch       Curator          as lock
//	semaphore   Curator          at most three are inside
//	barrier     Curator, kazoo   nobody passes before it is opened
//	double      Curator, kazoo   both are inside, both have left
//	group       Curator          each sees the other come and go
//	discovery   Curator          the same of instances, with their payload
//	counter     Curator, kazoo   the sum is that of all turns
//	queue       Curator, kazoo   each item is had once, received by us, locked by them
//
// Both sides make nodes of their own inside, ephemeral ones, and look for those of the others:
// what overlaps is seen by one of them at least. Two threads of theirs, with a connection each,
// stand against two of ours.
//
//	go run ./interop/contend -quoll bin/quoll -seconds 60
//	go run ./interop/contend -quoll bin/quoll -with kazoo -only lock
//
// Their sides are Contend.java in interop/curator and contend.py in interop/kazoo. Exit code 1:
// there was a violation, or somebody did not come to the end.
//
// Read main.go, then contest.go (one recipe), turns.go (our side of it), inside.go,
// items.go and members.go.
package main
