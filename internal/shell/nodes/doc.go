// Package nodes has the verbs of single nodes: ls, get, set, create, touch, rm, rmr, stat.
//
// Read one of them with internal/shell/verb/doc.go beside it: stat.go is short. Then ls.go with
// listing.go, get.go with show.go and hexdump.go, set.go, create.go, touch.go, rm.go, rmr.go with
// doomed.go.
package nodes
