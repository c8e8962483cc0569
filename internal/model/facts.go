package model

import (
	"encoding/binary"
	"hash/crc32"
	"strings"

	"quoll/jute"
)

// Owners of nodes that no session owns.
const (
	ContainerOwner = jute.SessionID(-1 << 63)
	ttlOwner       = jute.SessionID(-1 << 56)
	MaxTTL         = 1<<40 - 1 // ms, and the bits of a TTL node's owner that hold them
)

// IsTTL says whether an owner is a time to live; extended is extendedTypesEnabled.
func IsTTL(owner jute.SessionID, extended bool) bool {
	return extended && uint64(owner)>>40 == 0xff0000
}

// IsEphemeral says whether an owner is a session.
func IsEphemeral(owner jute.SessionID, extended bool) bool {
	return owner != 0 && owner != ContainerOwner && !IsTTL(owner, extended)
}

// Split cuts a path into its parent, "/" for the root, and its name. A path without a slash has no
// parent.
func Split(path string) (parent, name string) {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return "", path
	}
	return key([]byte(path[:at])), path[at+1:]
}

// Below says whether a path is that of a node or of something under it.
func Below(of, path string) bool {
	return path == of || strings.HasPrefix(path, strings.TrimSuffix(of, "/")+"/")
}

// Shown is what a client is told about a node.
func Shown(p *jute.StatPersisted, dataBytes, children int, extended bool) *jute.Stat {
	kids := int32(children)
	s := &jute.Stat{
		Czxid: p.Czxid, Mzxid: p.Mzxid, Ctime: p.Ctime, Mtime: p.Mtime, Version: p.Version,
		Cversion: p.Cversion + p.Cversion - kids, Aversion: p.Aversion,
		DataLength: int32(dataBytes), NumChildren: kids, Pzxid: p.Pzxid,
	}
	if IsEphemeral(p.EphemeralOwner, extended) {
		s.EphemeralOwner = p.EphemeralOwner
	}
	return s
}

// Counts says whether a node counts in the digest of its tree.
func Counts(path string) bool { return !strings.HasPrefix(path, zookeeper+"/") }

// Sum is what a node adds to the digest of its tree, version 2.
func Sum(path string, data []byte, st *jute.StatPersisted) uint32 {
	if path == "/" {
		path = ""
	}
	be := binary.BigEndian
	b := append([]byte(path), data...)
	for _, v := range []int64{
		int64(st.Czxid), int64(st.Mzxid), int64(st.Pzxid), st.Ctime, st.Mtime,
	} {
		b = be.AppendUint64(b, uint64(v))
	}
	for _, v := range []int32{st.Version, st.Cversion, st.Aversion} {
		b = be.AppendUint32(b, uint32(v))
	}
	return crc32.ChecksumIEEE(be.AppendUint64(b, uint64(st.EphemeralOwner)))
}

// Nodes of quotas.
const (
	QuotaTop   = "/zookeeper/quota"
	LimitsNode = "zookeeper_limits"
	StatsNode  = "zookeeper_stats"
)

// QuotaOf is the path whose limit or stat node this is. A node directly below QuotaTop is the
// root's.
func QuotaOf(path string) (of, name string, ok bool) {
	below, ok := strings.CutPrefix(path, QuotaTop)
	if !ok || !strings.HasPrefix(below, "/") {
		return "", "", false
	}
	of, name = Split(below)
	return of, name, true
}

// QuotaNode is the path of the limit or stat node, by its name, of a path's quota.
func QuotaNode(of, name string) string {
	return QuotaTop + strings.TrimSuffix(of, "/") + "/" + name
}
