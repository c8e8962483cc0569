// Package auth decides who a connection is and what it may do.
//
// An Identity is the ids a connection has shown. It never changes: a successful auth packet makes a
// new one, so that each request can carry the identity it was received under (rule 1 of the order).
// A request that a learner forwards brings its own list of ids, whose order is kept. Rules holds
// what the configuration says; its methods are pure.
//
//	scheme  id in an ACL          shown by                      "auth" expands to it
//	world   anyone                -                             no
//	ip      address[/bits]        the peer's address            no
//	digest  user:base64(hash)     user:password                 yes
//	super   ""                    the password of superDigest   no; skips every check
//	auth    ""                    stands for the requestor's authenticated ids
//
// Nothing here has goroutines, clocks or sockets. Read identity.go, then rules.go, digest.go and
// ip.go.
package auth
