// Package jute speaks ZooKeeper's serialisation: the bytes of every client packet, of the
// transaction log and of the snapshot. What servers send to each other is in jute/ensemble, by the
// same rules.
//
// Jute has no tags and no schema on the wire. A record is its fields in order:
//
//	int      4 bytes, big-endian           long     8 bytes, big-endian
//	bool     1 byte, any non-zero is true  ustring  int length, then UTF-8
//	buffer   int length, then bytes        vector   int count, then elements
//
// A length or count of -1 means null, which is not the same as empty. Any other negative length is
// an error, any other negative count an empty vector, because that is how Java's loop takes it. On
// a client connection each record travels in a frame:
//
//	+-----------+---------------------------+
//	| length i  | header | body             |
//	+-----------+---------------------------+
//
// Each record is described once: a struct, and a method Fields that names its fields in wire
// order. The same method decodes, encodes and prints (see Coder), so that the server, the log
// dumper and the wire tap cannot disagree. Optional tails and unions are plain code in Fields.
//
// Invariants:
//   - A decoder never panics and never allocates more than the input can fill: a count is checked
//     against the bytes left divided by the smallest element before anything is made.
//   - Decoded []byte fields alias the input. Code that keeps one copies it.
//   - A decoded ustring is what Java would write after it read the same bytes (see utf8.go).
//   - A DecodeError names the record, the field and the offset.
//
// Nothing here has goroutines or state. Read in this order: coder.go (how a record is read,
// written and shown), fields.go and ids.go (the primitives), opcode.go and errorcode.go (the
// numbers), then the records by family: session.go, stat.go, request.go, reply.go, multi.go,
// watch.go, txn.go, file.go; kinds.go says which record an opcode carries, print.go shows any of
// them; path.go has the rules a znode path obeys, utf8.go what Java makes of text, and fast.go the
// hand-written encoders of the hottest replies, fuzzed against Fields.
package jute
