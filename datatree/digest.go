package datatree

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"quoll/datatree/internal/store"
	"quoll/jute"
)

// The history that the hash command shows: one digest every digestEvery zxids, the last
// digestsKept of them.
const (
	digestEvery = 128
	digestsKept = 1024
)

// ZxidDigest is the digest of the tree after a transaction.
type ZxidDigest struct {
	Zxid    jute.Zxid
	Version int32 // jute.DigestVersion, or what an older server wrote into its snapshot
	Digest  uint64
}

type digests struct {
	tree    uint64     // now
	last    ZxidDigest // after the last transaction outside a fuzzy range; zxid 0: none yet
	history []ZxidDigest

	// fuzzy is the snapshot's own digest, which has not been reached yet. Until then some of the
	// tree is as of the snapshot's zxid and some as of later ones, and no digest is compared.
	fuzzy    ZxidDigest
	isFuzzy  bool
	notUntil jute.Zxid // digests of transactions up to here are not compared or kept either

	digester Digester // the writer's
}

// Digester is memory to compute digests in. The zero Digester is ready; it has one user at a time.
type Digester struct{ stat [jute.StatPersistedBytes]byte }

// read-only: nodes under this path add nothing to the digest
var underZookeeper = []byte(zookeeperPath + "/")

// NodeDigest is what a node adds to the digest of its tree (version 2): the CRC-32 of its path
// ("" for the root), its data and its stat. Nodes under /zookeeper/ add 0.
func NodeDigest(path, data []byte, st *jute.StatPersisted) uint64 {
	var d Digester
	return d.Node(path, data, st)
}

// Node is NodeDigest without its allocation.
func (d *Digester) Node(path, data []byte, st *jute.StatPersisted) uint64 {
	if bytes.HasPrefix(path, underZookeeper) {
		return 0
	}
	if len(path) == 1 && path[0] == '/' {
		path = nil
	}
	b := d.stat[:]
	be := binary.BigEndian
	be.PutUint64(b[0:], uint64(st.Czxid))
	be.PutUint64(b[8:], uint64(st.Mzxid))
	be.PutUint64(b[16:], uint64(st.Pzxid))
	be.PutUint64(b[24:], uint64(st.Ctime))
	be.PutUint64(b[32:], uint64(st.Mtime))
	be.PutUint32(b[40:], uint32(st.Version))
	be.PutUint32(b[44:], uint32(st.Cversion))
	be.PutUint32(b[48:], uint32(st.Aversion))
	be.PutUint64(b[52:], uint64(st.EphemeralOwner))
	sum := crc32.Update(0, crc32.IEEETable, path)
	sum = crc32.Update(sum, crc32.IEEETable, data)
	return uint64(crc32.Update(sum, crc32.IEEETable, b))
}

// DigestWith is NodeDigest of a node's own data with another stat; 0 when digests are off.
func (v View) DigestWith(n Ref, path []byte, st *jute.StatPersisted) uint64 {
	if !v.t.opts.Digest {
		return 0
	}
	if v.locked {
		return NodeDigest(path, v.t.nodes.Data(n.id), st)
	}
	return v.t.digest.digester.Node(path, v.t.nodes.Data(n.id), st)
}

// DigestOf is what a node adds to the tree digest now.
func (v View) DigestOf(n Ref) uint64 { return uint64(v.t.nodes.At(n.id).Digest) }

// TreeDigest is the digest of the tree; 0 when digests are off.
func (v View) TreeDigest() uint64 { return v.t.digest.tree }

// LastDigest is what ends a snapshot: the digest after the last transaction, all zero but for the
// version when none was applied since the start or since the end of a fuzzy range.
func (v View) LastDigest() ZxidDigest {
	d := v.t.digest.last
	d.Version = jute.DigestVersion
	return d
}

// DigestLog is the history for the hash command, oldest first: a copy.
func (v View) DigestLog() []ZxidDigest {
	return append([]ZxidDigest(nil), v.t.digest.history...)
}

// Fuzzy says that the snapshot's digest has not been reached yet.
func (v View) Fuzzy() bool { return v.t.digest.isFuzzy }

// IgnoreDigestsUntil says that the tree is fuzzy up to z although no snapshot digest says so (a
// SNAP stream has none): up to there digests are neither compared nor kept. Under Lock, or before
// the tree is shared.
func (t *Tree) IgnoreDigestsUntil(z jute.Zxid) { t.digest.notUntil = z }

// Faults returns the faults since the tree was made or loaded. Under a View of the caller's, or
// Lock.
func (t *Tree) Faults() Faults { return t.faults }

// addDigest and removeDigest bracket each change of a node. The path "" is the root's.
func (t *Tree) addDigest(id store.ID, path []byte) {
	if !t.opts.Digest {
		return
	}
	n := t.nodes.At(id)
	var st jute.StatPersisted
	persisted(n, &st)
	n.Digest = uint32(t.digest.digester.Node(path, t.nodes.Data(id), &st))
	t.digest.tree += uint64(n.Digest)
}

func (t *Tree) removeDigest(id store.ID) { t.digest.tree -= uint64(t.nodes.At(id).Digest) }

// recordDigest keeps the digest after a transaction. In a fuzzy range it looks whether the
// transaction ends the range.
func (t *Tree) recordDigest(zxid jute.Zxid) {
	d := &t.digest
	if d.isFuzzy && zxid <= d.fuzzy.Zxid {
		t.endFuzzy(zxid)
		return
	}
	d.isFuzzy = false
	if zxid <= d.notUntil {
		return
	}
	d.last = ZxidDigest{zxid, jute.DigestVersion, d.tree}
	if zxid%digestEvery != 0 {
		return
	}
	if len(d.history) == digestsKept {
		copy(d.history, d.history[1:])
		d.history = d.history[:digestsKept-1]
	}
	d.history = append(d.history, d.last)
}

// endFuzzy compares the snapshot's digest if zxid is the one that it belongs to.
func (t *Tree) endFuzzy(zxid jute.Zxid) {
	d := &t.digest
	if zxid != d.fuzzy.Zxid {
		return
	}
	d.isFuzzy = false
	if d.fuzzy.Version == jute.DigestVersion && d.fuzzy.Digest != d.tree {
		t.mismatch(zxid, d.fuzzy.Digest)
	}
}

// compareDigest compares the tree's digest with the one that a transaction carries.
func (t *Tree) compareDigest(e *jute.Entry) {
	d := &t.digest
	if !t.opts.Digest || !e.HasDigest || d.isFuzzy || e.Header.Zxid <= d.notUntil ||
		e.Digest.Version != jute.DigestVersion {
		return
	}
	if e.Digest.TreeDigest != d.tree {
		t.mismatch(e.Header.Zxid, e.Digest.TreeDigest)
	}
}

func (t *Tree) mismatch(zxid jute.Zxid, want uint64) {
	t.faults.Mismatches++
	t.faults.Mismatch = Mismatch{zxid, want, t.digest.tree}
}
