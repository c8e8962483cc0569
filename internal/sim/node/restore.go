package node

import (
	"quoll/datatree"
	"quoll/internal/model"
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/history"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/session"
)

func (p *process) start() error {
	n := p.n
	var epochs persistence.Epochs
	tail := restore.NewTail(n.tailLimits())
	tree, dir, found, err := n.restore(n.disk, tail.Add)
	if err == nil && n.set.Peers != nil {
		epochs, err = dir.Epochs()
	}
	if err != nil {
		return err
	}
	p.store, p.tree = dir, tree
	p.recovered(found, epochs)
	if len(found.Skipped) > 0 {
		n.Counts.Add("recovery", "a snapshot was skipped")
	}
	if found.TornBytes > 0 {
		n.Counts.Add("recovery", "a torn end was cut off")
	}
	if len(found.RemovedLogs) > 0 {
		n.Counts.Add("recovery", "an empty log was removed")
	}
	alone := n.set.Peers == nil
	if alone && found.NeedsSnapshot() || !alone && found.Empty && found.LastZxid == 0 {
		if err := p.n.snapshot(p.store, p.tree, found.Sessions); err != nil {
			return err
		}
	}
	p.assemble(found, n.member(found, epochs, tail.Entries()))
	n.fuse.At(fuse.Booted)
	return nil
}

// recovered tells the Recorder what was found.
func (p *process) recovered(found *restore.Found, epochs persistence.Epochs) {
	n := p.n
	ids := make([]jute.SessionID, 0, len(found.Sessions))
	for _, s := range found.Sessions {
		ids = append(ids, s.ID)
	}
	for range found.Orphans {
		n.Counts.Add("recovery", "orphans were removed")
	}
	n.record.Recovered(n, history.Recovery{
		Zxid: found.LastZxid, Digest: p.tree.Peek().TreeDigest(),
		Fingerprint: n.fingerprint(p.tree), Sessions: ids, Orphans: found.Orphans,
	}, epochs)
	if f := p.tree.Faults(); f != (datatree.Faults{}) {
		n.Violate("replay up to %v: %+v", found.LastZxid, f)
	}
	n.Note("node %d: start %d: recovered to %v, epochs %d, %d", n.number, p.life, found.LastZxid,
		epochs.Accepted, epochs.Current)
	n.Trace.Mix(uint64(found.LastZxid), p.tree.Peek().TreeDigest())
}

// inherit puts on the disk what another server left there: a snapshot of an empty tree that has
// seen many transactions.
func (n *Node) inherit() {
	tree, dir, _, err := n.restore(n.disk, ignore)
	if err == nil {
		tree.Lock()
		tree.SetLastZxid(n.set.Begin)
		tree.Unlock()
		err = n.snapshot(dir, tree, nil)
	}
	if err == nil {
		err = dir.Close()
	}
	if err != nil {
		n.Violate("a snapshot before the first start: %v", err)
	}
}

// snapshot writes a snapshot at once.
func (n *Node) snapshot(dir *persistence.Dir, tree *datatree.Tree, known []session.Saved) error {
	walk := n.walk(dir, replica.NewSnapshotJob(tree, known))
	for {
		if more, err := walk.Step(1 << 20); !more || err != nil {
			return err
		}
	}
}

// ignore takes a transaction that a log has, and does nothing.
func ignore(*jute.Entry) {}

// restore reads what is on a disk. Each transaction of its log is handed to txn.
func (n *Node) restore(
	disk *simfs.Disk, txn func(*jute.Entry),
) (*datatree.Tree, *persistence.Dir, *restore.Found, error) {
	dir, err := persistence.Open(disk, n.storeOptions())
	if err != nil {
		return nil, nil, nil, err
	}
	tree := n.newTree()
	found, err := restore.Tree(dir, tree, restore.Hooks{
		Txn: func(e *jute.Entry) error {
			txn(e)
			return n.record.Logged(n, e)
		},
	})
	if err == nil && n.set.Peers == nil {
		found.EndOrphans(tree)
	}
	return tree, dir, found, err
}

func (n *Node) storeOptions() persistence.Options {
	o := persistence.DefaultOptions("/data")
	o.Log = n.set.Store.Log
	if n.set.Store.TwoDirs {
		o.DataLogDir = "/logs"
	}
	o.Snap = persistence.SnapOptions{}
	if n.set.Store.Gzip {
		o.Snap.Compression = snap.Gzip
	}
	return o
}

// configNode has an ensemble's configuration, which each server writes by itself.
const configNode = "/zookeeper/config"

// fingerprint is for the tree what model.Tree.Fingerprint is for the model.
func (n *Node) fingerprint(tree *datatree.Tree) uint64 {
	var f model.Fingerprint
	var cursor datatree.Cursor
	view := tree.Peek()
	for more := true; more; {
		more, _ = tree.Walk(&cursor, 1000, func(
			path string, data []byte, _ int64, st *jute.StatPersisted,
		) error {
			if path == configNode && n.set.Peers != nil {
				return nil
			}
			ref, _ := view.Find([]byte(path))
			f.Node(path, data, view.ACL(ref), st)
			return nil
		})
	}
	return f.Sum()
}
