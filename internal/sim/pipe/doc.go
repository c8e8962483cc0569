// Package pipe is the network of a simulated run: machines with addresses, listeners, and links
// between them that carry bytes.
//
//	            near                                far
//	Write -->  [ End ] ==== on their way ==== arrived ====> Read
//	Read  <==== arrived ==== on their way ====  [ End ]  <-- Write
//
// Each direction is a FIFO of bytes with a window: what was written and not read yet, on its way or
// arrived. A write takes what there is room for, and says how much that is. Bytes arrive in the
// order in which they were written, however long each piece takes.
//
// Nothing happens at an end by itself: what arrives is given to the end's via, which may hold it
// (the process stands still) or drop it (it is gone).
//
// Everything belongs to the one goroutine of its world.World, and every choice comes from that.
// Read net.go, then link.go.
package pipe
