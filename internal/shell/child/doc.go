// Package child runs the command of a verb, in a process group of its own, so that all of it can be
// ended: the group gets TERM, and after a while KILL. On a terminal the group is in the foreground
// meanwhile: the command may read, and Ctrl-C is its own.
//
// Read child.go, then foreground.go.
package child
