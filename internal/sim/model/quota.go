package model

import (
	"fmt"
	"strings"

	"quoll/jute"
)

const (
	limits = "zookeeper_limits"
	stats  = "zookeeper_stats"
)

// quotaOf is the path whose limit or stat node this is.
func quotaOf(path string) (of, name string, ok bool) {
	below, ok := strings.CutPrefix(path, quotaTop+"/")
	if !ok || !strings.Contains(below, "/") {
		return "", "", false
	}
	of, name = split("/" + below)
	return of, name, true
}

// quotaCreated counts anew when the stat node of a quota is made.
func (t *Tree) quotaCreated(path string) {
	of, name, ok := quotaOf(path)
	if !ok || name != stats {
		return
	}
	var count, size int64
	for p, n := range t.nodes {
		if p == of || strings.HasPrefix(p, of+"/") {
			count++
			size += int64(len(n.Data))
		}
	}
	t.nodes[path].Data = fmt.Appendf(nil, "count=%d,bytes=%d", count, size)
	t.used[of] = append(t.used[of], used{t.Zxid, count, size})
}

// quotaAbove is the longest path with a limit node at or above path, "" when there is none.
func (t *Tree) quotaAbove(path string) string {
	for p := path; p != "/"; p, _ = split(p) {
		if t.nodes[quotaTop+p+"/"+limits] != nil {
			return p
		}
	}
	return ""
}

// charge keeps the stats of the quota that a path falls under.
func (t *Tree) charge(path string, size, count int64) {
	of := t.quotaAbove(path)
	n := t.nodes[quotaTop+of+"/"+stats]
	if of == "" || n == nil {
		return
	}
	haveCount, haveSize := usage(n)
	n.Data = fmt.Appendf(nil, "count=%d,bytes=%d", haveCount+count, haveSize+size)
	t.used[of] = append(t.used[of], used{t.Zxid, haveCount + count, haveSize + size})
}

func usage(n *Node) (count, size int64) {
	count, size = -1, -1
	_, _ = fmt.Sscanf(string(n.Data), "count=%d,bytes=%d", &count, &size)
	return count, size
}

// used is how much of a quota was in use from a transaction on.
type used struct {
	since       jute.Zxid
	count, size int64
}

// over says whether count more nodes and size more bytes are too many for the hard limits above a
// path. As in ZooKeeper only what was applied when the request was looked at counts.
func (t *Tree) over(path string, count, size int64, applied jute.Zxid) bool {
	of := t.quotaAbove(path)
	if of == "" || !t.Options.EnforceQuota {
		return false
	}
	var now used
	for _, u := range t.used[of] {
		if u.since > applied {
			break
		}
		now = u
	}
	var maxSize, maxCount int64
	text := string(t.nodes[quotaTop+of+"/"+limits].Data)
	_, err := fmt.Sscanf(text, LimitText, &maxSize, &maxCount)
	if err != nil || now.since == 0 {
		return false
	}
	return count > 0 && now.count+count > maxCount || size != 0 && now.size+size > maxSize
}

// LimitText is the only form of a limit node that the model reads: bytes, then nodes, both hard.
const LimitText = "count=-1,bytes=-1=;byteHardLimit=%d;countHardLimit=%d"
