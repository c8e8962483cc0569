// Command record asks Apache ZooKeeper 3.9.5 for the bytes that jute's tests are held to: what the
// product and the model in the simulator share is checked against them, by go test alone.
//
//	Recorder.java, on Apache's own classes: jute/testdata/
//	    records.hex  each record with numbered leaves, as its serializer writes it
//	    decode.hex   damaged records: what its decoder makes of them, written again, or "error"
//	    text.hex     bytes read as a string and written again, and whether a path of them is valid
//	    path.hex     what PathUtils.validatePath says
//	datatree/internal/quota/testdata/
//	    stats.hex    what StatsTrack makes of the text of a quota, or "error"
//	a server, through package client: jute/testdata/
//	    frames.hex   events and replies of a fresh server, whole frames
//
//	go run ./interop/record
//
// The inputs of text.hex and path.hex are the first columns of the files themselves. A run on the
// same version changes nothing but the times in frames.hex.
// Read main.go, then frames.go, then Recorder.java.
package main
