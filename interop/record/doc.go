// Command record asks Apache ZooKeeper 3.9.5 for the bytes that jute's tests are held to: what the
// product and the model in the simulator share is checked against them, by go test alone.
//
//	Recorder.java, on Apache's own classes: jute/testdata/, and the first two in
//	jute/ensemble/testdata/ for what servers send to each other
//	    records.hex  each record with numbered leaves, as its serializer writes it
//	    decode.hex   damaged records: what its decoder makes of them, written again, or "error"
//	    text.hex     bytes read as a string and written again, and whether a path of them is valid
//	    path.hex     what PathUtils.validatePath says
//	datatree/internal/quota/testdata/
//	    stats.hex    what StatsTrack makes of the text of a quota, or "error"
//	Ensemble.java, on Apache's own classes: quorum/config/testdata/
//	    config.hex   whole configurations: the text, the dynamic file and the voters, or the error
//	    member.hex   values of server lines: as they are printed, or the error
//	    quorum.hex   configurations, and sets of servers that are quorums of them or not
//	    hello.hex    texts of addresses in a hello of an election
//	    order.txt    in which order Java's maps hand out what was put into them
//	a server, through package client: jute/testdata/
//	    frames.hex   events and replies of a fresh server, whole frames
//	an ensemble of one server: quorum/config/testdata/
//	    reconfig.hex the members before, the request, the error code, the members after
//
//	go run ./interop/record
//
// The inputs of text.hex and path.hex are the first columns of the files themselves. A run on the
// same version changes nothing but times in frames.hex, and ports in reconfig.hex.
// Read main.go, then frames.go, reconfig.go, Recorder.java and Ensemble.java.
package main
