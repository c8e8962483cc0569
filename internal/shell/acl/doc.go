// Package acl reads and writes ACLs as people do: scheme:id:perms, several with commas, perms being
// letters of cdrwa.
//
// Read acl.go.
package acl
