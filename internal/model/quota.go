package model

import (
	"fmt"

	"quoll/jute"
)

// quotaCreated counts a quota anew when its stat node is made.
func (t *Tree) quotaCreated(path string) {
	of, name, ok := QuotaOf(path)
	switch {
	case !ok:
	case name == LimitsNode:
		t.noteQuota(of)
	case name == StatsNode:
		var count, size int64
		for p, n := range t.nodes {
			if Below(of, p) {
				count++
				size += int64(len(n.Data))
			}
		}
		t.nodes[path].Data = fmt.Appendf(nil, "count=%d,bytes=%d", count, size)
		t.noteQuota(of)
	}
}

// quotaDeleted notes that the limit or stat node of a quota is gone.
func (t *Tree) quotaDeleted(path string) {
	if of, name, ok := QuotaOf(path); ok && (name == LimitsNode || name == StatsNode) {
		t.noteQuota(of)
	}
}

// quotaAbove is the longest path with a limit node at or above path, "" when there is none.
func (t *Tree) quotaAbove(path string) string {
	for p := path; p != "/"; p, _ = Split(p) {
		if t.nodes[QuotaNode(p, LimitsNode)] != nil {
			return p
		}
	}
	return ""
}

// charge updates the stats of the quota that a path falls under.
func (t *Tree) charge(path string, size, count int64) {
	of := t.quotaAbove(path)
	n := t.nodes[QuotaNode(of, StatsNode)]
	if of == "" || n == nil {
		return
	}
	haveCount, haveSize := usage(n)
	n.Data = fmt.Appendf(nil, "count=%d,bytes=%d", haveCount+count, haveSize+size)
	t.noteQuota(of)
}

func usage(n *Node) (count, size int64) {
	count, size = -1, -1
	_, _ = fmt.Sscanf(string(n.Data), "count=%d,bytes=%d", &count, &size)
	return count, size
}

// quota is the state of a quota from a transaction on.
type quota struct {
	since       jute.Zxid
	limit       string // "": there is none
	counted     bool   // there is a stat node
	count, size int64
}

// noteQuota remembers what a quota is now.
func (t *Tree) noteQuota(of string) {
	q := quota{since: t.Zxid}
	if n := t.nodes[QuotaNode(of, LimitsNode)]; n != nil {
		q.limit = string(n.Data)
	}
	if n := t.nodes[QuotaNode(of, StatsNode)]; n != nil {
		q.counted = true
		q.count, q.size = usage(n)
	}
	t.quotas[of] = append(t.quotas[of], q)
}

// quotaAt is the quota that a path fell under when applied was the last transaction.
func (t *Tree) quotaAt(path string, applied jute.Zxid) (now quota) {
	for p := path; p != "/"; p, _ = Split(p) {
		now = quota{}
		for _, q := range t.quotas[p] {
			if q.since > applied {
				break
			}
			now = q
		}
		if now.limit != "" {
			return now
		}
	}
	return quota{}
}

// over says whether count more nodes and size more bytes are too many for the hard limits above a
// path. As in ZooKeeper the quota counts as it was when the request was looked at.
func (t *Tree) over(path string, count, size int64, applied jute.Zxid) bool {
	now := t.quotaAt(path, applied)
	if !now.counted || !t.Options.EnforceQuota {
		return false
	}
	var maxSize, maxCount int64
	if _, err := fmt.Sscanf(now.limit, LimitText, &maxSize, &maxCount); err != nil {
		return false
	}
	return count > 0 && now.count+count > maxCount || size != 0 && now.size+size > maxSize
}

// LimitText is the only form of a limit node that the model reads: bytes, then nodes, both hard.
const LimitText = "count=-1,bytes=-1=;byteHardLimit=%d;countHardLimit=%d"
