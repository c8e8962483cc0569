package applied

import (
	"fmt"
	"strings"
)

const quotaTop = "/zookeeper/quota"

// quotaOf is the path whose limit or stat node this is.
func quotaOf(path string) (of, name string, ok bool) {
	of, below := strings.CutPrefix(path, quotaTop)
	if !below || !strings.Contains(of, "/") {
		return "", "", false
	}
	of, name = split(of)
	return of, name, true
}

func (t *Tree) quotaNodeMade(path string) {
	of, name, ok := quotaOf(path)
	switch {
	case ok && name == "zookeeper_limits" && of != "":
		t.quotas[of] = true
	case ok && name == "zookeeper_stats":
		t.recount(of)
	}
}

func (t *Tree) quotaNodeGone(path string) {
	if of, name, ok := quotaOf(path); ok && name == "zookeeper_limits" {
		delete(t.quotas, of)
	}
}

func (t *Tree) recount(of string) {
	var count, bytes int64
	for _, p := range t.Paths() {
		if p == of || strings.HasPrefix(p, of+"/") {
			count++
			bytes += int64(len(t.nodes[p].Data))
		}
	}
	n := t.Get(quotaTop + of + "/zookeeper_stats")
	n.Data = fmt.Appendf(nil, "count=%d,bytes=%d", count, bytes)
}

// Quota is the longest path with a quota that path falls under, "" for none.
func (t *Tree) Quota(path string) string {
	for p := path; p != ""; p, _ = split(p) {
		if t.quotas[p] {
			return p
		}
	}
	return ""
}

// charge changes the stats of a quota; the model takes only texts that it wrote itself.
func (t *Tree) charge(path string, bytes, count int64) {
	of := t.Quota(path)
	n := t.Get(quotaTop + of + "/zookeeper_stats")
	if of == "" || n == nil {
		return
	}
	had := [2]int64{-1, -1}
	if _, err := fmt.Sscanf(string(n.Data), "count=%d,bytes=%d", &had[0], &had[1]); err != nil {
		had = [2]int64{-1, -1}
	}
	n.Data = fmt.Appendf(nil, "count=%d,bytes=%d", had[0]+count, had[1]+bytes)
}
