// Package admin has the verbs of servers and of many changes at once: txn, sessions,
// dump-ephemerals, 4lw, ensemble, reconfig, removewatches.
//
// Read txn.go with txnlines.go, words.go (four letter words), fourlw.go, sessions.go, dump.go,
// ensemble.go, reconfig.go with members.go, removewatches.go.
package admin
