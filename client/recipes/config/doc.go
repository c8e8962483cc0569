// Package config publishes configurations of many values at once, and tells of them.
//
//	/path                      {"revision":8,"dir":"data-<uuid>"}        which one is valid
//	/path/rev-0000000007       {"dir":"data-<uuid>","comment":...}       what was valid
//	/path/rev-0000000008
//	/path/data-<uuid>/<key>    value                                     never changed
//
// A revision becomes valid by one write to /path, so that whoever reads sees all of its values or
// none. The values of a revision never change: a roll-back is a new revision with an old directory.
//
// The package has no goroutine and no state.
//
// Read config.go, publish.go, watch.go.
package config
