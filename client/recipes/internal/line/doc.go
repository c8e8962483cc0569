// Package line is the waiting line that locks and elections stand on: each who waits has an
// ephemeral sequential node, and waits for one of those in front of it.
//
//	/path/_c_<uuid>-lock-0000000003    the first one holds
//	/path/_c_<uuid>-lock-0000000004    waits for 3, and hears of nothing else
//	/path/_c_<uuid>-lock-0000000007    waits for 4
//
// Kind says which names a line has, and who waits for whom:
//
//	recipe       Curator                   kazoo                       waits for
//	lock         _c_<uuid>-lock-N          <hex>__lock__N              the one in front
//	write lock   _c_<uuid>-__WRIT__N       <hex>__lock__N              the one in front
//	read lock    _c_<uuid>-__READ__N       <hex>__rlock__N             the nearest writer in front
//	latch        _c_<uuid>-latch-N         -                           the one in front
//
// N is a signed number of 32 bits, which wraps. The order is by the difference of two numbers, so
// it holds over a wrap as long as fewer than 2³¹ nodes were made between them.
//
// A child with a number that is not of the line's names makes everything fail with ErrLayout:
// whoever made it may not see the nodes of this line, and both would hold.
//
// The package has no goroutine; those of a Held are in package hold.
//
// Read kind.go (names and order), then line.go.
package line
