// Package multi is what a multi of reads and a multi of writes have in common: which lists of
// operations are valid, and how a reply says that an operation failed. It also makes the body of
// the reply to any write (result.go), because a multi's reply has such bodies as its parts.
package multi
