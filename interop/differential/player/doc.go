// Package player plays the steps of a program on two servers and says where they part.
//
// A Side has the connections to one server. A step goes to one of them, and then every connection
// is pinged, so that whatever the step caused has arrived:
//
//	Step --> Side --frames--> server --replies, events--> Seen --masks--\
//	                                                                    compare
//	Step --> Side --frames--> server --replies, events--> Seen --masks--/
//
// There is one driver and it waits, so both servers have the same zxids, versions and counters:
// none of these is masked. What is masked stands in mask.go, and why in
// docs/decisions/0008-differential-masks.md; everything else is compared byte for byte.
//
// A Side belongs to one goroutine at a time; two of them may play at once. Read side.go, then
// mask.go.
package player
