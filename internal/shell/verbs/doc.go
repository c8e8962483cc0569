// Package verbs is the table of all verbs, and tests them against a server.
//
// Read table.go. How a verb is added is in internal/shell/verb/doc.go.
package verbs
