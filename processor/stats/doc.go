// Package stats is the numbers that a lane and its connections keep: what the words cons, stat,
// srvr and mntr tell of requests.
//
// They are plain numbers of the one goroutine that counts, the loop. A lane copies them for others
// (lane.Lane).
//
// Read tally.go, then conn.go.
package stats
