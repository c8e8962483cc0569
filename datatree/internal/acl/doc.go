// Package acl interns access control lists: each list that some node has is kept once, under the
// key that snapshots give it.
//
// Keys live as in ZooKeeper's ReferenceCountedACLCache: the first use of a list gives it the next
// number, the last node to drop it forgets it, and a number is never given twice. Nodes hold a
// small handle instead of the key, because a key is 64 bits wide in the file.
package acl
