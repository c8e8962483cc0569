// Package reads answers the requests that change nothing. It is the read half of Final. A lane uses
// it under the tree's read lock. The core uses it between two writes, for reads that had to wait
// behind a write of their session.
//
//	frame: len  xid zxid err   body
//	       \_____Frame_____/   \_Answer_/
//
// A watch is set in the same hold of the lock as the read that it belongs to (rule 3).
//
// Read reads.go and frame.go, then list.go for long listings, then watch.go, then weight.go, which
// says how long a reply will be before there is one.
package reads
