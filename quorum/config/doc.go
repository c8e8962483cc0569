// Package config is the configuration of an ensemble: its members, how their votes count, and what
// a reconfig makes of it. Members cannot change at run time yet, so nobody outside of this package
// uses reconfig.go, Joint and dynamic files so far.
//
// A configuration is text for Apache, everywhere the same lines: in zoo.cfg, in a dynamic file, in
// the node /zookeeper/config, in NEWLEADER and in every notification of an election.
//
//	server.1=h1:2888:3888:participant;0.0.0.0:2181    host:quorum:election:role;clients
//	server.2=h2:2888:3888:observer;0.0.0.0:2181
//	group.1=1:4:7                                     hierarchical quorums only
//	weight.1=3                                        hierarchical quorums only
//	version=100000000                                 hexadecimal, no newline
//
// The text of a Config is Apache's byte for byte. That goes as far as the order of its lines, which
// is that of Java's hash maps (javaorder.go), and IPv6 addresses, which Java writes out.
//
// Invariants:
//   - A Config never changes. Whoever holds one may keep it.
//   - What a peer sends is bounded by its packet before it comes here, and no text makes this
//     package panic.
//   - Every error wraps ErrText or ErrNumber, which Apache tells apart when it answers a reconfig,
//     or the error code itself.
//
// Nothing here has goroutines, clocks, sockets or files; names of hosts are resolved by whoever
// asks. Read config.go (what a configuration is, and its text), verifier.go (what a quorum is),
// member.go and address.go (one line), parse.go (all of them, and files), reconfig.go (the next
// configuration), then properties.go and javaorder.go for Java's part in it.
package config
