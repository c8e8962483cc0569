// Package proxy stands between ZooKeeper clients and a server, and spoils what goes through: it
// cuts a connection at a chosen request, delays frames, holds everything back, drops sessions. It
// knows of the protocol only the frames, the handshake and the headers.
//
//	client --> [ requests ] --> server        each arrow is a goroutine of the connection
//	       <-- [ replies  ] <--
//
// Where a cut takes place:
//
//	Before   the request is not forwarded
//	After    the request is forwarded, its reply is not
//	Inside   half of the reply is forwarded
//	Held     nothing is cut: the request and all that follows wait for Resume
//
// Invariants:
//   - A frame is forwarded as it came, or not at all, but for Inside.
//   - A cut happens once.
//   - After Close has returned, no goroutine of the proxy is left.
//
// A Proxy is behind its mutex. Each connection has two goroutines, which read frames without it.
//
// A Line stands between two servers of an ensemble, or ends TLS before a server that does not speak
// it. It forwards bytes as they are, and can be cut.
//
// Read proxy.go (what a test does), then conn.go (one connection); line.go is for itself.
package proxy
