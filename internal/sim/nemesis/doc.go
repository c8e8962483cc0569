// Package nemesis cuts the network between the servers of a simulated ensemble, and joins it again.
//
//	split     two groups that do not hear each other
//	isolate   one server, mostly the leader, hears nobody and is heard by nobody
//	deaf      one server is heard and hears nothing; mute: the other way round
//	one way   some ways between two servers carry nothing
//	bridge    two groups that only one server between them can reach
//	ring      every server reaches its neighbours only
//	swizzle   the links of some servers are clogged one server after the other, and opened again
//	          in another order (FoundationDB)
//
// What is cut waits, as TCP keeps it, and arrives later. Connections do not end by being cut.
//
// At the end Heal joins everything, or all but some servers: a quorum that was chosen must go on
// without the rest.
//
// Everything belongs to the one goroutine of the world. Read nemesis.go, then shapes.go.
package nemesis
