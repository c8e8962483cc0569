// Package requests makes up what clients ask: mostly sensible requests about a few paths, so that
// clients touch the same nodes; some of everything that clients may send; and values from package
// hostile.
//
// Read requests.go (what is asked), values.go (paths, data, ACLs, versions), multi.go.
package requests
