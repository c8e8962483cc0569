// Package access has the verbs of who may do what, and how much: acl, auth, whoami, quota, sync,
// count, ephemerals.
//
// Read aclget.go, aclset.go, auth.go, small.go, quota.go and quotaset.go with track.go
// (the text of a quota's node).
package access
