// Command silence cuts clients off while a server does not read from them, and looks when their
// sessions end: no living client may expire because the server did not read, and no dead one may
// stay because it was waited for.
//
//	namespace C                      namespace S
//	 clients --- veth --- 10.98.7.1   servers --- ext4 in a file, which fsfreeze stops
//	 iptables: DROP by port           checker
//
// On a disk that stands still clients come to wait for one reason each: their own requests in
// flight, globalOutstandingLimit, the turn of large requests. The disk stands for more than three
// timeouts. Of each kind one client pings and must live; one is cut off, one hangs up, and both
// must be gone, with their ephemerals, as soon as the disk is back: their time was over meanwhile.
//
// Where the output is full one reads slowly and must live for ten timeouts, one takes nothing and
// is closed, and one is cut off in the middle of a reply.
//
// The namespaces, the mount and the files are the program's own, and it removes them. It needs
// Linux 6.2 or newer, root, ip, iptables, fsfreeze, mkfs.ext4 and a loop device, and says so where
// it finds them missing; it takes about 20 s.
//
//	go run ./interop/silence -quoll bin/quoll
//
// Read main.go, places.go (namespaces and the disk), peer.go, then stalled.go and full.go.
package main
