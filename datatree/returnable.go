package datatree

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"quoll/datatree/internal/quota"
	"quoll/jute"
)

// MaxDepth is how many levels of nodes a tree may have. Apache's server goes down the tree by
// recursion when it writes a snapshot, which it does at each start: at 3,000 levels the stack of a
// JVM with default settings is too small, at 2,000 it is not.
const MaxDepth = 1000

// procPath is the parent of the server's own nodes.
const procPath = "/zookeeper"

// A directory that only this server wrote must start Apache's server too. Some writes end Apache's
// process when it applies them, or when it replays the log or loads the snapshot that holds them:
// DataTree reads the names and texts of quota nodes there, and nothing catches what it throws. The
// functions below find those writes, so that they are refused before they are proposed.
// docs/decisions/0023-what-apache-can-replay.md lists them and says how each was found.

// CreateEndsApache says that Apache's server ends when this node is made, or later at its delete or
// when a snapshot with it is loaded.
func CreateEndsApache(path []byte) bool {
	if len(path) > 2*MaxDepth && bytes.Count(path, []byte("/")) > MaxDepth {
		return true
	}
	parent, name, _ := jute.SplitPath(path)
	if !bytes.HasPrefix(parent, []byte(quotaPath)) {
		return DeleteEndsApache(path)
	}
	of := parent[len(quotaPath):]
	// The loading of a snapshot cuts the path at the first /zookeeper_limits in it. The text of a
	// limit is not read when a transaction is applied, and the text of a new stat node is
	// overwritten.
	return string(name) == limitsName &&
		(!quota.HasSegments(of) || bytes.HasPrefix(of, []byte("/"+limitsName)))
}

// SetEndsApache says that Apache's server ends at the next change under the quota whose stat node
// gets this data.
func SetEndsApache(path, data []byte) bool {
	parent, name, _ := jute.SplitPath(path)
	return bytes.HasPrefix(parent, []byte(quotaPath)) &&
		string(name) == statsName && !quota.Readable(data)
}

// DeleteEndsApache says that Apache's server ends when this node is deleted. For every
// zookeeper_limits below a path that begins with /zookeeper it cuts the length of /zookeeper/quota
// off, and takes the rest for the path that had the quota.
func DeleteEndsApache(path []byte) bool {
	parent, name, _ := jute.SplitPath(path)
	if string(name) != limitsName || !bytes.HasPrefix(parent, []byte(procPath)) {
		return false
	}
	of, long := cutUnits(parent, len(quotaPath))
	return !long || !quota.HasSegments(of)
}

// LimitEndsApache says that a limit node at path would make Apache read a stat node that it cannot
// read. Such a stat node is in the tree from Apache's own directory, or from an older log.
func (v View) LimitEndsApache(path []byte) bool {
	parent, name, _ := jute.SplitPath(path)
	if string(name) != limitsName || !bytes.HasPrefix(parent, []byte(quotaPath)) {
		return false
	}
	of := quota.Clean(nil, parent[len(quotaPath):])
	ref, ok := v.Find(quotaNode(nil, of, statsName))
	return ok && !quota.Readable(v.t.nodes.Data(ref.id))
}

// cutUnits cuts n of Java's chars off the front of a path; long is false if there are fewer.
func cutUnits(path []byte, n int) (rest []byte, long bool) {
	for n > 0 {
		if len(path) == 0 {
			return nil, false
		}
		r, size := utf8.DecodeRune(path)
		if n -= utf16.RuneLen(r); n < 0 {
			return path, true // half of a pair is left, which is not blank
		}
		path = path[size:]
	}
	return path, true
}
