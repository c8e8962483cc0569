// Package wire is one connection to a ZooKeeper server, with nothing between the caller and the
// protocol: requests are pipelined, replies come back as futures, watch events keep their place
// between the replies. There is no reconnecting, no session keeping and no retrying here; who
// needs them builds them on top. The tests, the checkers and the load generators do.
//
// There are two ways to hold a connection:
//
//	Dial         -> *Conn      requests from any goroutine, each answered by a *Future
//	DialPipeline -> *Pipeline  one goroutine pushes frames and takes replies, allocating nothing
//
// Both stand on socket, which shakes hands and cuts the byte stream into frames. A Conn looks like
// this inside:
//
//	 callers                     reader goroutine
//	Send, Ping, ...                    |
//	   |  encode under mu              | match: xid against the oldest pending future
//	   v                               v
//	[ out buffer ] ---> writer ---> socket ---> replies: Future.complete
//	[ pending    ]     goroutine                events: Options.OnEvent
//
// Invariants:
//   - pending holds the futures in the order in which their frames entered the out buffer. Replies
//     match it from the front, but for those of auth and sasl, which a server may send early.
//   - A reply whose xid fits no future ends the connection with ErrXid.
//   - Every future completes, with a reply or with the error that ended the connection.
//   - After Close or Abort has returned, no goroutine of the connection is left.
//
// A Conn has two goroutines. The reader owns the socket's input, the index of replies and all calls
// of OnEvent; the writer owns the socket's output. Everything else is behind mu. A Pipeline has no
// goroutine and no lock.
//
// Read options.go, socket.go, then conn.go with future.go, then pipeline.go; typed.go says the
// common requests in Go's types.
package wire
