// Package output writes what a verb has found or done: a Result at a time, in the format that was
// asked for.
//
//	text   for people: columns and colour on a terminal, one thing a line in a pipe
//	json   one document: an object, or an array if the verb lists
//	jsonl  one object a line, written out at once
//	yaml   the same fields
//	raw    the data of nodes, and names, as bytes, with nothing added
//	zkcli  what zkCli.sh prints
//
// Invariants:
//   - The fields of json, jsonl and yaml are those of the Result's struct; golden files freeze
//     their names.
//   - Nothing that a node holds drives a terminal: control characters are shown as \xNN there. In a
//     pipe bytes are as they are.
//   - 64-bit ids are text, "0x..", because programs read JSON's numbers as floats. Times are
//     RFC 3339.
//
// Read printer.go (formats and the order of a document), page.go (text), escape.go, fields.go (the
// fields that results have in common), event.go and grid.go (columns).
package output
