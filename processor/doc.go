// Package processor is the way of a request: the lanes that take it from a connection, and the
// chain that checks, orders, applies and answers it.
//
//	loop                                   core
//	+--------------------------------+     +----------------------------------------------+
//	| Stream.Input                   |     | Chain                                        |
//	|   frame -> a read, and nothing |     |   request                                    |
//	|     of the connection at the   |     |     write -> Prep -> Proposer  (to the log)  |
//	|     core: reads answers        |     |                 |                            |
//	|   else -> Lane.forward --------+-->  |              Commit  <- durable, acks        |
//	|                                |     |                 |                            |
//	| Lane.Drain <- mailbox <--------+---  |              Final: apply, events, replies   |
//	+--------------------------------+     +----------------------------------------------+
//
// The rules of order, and where each is kept:
//
//  1. Replies leave in the order of requests: a read is answered by the lane only when the core has
//     nothing of the connection (Stream.request); auth and sasl leave at once (Stream.inline).
//  2. A session's requests take effect in the order sent: what follows a write waits behind it
//     (Commit.wait) and is answered right after it is applied (Final.apply).
//  3. An event is out before a reply that shows the change: mail is published under the tree's
//     write lock, and a lane empties its mailbox after it has the read lock (Lane.enter).
//  4. Nothing is answered or seen before it is durable: only Chain.Committed applies.
//  5. A write's reply has its own zxid, others the last one applied (Final.reply, Reader.Frame).
//  6. Nothing waits for a slow client: a full connection is not read from (Stream.full), and stands
//     in no line (Stream.OutputFull). Large requests take turns, so that small ones wait for one
//     short flush (bulk).
//  7. A zxid is given once: Prep alone counts, and what cannot be decoded gets none.
//
// Why a connection is not read from, and how its session lives meanwhile, is drawn in the package
// flow; waiting.go is its user.
//
// Nothing here starts a goroutine, reads a clock or does I/O. A Lane and its Streams belong to
// their loop's goroutine; a Chain and its stages to the core. What both touch is in the package
// mail.
//
// Read in this order: the packages op and mail; lane.go, stream.go, waiting.go, bulk.go and
// words.go; chain.go, which is the whole way on one screen, with chain_connect.go and
// chain_throttle.go; the stages prep.go (and prep_*.go by family of operations, with the packages
// journal and multi), commit.go, final.go, with the package reads; tally.go and stats.go;
// telling.go, with the package tell, for what the log says of clients.
package processor
