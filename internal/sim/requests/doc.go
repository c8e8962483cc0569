// Package requests makes up what clients ask for: all operations, mostly about the same few nodes,
// so that they meet; now and then what no client sends. It knows nothing of connections and
// sessions; chance comes from the rand.Rand that it is given.
package requests
