// Package snap is the format of snapshots: the bytes of a file, and the body that a file and the
// stream to a learner share. It knows nothing of directories; persistence does.
//
// A snapshot file is, before compression:
//
//	| "ZKSN" | version 2 i | dbid -1 l |
//	| body                             |  body.go
//	| Adler-32 l | "/"                 |  seal: the checksum of everything before it
//	| zxid l | digest version i | digest l | seal |   optional
//	| last zxid l | seal                          |   optional
//
// Its name ends in .gz, .snappy or neither.
//
// Invariants:
//   - A reader never panics and never allocates more than a small multiple of the bytes that it has
//     read. It does not trust a length: memory grows as the bytes arrive.
//   - Everything that a Sink gets before Read has returned nil is unverified.
//   - The only goroutine is the one that reads ahead (window.go). It ends before Read returns.
//
// Read format.go (writing a file), body.go, read.go, window.go (how a stream is read and
// checksummed) with adler.go, then snappy.go.
package snap
