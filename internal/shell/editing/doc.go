// Package editing has the verbs edit, which hands a node's data to an editor, and context, which
// keeps the file of contexts.
//
// Read edit.go, then context.go with fields.go.
package editing
