// Package measure is what the programs that judge a running server share: what the kernel knows
// of a process, a histogram of latencies, and a well-behaved client at a fixed rate.
//
//	scheduled send times    | . . . . . . . . |    rate a second, whatever the server does
//	sender   --frames-->  server  --replies-->  receiver
//	latency = reply - scheduled time           (a stall delays all that were due in it)
//
// Invariants: a Probe never skips a send because the server is slow. A Histogram's quantile is the
// upper end of a bucket, at most 1/32 above the value.
//
// Goroutines: a Probe has two, a sender and a receiver, which owns the histogram until Take.
//
// Read probe.go, then histogram.go and proc.go.
package measure
