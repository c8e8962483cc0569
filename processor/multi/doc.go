// Package multi is what the two ways of a multi, that of reads and that of writes, have in common:
// which lists of operations make one, and how a reply says that an operation failed; and the body
// of the reply to any write (result.go), whose parts a multi's are.
package multi
