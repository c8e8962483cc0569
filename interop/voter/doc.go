// Package voter runs one server's part in elections over real sockets, and nothing that follows
// one: a member that votes, learns who leads, and joins nobody. So elections can be tried with
// Apache's servers, and among ourselves, without a ZooKeeper around them.
//
//	transport --events--> loop --LinkEvent--> election.Member --effects--> loop --> transport
//	                       ^
//	         every 10 ms --+-- Look, Reign
//
// Invariants: the loop alone touches the member, in one goroutine, and ends with Stop.
//
// Read voter.go.
package voter
