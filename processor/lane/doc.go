// Package lane is the loop's side of the protocol: a Lane for each event loop, a Stream for each
// connection. It takes frames apart, answers what can be answered from the tree, sends the rest to
// the core, and writes what comes back.
//
//	reactor                        loop                                    core
//	            +-------------------------------------------------+
//	bytes ----->| Stream.Input                                    |
//	            |   first frame: a word, or a connect request     |
//	            |   auth, sasl: answered at once                  |
//	            |   a read, and nothing of the connection at the  |
//	            |     core: Reader.Frame under the read lock      |
//	            |   else: Lane.forward, in the turn's Batch ------+--> Core.Submit
//	output <----| Stream.Receive <- Lane.Drain <- Box <-----------+--- mailboxes
//	            +-------------------------------------------------+
//
// The rules of order that it keeps (the package processor has all of them):
//
//  1. Replies leave in the order of requests: a read is answered here only when the core has
//     nothing of the connection (Stream.request); auth and sasl leave at once (Stream.inline).
//  3. An event is out before a reply that shows the change: a lane empties its box after it has the
//     read lock (Lane.enter). Before the lock may be given back, the replies so far are written.
//  6. Nothing waits for a slow client: a full connection is not read from (Stream.full), and has no
//     place in any line (Stream.OutputFull). Large requests take turns, so that small ones wait for
//     one short flush (bulk).
//
// The package flow describes why a connection is not read from, and how its session stays alive
// meanwhile. waiting.go uses it.
//
// A Lane and its Streams belong to their loop's goroutine. What others see of them is the Box, the
// Conn of each stream, and numbers that are copied under a lock once a turn (tally.go).
//
// Read in this order: lane.go, serving.go, stream.go, waiting.go, bulk.go, words.go, tally.go,
// stats.go and clientlog.go.
package lane
