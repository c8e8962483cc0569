package datatree

import (
	"bytes"

	"quoll/datatree/internal/quota"
	"quoll/datatree/internal/store"
	"quoll/jute"
)

// Names of the nodes that hold a path's limits and its stats, under quotaPath and that path.
const (
	limitsName = "zookeeper_limits"
	statsName  = "zookeeper_stats"
)

// Excess says whether a change would pass one limit of a quota.
type Excess struct {
	Exceeded bool
	Hard     bool
	Now      int64 // with the change
	Limit    int64
}

// QuotaVerdict says what a change would do to the quota it falls under.
type QuotaVerdict struct {
	Prefix    string // the path that has the quota; "" when none has
	Count     Excess // nodes
	Bytes     Excess
	Malformed bool // the limit or stat node cannot be read: ZooKeeper answers MarshallingError
}

// Refused says whether a change would pass a hard limit.
func (q *QuotaVerdict) Refused() bool {
	return q.Count.Exceeded && q.Count.Hard || q.Bytes.Exceeded && q.Bytes.Hard
}

// Quota checks a create (its data length in newLen) or a setData (from lastLen to newLen bytes)
// against the longest path above it that has a quota, in the tree as it is applied
// (ZooKeeperServer.checkQuota). Null data has length 0.
func (v View) Quota(path []byte, lastLen, newLen int, create bool) (q QuotaVerdict) {
	prefix, ok := v.t.quotas.Longest(nil, path)
	if !ok {
		return q
	}
	q.Prefix = string(prefix)
	nodes, size := int64(0), int64(max(0, newLen)-max(0, lastLen))
	if create {
		nodes, size = 1, int64(max(0, newLen))
	}
	limits, found, err := v.t.stats(prefix, limitsName)
	if !found || err != nil {
		q.Malformed = found
		return q
	}
	checkCount := nodes != 0 && (limits.Count() > -1 || limits.CountHard() > -1)
	checkBytes := size != 0 && (limits.Bytes() > -1 || limits.BytesHard() > -1)
	if !checkCount && !checkBytes {
		return q
	}
	now, found, err := v.t.stats(prefix, statsName)
	if !found || err != nil {
		q.Malformed = found
		return q
	}
	if checkCount {
		q.Count = excess(now.Count()+nodes, limits.Count(), limits.CountHard())
		if q.Refused() {
			return q
		}
	}
	if checkBytes {
		q.Bytes = excess(now.Bytes()+size, limits.Bytes(), limits.BytesHard())
	}
	return q
}

// excess prefers the hard limit when both are set.
func excess(now, soft, hard int64) Excess {
	e := Excess{Now: now, Limit: soft, Hard: hard > -1}
	if e.Hard {
		e.Limit = hard
	}
	e.Exceeded = now > e.Limit
	return e
}

// stats reads the limit or stat node of a path.
func (t *Tree) stats(prefix []byte, name string) (s quota.Stats, found bool, err error) {
	var room [256]byte
	id := t.nodes.Lookup(quotaNode(room[:0], prefix, name))
	if id == store.None {
		return s, false, nil
	}
	data := t.nodes.Data(id)
	if data == nil {
		return s, true, quota.ErrStats
	}
	s, err = quota.ParseStats(data)
	return s, true, err
}

func quotaNode(dst, prefix []byte, name string) []byte {
	dst = append(append(dst, quotaPath...), prefix...)
	return append(append(dst, '/'), name...)
}

// quotaChanged updates the stats of the quota that path falls under.
func (t *Tree) quotaChanged(path []byte, size, nodes int64) {
	prefix, ok := t.quotas.Longest(t.scratch[:0], path)
	t.scratch = prefix
	if !ok {
		return
	}
	id := t.nodes.Lookup(quotaNode(nil, prefix, statsName))
	if id == store.None {
		return
	}
	// A text that cannot be read counts as empty: ZooKeeper's server would stop here.
	s, _ := quota.ParseStats(t.nodes.Data(id))
	s.Set(s.Count()+nodes, s.Bytes()+size)
	t.nodes.SetData(id, s.Append(nil))
}

// quotaCreated sets up the quota of a path when its limit or stat node is made.
func (t *Tree) quotaCreated(path []byte) {
	if len(path) < len(quotaPath) || !bytes.HasPrefix(path, []byte(quotaPath)) {
		return
	}
	parent, name, _ := jute.SplitPath(path)
	if !bytes.HasPrefix(parent, []byte(quotaPath)) {
		return
	}
	switch of := parent[len(quotaPath):]; string(name) {
	case limitsName:
		t.quotas.Add(of)
	case statsName:
		t.countQuota(of)
	}
}

// quotaDeleted ends the quota of a path when its limit node is deleted. As in ZooKeeper, any node
// below /zookeeper* that has the name of a limit node does it: see DeleteEndsApache.
func (t *Tree) quotaDeleted(parent, name []byte) {
	if string(name) != limitsName || !bytes.HasPrefix(parent, []byte(procPath)) {
		return
	}
	if of, long := cutUnits(parent, len(quotaPath)); long {
		t.quotas.Remove(of)
	}
}

// countQuota writes the stats of a path anew, from the nodes that are there.
func (t *Tree) countQuota(path []byte) {
	statID := t.nodes.Lookup(quotaNode(nil, path, statsName))
	if statID == store.None {
		return
	}
	var nodes, size int64
	if id := t.nodes.Lookup(path); id != store.None {
		t.eachNode(id, func(id store.ID, _ []byte) {
			nodes++
			size += int64(max(0, t.nodes.DataLen(id)))
		})
	}
	var s quota.Stats
	s.Set(nodes, size)
	t.nodes.SetData(statID, s.Append(nil))
}

// setupQuotas finds the quotas of a tree that was just loaded.
func (t *Tree) setupQuotas() {
	top := t.nodes.Lookup([]byte(quotaPath))
	if top == store.None {
		return
	}
	var found [][]byte
	t.eachNode(top, func(id store.ID, path []byte) {
		end := bytes.Index(path, []byte("/"+limitsName))
		if t.nodes.NumChildren(id) == 0 && bytes.HasSuffix(path, []byte("/"+limitsName)) {
			found = append(found, bytes.Clone(path[len(quotaPath):end]))
		}
	})
	for _, path := range found {
		t.countQuota(path)
		t.quotas.Add(path)
	}
}
