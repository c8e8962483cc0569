// Package op is the table of operations: all that differs between them and is no code. A fact about
// an opcode is in the opcode's row.
//
//	opcode    kind    weight  in cons  in the audit log
//	create    Write   Short   CREA     create
//	getData   Read    ByData  GETD
//	sync      Barrier Short   SYNC
//	auth      Inline  Short
//
// A new operation is a record in jute (with its opcode, its name, and what its request and reply
// are), a row here, and a function: of Prep for a write, in the package reads for a read. Tests
// there fail for a row without a function.
//
// The table never changes, and any goroutine may read it. Read op.go.
package op
