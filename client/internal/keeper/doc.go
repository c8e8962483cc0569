// Package keeper keeps a client connected: it dials, attaches connections to the queue of calls and
// to the watches, keeps the session alive, and carries out what the machine decides when something
// breaks.
//
//	timer, dialers, link, user --> Keeper --asks--> machine.Machine, machine.Lease
//	                                 |
//	                                 +--> link.Link    dial, auth, setWatches, ping, closeSession
//	                                 +--> calls.Queue  Settle, Refuse, Late
//	                                 +--> Registry     Rearm, EndOneShots, EndAll
//	                                 +--> Board        the Status that everyone can read
//
// A new connection learns, in this order: the credentials, the watches, the reads that were sent on
// the old one, the calls that were not sent.
//
// Invariants:
//   - There is at most one link, and at most one dial under way.
//   - The board shows no server before the calls and watches of a broken connection are settled.
//   - Lapsed of a session is closed before anything else happens that ends the session.
//
// The Keeper is one goroutine (Run) that owns everything in it but the Board and Credentials, which
// have a mutex. Dials, look-ups and the search for a server with a quorum are goroutines of their
// own that change nothing and send their result.
//
// Read keeper.go (the loop), connect.go (a connection begins), end.go (it ends), tick.go and
// clock.go (time), seek.go (read-only servers); session.go, board.go and credentials.go are what
// others see.
package keeper
