// Package pipe is the network of a simulated run: machines with addresses, listeners, and links
// between them that carry bytes, for clients and for servers among themselves.
//
//	            near                                far
//	Write -->  [ End ] ==== on their way ==== arrived ====> Read
//	Read  <==== arrived ==== on their way ====  [ End ]  <-- Write
//
// Each direction is a FIFO of bytes with a window: the bytes that were written and are not known to
// be read yet. A write takes as many bytes as there is room for, and says how many. Bytes arrive in
// the order in which they were written, however long each piece takes. An end learns one way later
// that the other end has read them.
//
// Nothing happens at an end by itself: what arrives is given to the end's via, which may hold it
// (the process stands still) or drop it (the process is gone).
//
// What can go wrong, by the Rules and by calls:
//
//	refused      nobody listens, or a dial is turned away
//	unheard      a dial arrives and its success does not: the listener has a link that nobody
//	             uses, and the next dial is a second one (duplicates)
//	short reads  a read takes only a part of what has arrived
//	broken       a link is cut after so many bytes; both ends see it, and what was behind is lost
//	Kill         the process at an end is gone; what it wrote last may be lost
//	Vanish       an end is gone and the other one is not told (half-open)
//	reset        between servers: bytes come to an end that has vanished, and cut the link
//	Block        one way between two machines carries nothing; what was sent arrives when it does
//	             again, in order
//
// Everything belongs to the one goroutine of its world.World, and every choice comes from that.
// Clients Dial, and know at once whether it worked. Servers Call each other, and wait for the
// answer.
//
// Read net.go, link.go, way.go, then call.go.
package pipe
