// Package partition divides items of work among the members of a group.
//
//	for a, err := range partition.Join(ctx, c, "/crawl", "host-7", shards, partition.Hash) {
//		// a.Items are this member's own now; a.Revoked are not any more: stop with them here.
//	}
//
//	/path/members/<id>                     who is there (package group)
//	/path/items/<item>/_c_<uuid>-lock-N    who has the item, and who waits for it (package lock)
//
// There is no leader. Each member knows who is there, and finds by the strategy which items are its
// own; who has an item is decided by a lock of the item. While members know of different moments,
// an item has nobody or its old member, never two.
//
//	somebody joins --> each member: which items go? --> Revoked is told --> the loop asks for the
//	next element: that acknowledges it --> the locks are released --> the new member has them
//
// Join has a goroutine that watches the group, one for each item that it waits for, and one for
// each that it has. All of them have ended when the loop has.
//
// Read partition.go, share.go (what belongs to one loop), strategy.go.
package partition
