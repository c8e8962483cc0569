// Package recipes has what the recipes below it share: what is held, the layouts of names, options,
// errors and codecs. The recipes are packages of their own:
//
//	lock       exclusive locks, read/write locks, semaphores, several locks at once
//	elect      leader election, the latch, observers of the leader
//	group      membership
//	cache      copies of a node, or of a tree, in memory
//	config     configurations of many values, published at one moment
//	barrier    barriers, double barriers, n that have arrived
//	queue      queues: taken at most once, or received at least once
//	counter    numbers and values that are changed together
//	naming     names and numbers that nobody else gets
//	node       nodes that are kept in being
//	discovery  where the instances of a service are
//	topic      messages for all who subscribe
//	task       tasks for workers, with progress and outcome
//	partition  items of work, divided among members
//	twophase   several do something together, or none of them
//
// docs/recipes.md says for each what it promises, what it cannot, and what its nodes are.
//
// What holds for all of them:
//   - A method that returns an error holds nothing. Its node is deleted, in the background if there
//     is no connection.
//   - A node whose create was not answered is found again by its name and its owner, so that there
//     is one at most.
//   - Whoever waits watches one node in front of it and its own, and stops waiting at once when its
//     session may have ended.
//   - Each success is a new Held. An object may be used again after a loss.
//   - Nodes above are made as containers, which the server deletes when they are not needed.
//   - No goroutine is left when the client is closed.
//
// Read recipes.go and codec.go, then client/recipes/internal: hold, line, keep.
package recipes
