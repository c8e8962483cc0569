// Package dump is the format of an exported tree: JSON, a line a node, each behind its parent and
// in the order of package walk.
//
//	{"format":"quoll-export","version":1,"zxid":"0x1c","root":"/app"}
//	{"path":"/app","data":null,"encoding":null,"acl":[
//	  {"scheme":"world","id":"anyone","perms":"cdrwa"}],"stat":{...}}     (in one line)
//	{"path":"/app/a","data":"text","encoding":"utf8","acl":[...],"stat":{...}}
//	{"end":{"nodes":2}}
//
// A node that could not be read has "denied":true, and is null otherwise.
//
// The last line is there so that a file that was cut off is known as one.
//
// Read node.go, then write.go and read.go.
package dump
