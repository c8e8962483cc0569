package reactor

import "time"

// reading is what a transport may do with a connection's socket.
type reading uint8

const (
	// readOn: read, hand over.
	readOn reading = iota
	// readDraining: do not read; the transport may finish the output by itself and, when that is
	// gone, may look at the socket again.
	readDraining
	// readHeld: nothing is read, not even a FIN; the loop pushes the output at its own times.
	readHeld
)

// link is the transport's half of a connection. Every method is called on the connection's loop.
type link interface {
	// write hands p to the kernel with one write(2); what that does not take is copied and
	// follows later, in order. If the socket is dead it ends the connection (loop.ended).
	write(p []byte)
	// push tries to move what write left over, where the transport does not by itself.
	push()
	// buffered is what write was given and the kernel has not taken, in bytes.
	buffered() int
	// unacked is what the kernel has taken and the client has not acknowledged; -1 is unknown.
	unacked() int
	// ended is nil while the client may still send: io.EOF behind its FIN, or why the connection is
	// broken. Asked only while the socket is not read from.
	ended() error
	// unread tells that the kernel holds input.
	unread() bool
	// silent is how long ago the last byte arrived; known is false when that is not known, or
	// when there is no room for another one.
	silent() (ago time.Duration, known bool)
	// setReading is called on every change, and the transport keeps to it.
	setReading(reading)
	// close ends the connection now and calls loop.ended, if that has not happened.
	close()
}
