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
//   - A reader never panics and never allocates more than a small multiple of what it has read:
//     lengths are believed as the bytes behind them arrive.
//   - Whatever reaches a Sink before Read returns nil is unverified.
//   - The only goroutine is the one that reads ahead (window.go); it ends before Read returns.
//
// Read format.go (writing a file), body.go, read.go, window.go (how a stream is read and
// checksummed) with adler.go, then snappy.go.
package snap
