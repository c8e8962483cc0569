// Package naming gives out names and numbers that nobody else gets.
//
//	/path                              Unique: each write to it is one name
//	/path                              IDs: the first number that nobody has, as text
//	/path/id-0000000007                WorkerID: "30000 free", or the timeout of whoever has it
//	/path/id-0000000007-<uuid>         and, ephemeral, that somebody has it
//
// Unique and IDs remember nothing of what they have given out: what they gave is never given again,
// and there is nothing to give back. A worker id is given back, or lost with the session.
//
// An IDs has a mutex of its own and no goroutine.
//
// Read unique.go, ids.go, then worker.go and slots.go.
package naming
