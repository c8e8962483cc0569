package datatree_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/internal/model"
	"quoll/internal/model/applied"
	"quoll/jute"
)

// hearing keeps events as the model does: one for each watcher.
type hearing struct{ heard []model.Event }

func (h *hearing) Deliver(ev watch.Event, acl []jute.ACL, to []watch.Watcher) {
	for _, w := range to {
		h.heard = append(h.heard, model.Event{
			To: model.Conn(w), Type: ev.Type, Path: string(ev.Path), Zxid: ev.Zxid, ACL: acl})
	}
}

// machine drives a tree and its model with the same transactions.
type machine struct {
	tree  *datatree.Tree
	model *applied.Tree
	sink  *hearing
	zxid  jute.Zxid
	log   []jute.Entry // what was applied
	names int          // how many different names a level has

	// Transactions are such as Prep makes: replaying one twice is harmless.
	strict  bool
	pending []string // paths that the present multi creates
	gone    []string // paths that it deletes
}

// skipped is what an action panics with when it has nothing to do.
type skipped struct{}

func skip() { panic(skipped{}) }

// try runs an action and says whether it had something to do.
func try(action func(*rapid.T), t *rapid.T) (done bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(skipped); !ok {
				panic(r)
			}
		}
	}()
	action(t)
	return true
}

func newMachine() *machine {
	m := &machine{
		tree:  datatree.New(datatree.Options{ExtendedTypes: true, Digest: true}),
		model: applied.New(true, true),
		sink:  &hearing{},
		names: 5,
	}
	m.tree.SetSink(m.sink)
	return m
}

func world(p jute.Perms) jute.ACL {
	return jute.ACL{Perms: p, ID: jute.ID{Scheme: "world", ID: "anyone"}}
}

func (m *machine) acl(t *rapid.T) []jute.ACL {
	switch n := rapid.IntRange(0, 6).Draw(t, "acl"); n {
	case 0:
		return nil
	case 1:
		return []jute.ACL{}
	default:
		return []jute.ACL{world(jute.Perms(n)), {Perms: 31, ID: jute.ID{Scheme: "digest", ID: "u:x"}}}
	}
}

func (m *machine) data(t *rapid.T) []byte {
	switch n := rapid.IntRange(0, 9).Draw(t, "data"); n {
	case 0:
		return nil
	case 1:
		return []byte{}
	case 2:
		return bytes.Repeat([]byte("z"), rapid.IntRange(100, 9000).Draw(t, "size"))
	default:
		return []byte(strings.Repeat("d", n*n))
	}
}

// parent draws a node that may have children.
func (m *machine) parent(t *rapid.T) string {
	return m.pick(t, func(p string) bool {
		owner := m.model.Get(p).Stat.EphemeralOwner
		return !strings.HasPrefix(p, "/zookeeper") && strings.Count(p, "/") < 5 &&
			(owner < 1 || owner > 3)
	})
}

func (m *machine) pick(t *rapid.T, ok func(string) bool) string {
	paths := slices.DeleteFunc(m.model.Paths(), func(p string) bool { return !ok(p) })
	if len(paths) == 0 {
		skip()
	}
	return rapid.SampledFrom(paths).Draw(t, "path")
}

func (m *machine) anyPath(t *rapid.T) string {
	if m.strict || rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		p := m.pick(t, func(string) bool { return true })
		return max(p, "/")
	}
	return m.newPath(t)
}

// newPath draws a path, whose node may exist.
func (m *machine) newPath(t *rapid.T) string {
	return m.parent(t) + "/" + rapid.SampledFrom(nodeNames[:m.names]).Draw(t, "name")
}

var nodeNames = []string{
	"a", "bb", "n0000000001", "ünï", strings.Repeat("long", 20), "f", "g", "h", "i", "j", "k", "l",
}

// create draws a create that fits the tree, or one of a node that exists.
func (m *machine) create(t *rapid.T) (jute.OpCode, jute.Record) {
	path := m.newPath(t)
	if m.strict && (m.model.Get(path) != nil || slices.Contains(m.pending, path)) {
		skip()
	}
	return m.createAt(t, path)
}

func (m *machine) createAt(t *rapid.T, path string) (jute.OpCode, jute.Record) {
	at := strings.LastIndexByte(path, '/')
	cversion := int32(-1)
	if n := m.model.Get(path[:at]); n != nil && (m.strict || rapid.Bool().Draw(t, "counted")) {
		cversion = n.Stat.Cversion + 1
		for _, p := range m.pending {
			if strings.LastIndexByte(p, '/') == at && p[:at] == path[:at] {
				cversion++
			}
		}
	}
	if !m.strict && rapid.IntRange(0, 5).Draw(t, "late") == 0 {
		cversion = 0 // less than the parent has
	}
	m.pending = append(m.pending, path)
	p, data, acl := []byte(path), m.data(t), m.acl(t)
	op := rapid.SampledFrom([]jute.OpCode{
		jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL,
	}).Draw(t, "create")
	switch op {
	case jute.OpCreateContainer:
		return op, &jute.CreateContainerTxn{Path: p, Data: data, ACL: acl, ParentCVersion: cversion}
	case jute.OpCreateTTL:
		return op, &jute.CreateTTLTxn{Path: p, Data: data, ACL: acl, ParentCVersion: cversion,
			TTL: rapid.Int64Range(1, 50).Draw(t, "ttl")}
	}
	return op, &jute.CreateTxn{Path: p, Data: data, ACL: acl, ParentCVersion: cversion,
		Ephemeral: rapid.IntRange(0, 2).Draw(t, "ephemeral") == 0}
}

func (m *machine) change(t *rapid.T) (jute.OpCode, jute.Record) {
	if rapid.IntRange(0, 2).Draw(t, "acl or data") == 0 {
		return jute.OpSetACL, &jute.SetACLRequest{
			Path: []byte(m.anyPath(t)), ACL: m.acl(t), Version: rapid.Int32().Draw(t, "aversion")}
	}
	path := m.pick(t, func(p string) bool { return !strings.Contains(p, "zookeeper_") })
	return jute.OpSetData, &jute.SetDataRequest{
		Path: []byte(max(path, "/")), Data: m.data(t), Version: rapid.Int32().Draw(t, "version")}
}

// remove draws a node without children, or one that is not there.
func (m *machine) remove(t *rapid.T) (jute.OpCode, jute.Record) {
	path := m.pick(t, func(p string) bool {
		return len(m.model.Children(p)) == 0 && p != "/zookeeper/quota" && p != "/zookeeper/config"
	})
	if m.strict && path == "" {
		skip()
	}
	if path == "" || !m.strict && rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
		path += "/nobody"
	}
	return jute.OpDelete, &jute.PathOnly{Path: []byte(path)}
}

// apply gives a transaction to both, and compares their answers. The sessions are 1 to 3.
func (m *machine) apply(t *rapid.T, op jute.OpCode, txn jute.Record) {
	m.zxid += jute.Zxid(rapid.SampledFrom([]int{1, 1, 1, 60}).Draw(t, "zxid step"))
	h := jute.TxnHeader{
		ClientID: jute.SessionID(rapid.IntRange(1, 3).Draw(t, "session")),
		Zxid:     m.zxid, Time: int64(m.zxid) * 10, Type: op,
	}
	m.applyAs(t, h, txn)
}

func (m *machine) applyAs(t *rapid.T, h jute.TxnHeader, txn jute.Record) {
	from := len(m.model.Heard)
	m.sink.heard = m.sink.heard[:0]
	want := m.model.Apply(h, txn)
	e := jute.Entry{Header: h, Body: jute.Append(nil, txn), HasDigest: true,
		Digest: jute.TxnDigest{Version: 2, TreeDigest: m.model.TreeDigest()}}
	var got datatree.Result
	m.tree.Lock()
	before := m.tree.Faults().Inconsistencies
	m.tree.Apply(&e, &got)
	counted := m.tree.Faults().Inconsistencies > before
	m.tree.Unlock()
	m.log = append(m.log, e)
	must(t, "result", result(want), result(fromTree(got)))
	if cannotBe := surprising(want); counted != cannotBe {
		t.Fatalf("%v: counted as inconsistent: %v, want %v", h.Type, counted, cannotBe)
	}
	must(t, "events", events(m.model.Heard[from:]), events(m.sink.heard))
	// Nothing of the entry may be kept.
	clear(e.Body)
	m.log[len(m.log)-1].Body = jute.Append(nil, txn)
}

// surprising says whether Prep would never have made the transaction.
func surprising(r applied.Result) bool {
	if len(r.Multi) > 0 {
		return slices.ContainsFunc(r.Multi, surprising)
	}
	return r.Type != jute.OpError && r.Err != jute.OK
}

func fromTree(r datatree.Result) applied.Result {
	out := applied.Result{Type: r.Type, Err: r.Err, Path: string(r.Path), Stat: r.Stat}
	for _, sub := range r.Multi {
		out.Multi = append(out.Multi, fromTree(sub))
	}
	return out
}

func result(r applied.Result) string { return fmt.Sprintf("%+v", r) }

// events makes lists of watchers comparable: within one change their order means nothing.
func events(heard []model.Event) string {
	var b strings.Builder
	for _, h := range heard {
		acl := h.ACL
		if acl == nil {
			acl = []jute.ACL{world(jute.PermAll)}
		}
		fmt.Fprintf(&b, "%d %v %s %v %v\n", h.To, h.Type, h.Path, h.Zxid, acl)
	}
	return b.String()
}

func must[T comparable](t *rapid.T, what string, want, got T) {
	t.Helper()
	if want != got {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func (m *machine) watcher(t *rapid.T) model.Conn {
	return model.Conn(rapid.IntRange(1, 4).Draw(t, "watcher"))
}

func (m *machine) actions() map[string]func(*rapid.T) {
	one := func(draw func(*rapid.T) (jute.OpCode, jute.Record)) func(*rapid.T) {
		return func(t *rapid.T) {
			m.pending, m.gone = m.pending[:0], m.gone[:0]
			op, txn := draw(t)
			m.apply(t, op, txn)
		}
	}
	return map[string]func(*rapid.T){
		"create":       one(m.create),
		"create more":  one(m.create),
		"change":       one(m.change),
		"remove":       one(m.remove),
		"quota":        m.quota,
		"multi":        m.multi,
		"closeSession": m.closeSession,
		"error": func(t *rapid.T) {
			m.apply(t, jute.OpError, &jute.ErrorResponse{Err: jute.BadVersion})
		},
		"watch":      m.watch,
		"unwatch":    m.unwatch,
		"setWatches": m.setWatches,
		"config":     m.config,
		"adopt":      m.adopt,
		"":           m.check,
	}
}

func (m *machine) quota(t *rapid.T) {
	of := m.pick(t, func(p string) bool { return p != "" && !strings.HasPrefix(p, "/zookeeper") })
	path := "/zookeeper/quota"
	for _, name := range strings.Split(of, "/")[1:] {
		if path += "/" + name; m.model.Get(path) == nil {
			m.quotaNode(t, path, nil)
		}
	}
	for _, leaf := range []string{"/zookeeper_limits", "/zookeeper_stats"} {
		if m.model.Get(path+leaf) == nil && rapid.IntRange(0, 4).Draw(t, "leaf") > 0 {
			m.quotaNode(t, path+leaf, []byte("count=5,bytes=100"))
		}
	}
}

func (m *machine) quotaNode(t *rapid.T, path string, data []byte) {
	parent := m.model.Get(path[:strings.LastIndexByte(path, '/')])
	m.apply(t, jute.OpCreate, &jute.CreateTxn{
		Path: []byte(path), Data: data, ParentCVersion: parent.Stat.Cversion + 1})
}

// multi draws operations each of which fits the tree before the multi, and may fail after the
// earlier ones; a failed multi has an error in it.
func (m *machine) multi(t *rapid.T) {
	m.pending, m.gone = m.pending[:0], m.gone[:0]
	txn := &jute.MultiTxn{}
	n := rapid.IntRange(0, 5).Draw(t, "ops")
	failing := n
	if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
		failing = rapid.IntRange(0, n).Draw(t, "culprit")
	}
	for i := range n {
		var op jute.OpCode
		var rec jute.Record
		if i == failing {
			op, rec = jute.OpError, &jute.ErrorResponse{Err: jute.BadVersion}
		} else if i > failing && rapid.Bool().Draw(t, "said so") {
			op, rec = jute.OpError, &jute.ErrorResponse{Err: jute.RuntimeInconsistency}
		} else {
			op, rec = m.multiOp(t)
		}
		txn.Txns = append(txn.Txns, jute.Txn{Type: op, Data: jute.Append(nil, rec)})
	}
	m.apply(t, jute.OpMulti, txn)
}

func (m *machine) multiOp(t *rapid.T) (op jute.OpCode, rec jute.Record) {
	switch rapid.IntRange(0, 3).Draw(t, "op") {
	case 0:
		op, rec = m.create(t)
		m.fits(m.pending[len(m.pending)-1])
	case 1:
		op, rec = m.remove(t)
		path := string(rec.(*jute.PathOnly).Path)
		m.fits(path)
		if slices.ContainsFunc(m.pending, func(p string) bool {
			return p == path || strings.HasPrefix(p, path+"/")
		}) {
			skip()
		}
		m.gone = append(m.gone, path)
	case 2:
		op, rec = jute.OpCheck, &jute.PathVersion{Path: []byte(m.anyPath(t))}
	default:
		path := m.pick(t, func(p string) bool { return !strings.Contains(p, "zookeeper_") })
		m.fits(path)
		op, rec = jute.OpSetData, &jute.SetDataRequest{Path: []byte(max(path, "/")), Data: m.data(t)}
	}
	return op, rec
}

// fits skips a multi that Prep would refuse, because an earlier operation deletes what this one
// needs.
func (m *machine) fits(path string) {
	if m.strict && slices.ContainsFunc(m.gone, func(g string) bool {
		return g == path || strings.HasPrefix(path, g+"/")
	}) {
		skip()
	}
}

func (m *machine) closeSession(t *rapid.T) {
	m.zxid++
	h := jute.TxnHeader{
		ClientID: jute.SessionID(rapid.IntRange(1, 3).Draw(t, "session")),
		Zxid:     m.zxid, Time: int64(m.zxid) * 10, Type: jute.OpCloseSession,
	}
	// Without the paths a replay over a fuzzy snapshot is inexact: that is why ZooKeeper names
	// them.
	txn := &jute.CloseSessionTxn{Empty: !m.strict && rapid.Bool().Draw(t, "empty")}
	if !txn.Empty {
		txn.Paths2Delete = [][]byte{}
		for _, p := range m.model.Ephemerals(h.ClientID) {
			if m.strict || rapid.IntRange(0, 4).Draw(t, "named") > 0 {
				txn.Paths2Delete = append(txn.Paths2Delete, []byte(p))
			}
		}
	}
	m.applyAs(t, h, txn)
}

func (m *machine) watch(t *rapid.T) {
	path, w := m.anyPath(t), m.watcher(t)
	v := m.tree.Read()
	defer v.Release()
	switch rapid.IntRange(0, 3).Draw(t, "mode") {
	case 0:
		m.model.Watch(false, path, w)
		v.WatchData([]byte(path), watch.Watcher(w))
	case 1:
		m.model.Watch(true, path, w)
		v.WatchChildren([]byte(path), watch.Watcher(w))
	case 2:
		m.model.AddWatch(path, w, jute.AddWatchPersistent)
		v.AddWatch([]byte(path), watch.Watcher(w), jute.AddWatchPersistent)
	case 3:
		m.model.AddWatch(path, w, jute.AddWatchRecursive)
		v.AddWatch([]byte(path), watch.Watcher(w), jute.AddWatchRecursive)
	}
}

func (m *machine) unwatch(t *rapid.T) {
	w := m.watcher(t)
	if rapid.IntRange(0, 5).Draw(t, "drop") == 0 {
		m.model.DropWatches(w)
		m.tree.DropWatches(watch.Watcher(w))
		return
	}
	path, typ := m.anyPath(t), jute.WatcherType(rapid.IntRange(1, 5).Draw(t, "type"))
	v := m.tree.Read()
	defer v.Release()
	must(t, "has", m.model.Watches(path, typ, w), v.HasWatch([]byte(path), typ, watch.Watcher(w)))
	must(t, "removed", m.model.Unwatch(path, typ, w),
		v.RemoveWatch([]byte(path), typ, watch.Watcher(w)))
}

func (m *machine) setWatches(t *rapid.T) {
	draw := func(what string) [][]byte {
		paths := [][]byte{}
		for range rapid.IntRange(0, 2).Draw(t, what) {
			paths = append(paths, []byte(m.anyPath(t)))
		}
		return paths
	}
	s := &jute.SetWatches{
		Two: true, RelativeZxid: jute.Zxid(rapid.Int64Range(0, int64(m.zxid)).Draw(t, "seen")),
		Data: draw("data"), Exist: draw("exist"), Child: draw("child"),
		Persistent: draw("persistent"), PersistentRecursive: draw("recursive"),
	}
	w := m.watcher(t)
	want := m.model.SetWatches(w, s)
	var got []model.Event
	v := m.tree.Read()
	defer v.Release()
	v.SetWatches(watch.Watcher(w), s, func(typ jute.EventType, path []byte) {
		got = append(got, model.Event{To: w, Type: typ, Path: string(path), Zxid: -1})
	})
	must(t, "missed", events(want), events(got))
}

// check compares everything that can be asked of the tree with the model.
func (m *machine) check(t *rapid.T) {
	v := m.tree.Read()
	defer v.Release()
	sameTree(t, v, m.model, true)
	sameLargest(t, m.tree, m.model)
	must(t, "watches", m.model.WatchCount(), v.WatchCount())
	if f := m.tree.Faults(); f.Mismatches > 0 {
		t.Fatalf("digest mismatch %+v", f.Mismatch)
	}
}

func TestTreeIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		actions := m.actions()
		for name, action := range actions {
			actions[name] = func(t *rapid.T) {
				if !try(action, t) {
					t.Skip()
				}
			}
		}
		t.Repeat(actions)
	})
}
