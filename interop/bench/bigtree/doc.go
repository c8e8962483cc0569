// Package bigtree fills a server with a tree of many nodes, for those who measure with one:
// /s, /s/d000 ... and below each of those a thousand nodes with a path of 20 B and 100 B of data.
package bigtree
