package queue

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quoll/client/recipes/internal/hold"
)

// kind is what the order of a queue goes by, before the order of arrival.
type kind uint8

const (
	byArrival kind = iota
	byPriority
	byTime
)

const (
	curatorItem = "queue-"
	kazooItem   = "entry-"
	shardName   = "shard-"
	maxShards   = 100
	digits      = 10 // of the number that the server puts behind a name, at least
	hexDigits   = 8
)

// entry is an item that was listed.
type entry struct {
	dir    string // path of the queue, or of the shard
	name   string
	rank   int64 // its priority, or the time in ms before which it cannot be had
	number int32
}

func (e *entry) path() string { return hold.Join(e.dir, e.name) }

// before orders entries: by rank, and by arrival over the wrap of numbers.
func before(a, b entry) int {
	if a.rank != b.rank {
		return cmp.Compare(a.rank, b.rank)
	}
	return int(a.number - b.number)
}

// prefix is the name of an item that is put now, without the number.
func (o *options) prefix(now time.Time) string {
	switch {
	case o.hold.Layout == hold.Kazoo:
		return fmt.Sprintf("%s%03d-", kazooItem, o.priority)
	case o.kind == byPriority:
		sign := 1 // so that names sort as priorities do
		if o.priority < 0 {
			sign = 0
		}
		return fmt.Sprintf("%s%d%08X", curatorItem, sign, uint32(o.priority))
	case o.kind == byTime:
		return fmt.Sprintf("%s|%08X|", curatorItem, now.Add(o.delay).UnixMilli())
	}
	return curatorItem
}

// parse reads the name of an item of such a queue.
func (o *options) parse(dir, name string) (e entry, ok bool) {
	e = entry{dir: dir, name: name}
	first := curatorItem
	if o.hold.Layout == hold.Kazoo {
		first = kazooItem
	}
	rest, ok := strings.CutPrefix(name, first)
	if !ok {
		return e, false
	}
	rank, base := "0", 16
	switch {
	case o.hold.Layout == hold.Kazoo:
		base = 10
		rank, rest, ok = strings.Cut(rest, "-")
	case o.kind == byPriority:
		if ok = len(rest) > hexDigits; ok {
			rank, rest = rest[1:1+hexDigits], rest[1+hexDigits:]
		}
	case o.kind == byTime:
		rest, ok = strings.CutPrefix(rest, "|")
		if ok {
			rank, rest, ok = strings.Cut(rest, "|")
		}
	}
	if !ok || len(rest) < digits || rest[0] == '+' {
		return e, false
	}
	number, err := strconv.ParseInt(rest, 10, 32)
	if err != nil {
		return e, false
	}
	if e.rank, err = strconv.ParseInt(rank, base, 64); err != nil {
		return e, false
	}
	if base == 16 && o.kind == byPriority {
		e.rank = int64(int32(uint32(e.rank)))
	}
	e.number = int32(number)
	return e, true
}

// unnumbered is the name of an item without its number.
func (e *entry) unnumbered() string {
	return strings.TrimSuffix(e.name, fmt.Sprintf("%0*d", digits, e.number))
}
