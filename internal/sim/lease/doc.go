// Package lease judges when the server ended a session: not too early and not too late, by what its
// client sent and the network could deliver, and not by what the server chose to hear.
//
// A Book is one life of the server. It is told of every session and of every connection (Wire) what
// can be seen from outside: bytes that came, input that was taken, output that moved, when the
// server stopped reading and when it went on. All times are ms on the server's monotonic clock.
//
//	signs of life of a session with a timeout T, on the connection that has it:
//
//	  taken    the server took bytes of its, or a request
//	  came     a byte arrived in the kernel, while the output was not full
//	  moved    output was taken or acknowledged, while it was full
//	  waits    the server did not read for a reason of its own, and nobody could tell it more
//	           (the kernel cannot, or has no room for another byte)
//
//	  too early   before the last sign + T, where a sign that was not read counts once the server
//	              had the time for a look; or at any time of such a wait
//	  too late    after the last sign + T + two ticks
//
// Either limit moves with the times in which the whole process stood still. A client that has hung
// up gives no sign any more. A connection that asked for a session and was not answered yet may be
// the reason too, perhaps with another timeout.
//
// Read book.go, then wire.go and stands.go.
package lease
