package applied

import (
	"fmt"

	"quoll/internal/model"
)

func (t *Tree) quotaNodeMade(path string) {
	of, name, ok := model.QuotaOf(path)
	switch {
	case ok && name == model.LimitsNode && of != "/":
		t.quotas[of] = true
	case ok && name == model.StatsNode:
		t.recount(of)
	}
}

func (t *Tree) quotaNodeGone(path string) {
	if of, name, ok := model.QuotaOf(path); ok && name == model.LimitsNode {
		delete(t.quotas, of)
	}
}

func (t *Tree) recount(of string) {
	var count, bytes int64
	for _, p := range t.Paths() {
		if model.Below(of, max(p, "/")) {
			count++
			bytes += int64(len(t.nodes[p].Data))
		}
	}
	n := t.Get(model.QuotaNode(of, model.StatsNode))
	n.Data = fmt.Appendf(nil, "count=%d,bytes=%d", count, bytes)
}

// Quota is the longest path with a quota that path falls under, "" for none.
func (t *Tree) Quota(path string) string {
	for p := max(path, "/"); p != "/"; p, _ = model.Split(p) {
		if t.quotas[p] {
			return p
		}
	}
	return ""
}

// charge changes the stats of a quota. It reads only texts that the model wrote.
func (t *Tree) charge(path string, bytes, count int64) {
	of := t.Quota(path)
	n := t.Get(model.QuotaNode(of, model.StatsNode))
	if of == "" || n == nil {
		return
	}
	had := [2]int64{-1, -1}
	if _, err := fmt.Sscanf(string(n.Data), "count=%d,bytes=%d", &had[0], &had[1]); err != nil {
		had = [2]int64{-1, -1}
	}
	n.Data = fmt.Appendf(nil, "count=%d,bytes=%d", had[0]+count, had[1]+bytes)
}
