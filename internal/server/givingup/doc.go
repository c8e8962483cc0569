// Package givingup tells what a member gives up of its history because its leader does not have it.
//
// A Store stands between the log writer and the directory, and belongs to the log writer's
// goroutine. It changes nothing: the leader decides what a TRUNC or a SNAP takes away, and package
// persistence carries it out. Read givingup.go.
package givingup
