package dump

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"quoll/client"
	"quoll/internal/shell/acl"
	"quoll/internal/shell/output"
)

// Node is a node of a tree, wherever that is.
type Node struct {
	Path string // below the root of the tree: "" is the root itself, "/a" a child
	Data []byte
	ACL  []client.ACL // nil: not known
	Stat client.Stat
	// Denied is a node that may not be read: its path alone is known, and nothing of what is below.
	Denied bool
}

// Sequence is the number that the next sequential child gets: how many children were ever made.
// A Stat tells of cversion the sum of children made and children deleted.
func (n *Node) Sequence() int32 {
	return int32((int64(n.Stat.Cversion) + int64(n.Stat.NumChildren)) / 2)
}

// SameData reports whether two nodes have the same data. Null is not the same as empty.
func SameData(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// Header is the first line. Field names are frozen.
type Header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Zxid    string `json:"zxid"` // of the last change of root when the export began
	Root    string `json:"root"`
}

const (
	formatName    = "quoll-export"
	formatVersion = 1
)

// line is a node as it is written. Field names are frozen.
type line struct {
	Path string `json:"path"`
	output.Data
	ACL  []entry      `json:"acl"`
	Stat *output.Stat `json:"stat"`

	Denied bool `json:"denied,omitempty"` // and the rest is null
	End    *end `json:"end,omitempty"`    // of the last line alone
}

type entry struct {
	Scheme string `json:"scheme"`
	ID     string `json:"id"`
	Perms  string `json:"perms"`
}

type end struct {
	Nodes int `json:"nodes"`
}

func (n *Node) line(root string) line {
	if n.Denied {
		return line{Path: Join(root, n.Path), Denied: true}
	}
	l := line{
		Path: Join(root, n.Path), Data: output.DataOf(n.Data), Stat: output.StatOf(n.Stat),
		ACL: []entry{},
	}
	for _, a := range n.ACL {
		l.ACL = append(l.ACL, entry{a.ID.Scheme, a.ID.ID, acl.Perms(a.Perms)})
	}
	return l
}

// Join is the path of a node of a tree.
func Join(root, path string) string {
	if path == "" {
		return root
	}
	return strings.TrimSuffix(root, "/") + path
}

// parse reads a node's line.
func parse(text []byte, root string) (Node, *end, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return Node{}, nil, err
	}
	if l.End != nil {
		return Node{}, l.End, nil
	}
	n := Node{Path: strings.TrimPrefix(l.Path, strings.TrimSuffix(root, "/"))}
	if l.Path == root {
		n.Path = ""
	} else if !strings.HasPrefix(n.Path, "/") || Join(root, n.Path) != l.Path {
		return n, nil, fmt.Errorf("path %q is not below the root %s", l.Path, root)
	}
	if n.Denied = l.Denied; n.Denied {
		return n, nil, nil
	}
	for _, a := range l.ACL {
		list, err := acl.Parse(a.Scheme + ":" + a.ID + ":" + a.Perms)
		if err != nil {
			return n, nil, err
		}
		n.ACL = append(n.ACL, list...)
	}
	if l.Stat == nil {
		return n, nil, errors.New("no stat")
	}
	n.Stat.Cversion, n.Stat.NumChildren = l.Stat.Cversion, l.Stat.NumChildren
	n.Stat.Version, n.Stat.DataLength = l.Stat.Version, l.Stat.DataLength
	owner, err := strconv.ParseUint(l.Stat.EphemeralOwner, 0, 64)
	if err != nil {
		return n, nil, fmt.Errorf("ephemeralOwner: %w", err)
	}
	n.Stat.EphemeralOwner = client.SessionID(owner)
	n.Data, err = l.Bytes()
	return n, nil, err
}

// Bytes is the data of a line.
func (l *line) Bytes() ([]byte, error) {
	switch {
	case l.Data.Data == nil:
		return nil, nil
	case l.Encoding != nil && *l.Encoding == "base64":
		return base64.StdEncoding.DecodeString(*l.Data.Data)
	}
	return []byte(*l.Data.Data), nil
}
