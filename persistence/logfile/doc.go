// Package logfile is the one file of the transaction log that is being written.
//
//	0          flushed      written     zeroed                  size
//	| header and records    |  zeros, in  |  a hole, of which      |
//	|            |  a batch |  blocks     |  reads give zeros      |
//
// The file is longer than its records, so that most flushes change no metadata. Leave cuts it to
// its records when the log begins the next file. Rescue writes it anew when its name is gone.
//
// A File belongs to the goroutine that writes the log. What a record is, and in which order
// transactions come, is for the packages record and persistence. Read file.go, then rescue.go.
package logfile
