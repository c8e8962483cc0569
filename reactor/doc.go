// Package reactor moves bytes between sockets and streams. It accepts connections, reads, buffers
// what a protocol has not consumed, writes, and keeps every client inside its limits. What the
// bytes mean is a Stream's business; what the streams of one loop share is a Lane's.
//
// Rooms of its own are the door (accepting, and how many connections there may be), leftover (the
// bytes that a stream has not consumed) and socket (the system calls that Go's net does not make).
//
// # A turn of a loop
//
// Everything that a connection, its stream and its lane own belongs to one goroutine, the loop.
// A loop works in turns:
//
//	sockets ready ──> Stream.Input  (each connection that sent something, one read(2) each)
//	wake pending  ──> Lane.Drain    (results and watch events from the core)
//	Again, Unpark ──> Stream.Input  (without new bytes; only what was asked for in earlier turns)
//	                  Lane.Turn     (if any of these ran: hand the batch to the core)
//	                  Lane.Drain    (if a stream was called: what came meanwhile)
//	outputs       ──> one write(2) for each connection that has output
//	                  closes, pauses, resumes, Stream.OutputFull
//
// What a stream or lane asks of a Conn during a turn, a write, a close, a park, is done at its end.
// So no method of Conn fails, blocks, or calls back, and Closed never runs inside another call.
//
// wake may be called from any goroutine. Between two turns any number of wakes are one.
//
// # Shares of a turn
//
// A connection that sent something is served in the turn in which it is read, once. What it wants
// more than its share it gets in later turns, in the order of those who wait (loop.ready):
//
//	Conn.Room       bytes of output an Input should make: 32 KiB, down to 8 KiB where many wait or
//	                half of OutputBudget is used
//	readyShare      0.25 ms a turn for those who wait; the others go on waiting
//	one read(2)     at most 64 KiB of input a turn; who waits with that much is not read from
//
//	unfinished.go   512 KiB of large frames that are not whole; who sends more is not read from
//
// So a turn stays short with thousands of greedy clients, and one that asks for little is answered
// in the turn in which it asks. A loop that needs another turn at once looks at its sockets first
// (pokeLater).
//
// # Back-pressure
//
// Nothing waits for a slow client, and a client that is legal is never closed for being fast:
//
//	the stream parks the connection    -> not read from until it is unparked
//	output above OutputHighWater       -> not read from, Input not called, until OutputLowWater
//	output of all above OutputBudget   -> the same for everyone who has output pending;
//	                                      64 a scan are read from again
//	no byte of output moves for long   -> reset, ErrStalled, at most 64 a scan
//	output above OutputCap             -> closed, ErrOutputCap (a flood of watch events)
//	no Established for ConnectDeadline -> closed, ErrConnectDeadline; a guest has a second
//	unfinished frames above InputBudget
//	                                   -> the one that has gone longest without a byte is closed,
//	                                      ErrInputBudget
//	no byte of an unfinished frame for long
//	                                   -> closed, ErrInputStalled
//	64 KiB before Established, or more than MaxFrame after, that the stream does not consume
//	                                   -> closed, ErrEarlyInput, ErrInputCap
//
// On Linux the kernel holds at most 128 KiB a connection beyond the client's window
// (socket/listen_linux.go), so that the limits above see what a deaf client costs.
//
// Not read from means that the kernel's receive buffer fills and TCP stops the sender. gnet cannot
// do that; on Linux socket.Epoll does it behind gnet's back. Elsewhere a connection that keeps
// sending while it is not read from is closed at 16 MiB.
//
// How many connections there may be is package door's business, and who is let in at the limit of
// open files as a guest.
//
// A FIN is the end of a connection, but only after the input before it: what Input writes for it
// still leaves, in one write. A connection that is parked or full does not see the FIN by itself:
// who parks asks Conn.HungUp once a tick, one poll(2), and then the connection ends when nothing
// that the client sent is left. Conn.Silent and Conn.Progress tell of its life meanwhile
// (package socket).
//
// # Goroutines
//
//	acceptor  package door, one a listener: limits, then the loop with the fewest connections
//	adopter   package door, one a connection for the moment between accept and its loop
//	loop      owns its lane, connections, streams, buffers
//	clock     one: ticks loops that have output pending (10 ms) or deadlines (1 s); else asleep
//	reader    Std only: one a connection
//	writer    Std only: one a connection while it has output that the kernel did not take
//
// # Transports
//
// GNet and Std share all but the link (link.go): loop.go is the turn, input.go and output.go the
// buffers and their limits, package door the accepting. gnet's own server is not used, its client
// is: the same loops without the acceptor, which ends the whole engine at the first accept that
// fails for want of a descriptor, cannot stop listening by itself, and cannot say no before a
// connection is on a loop. The price is a dup(2) a connection.
//
// gnet_contract_test.go names what we take for granted of gnet, one test each.
//
// # Reading order
//
// reactor.go (Stream, Lane, Run, Handle) and config.go, conn.go, loop.go, input.go with the package
// leftover, unfinished.go, output.go, clock.go, the package door, link.go, gnet.go,
// gnet_epoll_linux.go and gnet_pool.go, the package socket, std.go and std_write.go, stats.go.
package reactor
