package inspect

import (
	"fmt"
	"time"

	"quoll/jute"
	"quoll/persistence"
)

// readAhead is how many MiB are read ahead of the printing.
const readAhead = 4

// SnapshotOptions select what Snapshot prints.
type SnapshotOptions struct {
	Data bool // the nodes' data, not only its length
	ACLs bool // the ACL table
}

// Snapshot prints a snapshot file: its nodes, sessions, ACL table, and a line on the file itself.
// If it returns ErrInvalid, the lines that it has printed are not verified.
func Snapshot(fsys persistence.FS, name string, opt SnapshotOptions, p *Printer) error {
	dump := &dumper{p: p, opt: opt}
	info, err := persistence.ReadSnapshot(fsys, name, readAhead, dump)
	if err != nil {
		p.failure(name, err)
		return ErrInvalid
	}
	p.begin()
	p.word("kind", "snapshot")
	p.snapshotFields(info, dump.counts)
	p.end()
	return nil
}

// counts is how much a snapshot holds.
type counts struct {
	nodes, ephemerals, sessions, acls int
	dataBytes                         int64
}

func (p *Printer) snapshotFields(info persistence.SnapInfo, c counts) {
	p.word("file", info.File)
	p.field("zxid", info.Zxid)
	p.field("bytes", info.Bytes)
	p.field("nodes", c.nodes)
	p.field("ephemerals", c.ephemerals)
	p.field("dataBytes", c.dataBytes)
	p.field("sessions", c.sessions)
	p.field("acls", c.acls)
	if t := info.Trailer; t.HasDigest {
		p.field("digestZxid", t.Digest.Zxid)
		p.word("digest", fmt.Sprintf("%d,%x", t.Digest.Version, t.Digest.Digest))
	}
	if t := info.Trailer; t.HasLastZxid {
		p.field("lastZxid", t.LastZxid)
	}
}

// dumper is a snap.Sink that prints and counts what it gets.
type dumper struct {
	p      *Printer
	opt    SnapshotOptions
	counts counts
}

// Session implements snap.Sink.
func (d *dumper) Session(id jute.SessionID, timeoutMs int32) error {
	d.counts.sessions++
	d.p.begin()
	d.p.word("kind", "session")
	d.p.field("id", id)
	d.p.field("timeoutMs", timeoutMs)
	d.p.end()
	return nil
}

// ACL implements snap.Sink.
func (d *dumper) ACL(key int64, acl []jute.ACL) error {
	d.counts.acls++
	if !d.opt.ACLs {
		return nil
	}
	d.p.begin()
	d.p.word("kind", "acl")
	d.p.field("key", key)
	d.p.open("acl", true)
	for i := range acl {
		d.p.open("", false)
		jute.Visit(&acl[i], d.p)
		d.p.close()
	}
	d.p.close()
	d.p.end()
	return nil
}

// Node implements snap.Sink.
func (d *dumper) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	d.counts.add(data, st)
	p := d.p
	p.begin()
	p.word("kind", "node")
	p.field("path", rooted(string(path)))
	if d.opt.Data {
		p.field("data", data)
	} else {
		p.field("dataLength", len(data))
	}
	p.field("acl", acl)
	p.field("czxid", st.Czxid)
	p.field("mzxid", st.Mzxid)
	p.field("pzxid", st.Pzxid)
	p.time("ctime", st.Ctime)
	p.time("mtime", st.Mtime)
	p.field("version", st.Version)
	p.field("cversion", st.Cversion)
	p.field("aversion", st.Aversion)
	p.field("owner", st.EphemeralOwner)
	p.end()
	return nil
}

func (c *counts) add(data []byte, st *jute.StatPersisted) {
	c.nodes++
	c.dataBytes += int64(len(data))
	if isEphemeral(st.EphemeralOwner) {
		c.ephemerals++
	}
}

// isEphemeral says whether an owner is a session. Containers have the lowest number as owner, and
// TTL nodes a number whose highest byte is 0xff.
func isEphemeral(owner jute.SessionID) bool {
	return owner != 0 && uint64(owner) != 1<<63 && uint64(owner)>>56 != 0xff
}

func (p *Printer) time(name string, ms int64) {
	if p.format == JSON {
		p.field(name, ms)
		return
	}
	p.word(name, time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z"))
}

func rooted(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// VerifySnapshot reads a snapshot file to its end and prints a verdict.
func VerifySnapshot(fsys persistence.FS, name string, p *Printer) error {
	count := &counter{}
	info, err := persistence.ReadSnapshot(fsys, name, readAhead, count)
	p.begin()
	p.word("verdict", verdict(err == nil))
	p.snapshotFields(info, count.counts)
	if err != nil {
		p.field("problem", err.Error())
	}
	p.end()
	if err != nil {
		return ErrInvalid
	}
	return nil
}

// counter is a snap.Sink that counts what it gets, and fails if a node comes before its parent.
type counter struct {
	counts counts
	tree   tree
}

// Session implements snap.Sink.
func (c *counter) Session(jute.SessionID, int32) error {
	c.counts.sessions++
	return nil
}

// ACL implements snap.Sink.
func (c *counter) ACL(int64, []jute.ACL) error {
	c.counts.acls++
	return nil
}

// Node implements snap.Sink.
func (c *counter) Node(path, data []byte, _ int64, st *jute.StatPersisted) error {
	c.counts.add(data, st)
	return c.tree.add(string(path))
}
