// Package queue has queues of items between processes.
//
//	q := queue.New(c, "/queues/mail", recipes.JSON[Mail]())
//	id, err := q.Put(ctx, mail)       // in once, also if the answer gets lost
//	mail, err := q.Take(ctx)          // at most once: deleted before it returns
//	item, err := q.Receive(ctx)       // at least once: held until Ack or Nack, or lost
//
// Who takes or receives an item makes a node for it, the claim, so that nobody else does. Take
// makes it in the Multi that deletes the item; Receive keeps it until the Multi that deletes both.
//
//	Put      create the item  + receipt
//	Take     claim it         + delete it
//	Receive  claim it         + count the delivery     (the version of the item)
//	Ack      give the claim up + delete it
//
// Each line is one Multi with a node of a name that is used once, by which a lost answer is
// settled. These nodes are deleted in the background.
//
//	/path/queue-0000000007              an item of Curator's DistributedQueue
//	/path/queue-1000000050000000007     of its DistributedPriorityQueue; the priority is 5
//	/path/queue-|18F0A3B2C41|0000000007 of its DistributedDelayQueue
//	/path/entry-100-0000000007          of kazoo's Queue and LockingQueue; the priority is 100
//	/path/shard-03/...                  the same, with WithShards
//	/path-locks/queue-0000000007        its claim. Ephemeral
//	/path-locks/_c_<uuid>               whose claim it is; or a receipt. Ephemeral
//
// ZooKeeper keeps all items in memory and sends a list of all names at once: queues must be short.
//
// A Queue keeps the names that it has listed and not tried yet, behind its mutex. It has goroutines
// only while somebody waits.
//
// Read queue.go and options.go; names.go and data.go (how items are called and written); put.go,
// find.go (which item is next), take.go, receive.go; gather.go.
package queue
