// Package arch holds the rules of the house as a test: DESIGN.md turned into
// something that fails.
//
// The checker reads sources with go/parser alone: it runs no tool, needs no
// network and looks at every file whatever its build tags. It sees the tree
// through an fs.FS, so that the self-tests can show each rule failing on a
// fixture of a few lines.
//
// What a finding is about:
//
//	sizes.go     lines of a file, a function, a package; fields of a struct; columns
//	imports.go   who may import whom, in the repository and outside it
//	purity.go    clock, goroutines, randomness in the rooms that must be pure
//	maporder.go  ranges over maps in those rooms
//	state.go     init functions and package-level variables
//	comments.go  unfinished work and commented-out code
//	docs.go      names and paths that the documentation mentions
//	reading.go   files that a doc.go with an order of reading leaves out
//
// Tests and generated files are free of every rule but three: gnet stays in
// reactor, no unfinished work in comments, no init. A directory with a go.mod of
// its own (the foreign clients under interop) is another module and not read.
//
// Two marks, each followed by a reason, are the only ways around a rule; they
// stand on the line in question or on the one above:
//
//	// order-free: why    this range over a map gives the same result in any order
//	// read-only: why     this package-level variable is never written
//
// A new room, or a new import between rooms, is a line in the table of imports.go,
// changed together with the design.
package arch
