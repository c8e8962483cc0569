// Package topic publishes messages to all who subscribe, and keeps the latest of them.
//
//	/path                        {"first":4,"last":9}    the numbers of the messages that are kept
//	/path/m-0000000000000000009  <uuid>\n<data>          the uuid is of the call of Publish
//	/path/cursors/<name>         9                       how far a subscriber has come
//
// A message, its number and the removal of the oldest one are one write. So numbers have no gaps
// and no doubles, and a subscriber knows how many messages it has missed.
//
// The package has no goroutine: a subscriber reads when its loop asks for the next message, and
// what it has not asked for costs memory only on the server.
//
// Read topic.go, publish.go, subscribe.go, cursor.go.
package topic
