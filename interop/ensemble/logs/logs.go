package logs

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"quoll/interop/ensemble/history"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/record"
)

// Union is what the logs of all members have. Two members never have different transactions at one
// zxid, committed or not: a zxid is given once.
type Union struct {
	entries map[jute.Zxid]kept
	zxids   map[int]map[jute.Zxid]bool // by member
	// Differing names zxids at which two members do not have the same bytes.
	Differing []string
}

type kept struct {
	jute.Entry
	of int
}

// NewUnion returns one that has read nothing.
func NewUnion() *Union {
	return &Union{entries: map[jute.Zxid]kept{}, zxids: map[int]map[jute.Zxid]bool{}}
}

// Read adds the logs of a member. A record that is being written ends a file.
func (u *Union) Read(member int, home string) error {
	files, err := filepath.Glob(filepath.Join(home, "version-2", "log.*"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := u.file(member, name); err != nil {
			return fmt.Errorf("member %d: %s: %w", member, name, err)
		}
	}
	return nil
}

func (u *Union) file(member int, name string) error {
	f, err := persistence.OS{}.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	scanner, err := record.NewScanner(f)
	if err != nil {
		return nil // no record was written yet
	}
	for {
		payload, _, err := scanner.Next()
		if err != nil {
			return nil
		}
		entry, err := jute.ParseEntry(payload)
		if err != nil {
			return err
		}
		u.has(member, entry.Header.Zxid)
		was, known := u.entries[entry.Header.Zxid]
		if known && !bytes.Equal(was.Payload, entry.Payload) {
			u.Differing = append(u.Differing, fmt.Sprintf("%v: member %d has %v of session %v, "+
				"member %d %v of session %v", entry.Header.Zxid, was.of, was.Header.Type,
				was.Header.ClientID, member, entry.Header.Type, entry.Header.ClientID))
			continue
		}
		entry.Payload = bytes.Clone(entry.Payload)
		u.entries[entry.Header.Zxid] = kept{entry, member}
	}
}

func (u *Union) has(member int, zxid jute.Zxid) {
	if u.zxids[member] == nil {
		u.zxids[member] = map[jute.Zxid]bool{}
	}
	u.zxids[member][zxid] = true
}

// Members are those whose log has a zxid.
func (u *Union) Members(zxid jute.Zxid) (ids []int) {
	for id, has := range u.zxids {
		if has[zxid] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Lacks names transactions that only one of two members has, from where both logs have begun. There
// are none between two of ours that have the same tree: what was never committed is cut off before
// anything is logged behind it.
func (u *Union) Lacks(a, b int) (all []jute.Zxid) {
	if len(u.zxids[a]) == 0 || len(u.zxids[b]) == 0 {
		return nil
	}
	from := max(slices.Min(slices.Collect(maps.Keys(u.zxids[a]))),
		slices.Min(slices.Collect(maps.Keys(u.zxids[b]))))
	for zxid := range u.entries {
		if zxid >= from && u.zxids[a][zxid] != u.zxids[b][zxid] {
			all = append(all, zxid)
		}
	}
	slices.Sort(all)
	return all
}

// Below are the changes of a node and of all below it, by zxid.
func (u *Union) Below(root string) (all []history.Txn, err error) {
	for _, e := range u.entries {
		found, err := changes(e.Header, e.Header.Type, e.Body)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", e.Header.Zxid, err)
		}
		for _, t := range found {
			if t.Path == root || strings.HasPrefix(t.Path, root+"/") {
				all = append(all, t)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b history.Txn) int { return cmp.Compare(a.Zxid, b.Zxid) })
	return all, nil
}

// changes are those of a transaction or of an operation of a multi.
func changes(h jute.TxnHeader, op jute.OpCode, body []byte) (all []history.Txn, err error) {
	add := func(kind history.Kind, path, value []byte) {
		all = append(all, history.Txn{Zxid: h.Zxid, Session: h.ClientID, Kind: kind,
			Path: string(path), Value: string(value)})
	}
	var create jute.CreateTxn
	var set jute.SetDataRequest
	var del jute.PathOnly
	var end jute.CloseSessionTxn
	var multi jute.MultiTxn
	switch op {
	case jute.OpCreate, jute.OpCreate2:
		if _, err = jute.Decode(body, &create); err == nil {
			add(history.Create, create.Path, create.Data)
		}
	case jute.OpSetData:
		if _, err = jute.Decode(body, &set); err == nil {
			add(history.Set, set.Path, set.Data)
		}
	case jute.OpDelete:
		if _, err = jute.Decode(body, &del); err == nil {
			add(history.Delete, del.Path, nil)
		}
	case jute.OpCloseSession:
		if _, err = jute.Decode(body, &end); err == nil {
			for _, path := range end.Paths2Delete {
				add(history.Delete, path, nil)
			}
		}
	case jute.OpMulti:
		if _, err = jute.Decode(body, &multi); err != nil {
			break
		}
		for _, t := range multi.Txns {
			some, err := changes(h, t.Type, t.Data)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	return all, err
}

// Files names the logs of a member, for a report.
func Files(home string) string {
	entries, err := os.ReadDir(filepath.Join(home, "version-2"))
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
