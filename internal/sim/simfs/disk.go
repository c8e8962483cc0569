package simfs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"

	"quoll/persistence"
	"quoll/persistence/disk"
)

// Op is the kind of a call.
type Op uint8

// The calls of persistence.FS and persistence.File that can fail.
const (
	OpReadDir Op = iota
	OpStat
	OpCreate
	OpOpen
	OpRename
	OpRemove
	OpSyncDir
	OpRead
	OpWrite
	OpSync
	OpTruncate
	OpDrop
	opCount
)

// read-only: names of the operations.
var opNames = [opCount]string{"readdir", "stat", "create", "open", "rename", "remove", "syncdir",
	"read", "write", "sync", "truncate", "drop"}

func (o Op) String() string { return opNames[o] }

// Changes says whether the call can change what is on the disk.
func (o Op) Changes() bool {
	switch o {
	case OpReadDir, OpStat, OpOpen, OpRead, OpDrop:
		return false
	}
	return true
}

// Call is one use of the disk.
type Call struct {
	N     int // from 1, over the life of the Disk
	Op    Op
	Name  string // path of the file or directory
	Bytes int    // length of a read or write
	Off   int64  // of a read or write; of a truncation: the new size
	Data  []byte // of a write; aliases the caller's
}

// When says at which side of a call the machine stops.
type When uint8

// A crash before the call leaves the call undone; a crash after it leaves it done.
const (
	NoCrash When = iota
	Before
	After
)

// Outcome is what becomes of a call. The zero value is success.
type Outcome struct {
	Err   error // returned instead of success
	Crash When
	// Partial, with Err or Crash set, is how many bytes of a write are written nevertheless;
	// without them, how many bytes a read returns at most (0: all).
	Partial int
	// Lie makes a Sync, SyncDir or DropCache do nothing and say that it did.
	Lie bool
	// Lost makes a failing Sync forget all pending bytes but the first Partial ones, as ext4 does.
	// Reads still see the bytes. Later flushes succeed, even when the same place is written again,
	// and a power loss takes the bytes. Without Lost the pages stay dirty.
	Lost bool
}

// Crash is the value of the panic that stops the machine.
type Crash struct{ Call Call }

func (c Crash) String() string {
	return fmt.Sprintf("crash at call %d, %s %s", c.Call.N, c.Call.Op, c.Call.Name)
}

// Run calls f and catches a Crash. Any other panic goes on.
func Run(f func()) (crash *Crash) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case Crash:
			crash = &r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// Disk is the whole disk.
type Disk struct {
	// Inject decides the outcome of a call; nil lets all succeed. The call has not happened yet:
	// the images that Kill and PowerLoss give inside Inject are those of a crash before the call.
	Inject func(Call) Outcome
	// Deaf makes every DropCache do nothing, which a hint may do. Images of the disk inherit it.
	Deaf bool

	mu     sync.Mutex
	calls  int
	counts [opCount]int
	dirs   map[string]bool
	names  map[string]*inode // as they are now
	stable map[string]*inode // as they are after a power loss
	moves  []move            // from stable to names, in order
	inodes uint64            // how many inodes there ever were
}

var _ persistence.FS = (*Disk)(nil)

// move is a pending change of names.
type move struct {
	from string // renamed from; "" for a creation
	to   string // "" for a removal of from
	file *inode // created or renamed
}

func (m move) dir() string {
	if m.to != "" {
		return path.Dir(m.to)
	}
	return path.Dir(m.from)
}

// New returns an empty disk.
func New() *Disk {
	return &Disk{
		dirs:   map[string]bool{"/": true, ".": true},
		names:  map[string]*inode{},
		stable: map[string]*inode{},
	}
}

// newInode must be called with the lock held.
func (d *Disk) newInode() *inode {
	d.inodes++
	return &inode{number: d.inodes}
}

// Calls is how many calls there were.
func (d *Disk) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// Counts is how many calls of each kind there were.
func (d *Disk) Counts() map[Op]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	counts := map[Op]int{}
	for op, n := range d.counts {
		counts[Op(op)] = n
	}
	return counts
}

// call numbers a call and asks what becomes of it. It holds the lock when it returns, unless it
// panics.
func (d *Disk) call(c Call) (Call, Outcome) {
	d.mu.Lock()
	d.calls++
	d.counts[c.Op]++
	c.N = d.calls
	if d.Inject == nil {
		return c, Outcome{}
	}
	d.mu.Unlock()
	out := d.Inject(c)
	if out.Crash == Before {
		panic(Crash{c})
	}
	d.mu.Lock()
	return c, out
}

// done releases the lock and crashes if the outcome says so.
func (d *Disk) done(c Call, out Outcome) {
	d.mu.Unlock()
	if out.Crash == After {
		panic(Crash{c})
	}
}

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// MkdirAll implements persistence.FS; it always succeeds, durably.
func (d *Disk) MkdirAll(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for dir = path.Clean(dir); !d.dirs[dir]; dir = path.Dir(dir) {
		d.dirs[dir] = true
	}
	return nil
}

// ReadDir implements persistence.FS.
func (d *Disk) ReadDir(dir string) ([]persistence.FileInfo, error) {
	dir = path.Clean(dir)
	c, out := d.call(Call{Op: OpReadDir, Name: dir})
	defer d.done(c, out)
	if out.Err != nil {
		return nil, pathError("readdir", dir, out.Err)
	}
	if !d.dirs[dir] {
		return nil, pathError("readdir", dir, fs.ErrNotExist)
	}
	var list []persistence.FileInfo
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if path.Dir(name) == dir {
			size := int64(len(d.names[name].current))
			list = append(list, persistence.FileInfo{Name: path.Base(name), Size: size})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.dirs)) {
		if path.Dir(name) == dir && name != dir {
			info := persistence.FileInfo{Name: path.Base(name), Type: disk.Special}
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b persistence.FileInfo) int {
		return cmp.Compare(a.Name, b.Name)
	})
	return list, nil
}

// Stat implements persistence.FS.
func (d *Disk) Stat(name string) (persistence.FileInfo, error) {
	name = path.Clean(name)
	c, out := d.call(Call{Op: OpStat, Name: name})
	defer d.done(c, out)
	if out.Err != nil {
		return persistence.FileInfo{}, pathError("stat", name, out.Err)
	}
	if d.dirs[name] {
		return persistence.FileInfo{Name: path.Base(name)}, nil
	}
	file, ok := d.names[name]
	if !ok {
		return persistence.FileInfo{}, pathError("stat", name, fs.ErrNotExist)
	}
	return persistence.FileInfo{Name: path.Base(name), Size: int64(len(file.current))}, nil
}

// Create implements persistence.FS.
func (d *Disk) Create(name string) (persistence.File, error) {
	name = path.Clean(name)
	c, out := d.call(Call{Op: OpCreate, Name: name})
	defer d.done(c, out)
	switch {
	case out.Err != nil:
		return nil, pathError("create", name, out.Err)
	case !d.dirs[path.Dir(name)]:
		return nil, pathError("create", name, fs.ErrNotExist)
	case d.names[name] != nil:
		return nil, pathError("create", name, fs.ErrExist)
	}
	file := d.newInode()
	d.names[name] = file
	d.moves = append(d.moves, move{to: name, file: file})
	return &handle{disk: d, name: name, file: file, writable: true}, nil
}

// Open implements persistence.FS.
func (d *Disk) Open(name string) (persistence.File, error) { return d.open(name, false) }

// OpenRW implements persistence.FS.
func (d *Disk) OpenRW(name string) (persistence.File, error) { return d.open(name, true) }

func (d *Disk) open(name string, writable bool) (persistence.File, error) {
	name = path.Clean(name)
	c, out := d.call(Call{Op: OpOpen, Name: name})
	defer d.done(c, out)
	if out.Err != nil {
		return nil, pathError("open", name, out.Err)
	}
	file, ok := d.names[name]
	if !ok {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	return &handle{disk: d, name: name, file: file, writable: writable}, nil
}

// Rename implements persistence.FS, within one directory.
func (d *Disk) Rename(from, to string) error {
	from, to = path.Clean(from), path.Clean(to)
	c, out := d.call(Call{Op: OpRename, Name: from})
	defer d.done(c, out)
	if out.Err != nil {
		return pathError("rename", from, out.Err)
	}
	file, ok := d.names[from]
	if !ok {
		return pathError("rename", from, fs.ErrNotExist)
	}
	if path.Dir(from) != path.Dir(to) {
		return pathError("rename", from, errors.New("between directories"))
	}
	delete(d.names, from)
	d.names[to] = file
	d.moves = append(d.moves, move{from: from, to: to, file: file})
	return nil
}

// Remove implements persistence.FS.
func (d *Disk) Remove(name string) error {
	name = path.Clean(name)
	c, out := d.call(Call{Op: OpRemove, Name: name})
	defer d.done(c, out)
	if out.Err != nil {
		return pathError("remove", name, out.Err)
	}
	if _, ok := d.names[name]; !ok {
		return pathError("remove", name, fs.ErrNotExist)
	}
	d.moves = append(d.moves, move{from: name, file: d.names[name]})
	delete(d.names, name)
	return nil
}

// SyncDir implements persistence.FS.
func (d *Disk) SyncDir(dir string) error {
	dir = path.Clean(dir)
	c, out := d.call(Call{Op: OpSyncDir, Name: dir})
	defer d.done(c, out)
	if out.Err != nil {
		return pathError("sync", dir, out.Err)
	}
	if out.Lie {
		return nil
	}
	left := d.moves[:0:0]
	for _, m := range d.moves {
		if m.dir() != dir {
			left = append(left, m)
			continue
		}
		m.apply(d.stable)
	}
	d.moves = left
	return nil
}

// SyncBoth implements persistence.FS. It syncs beside first.
func (d *Disk) SyncBoth(f, beside persistence.File) error {
	if err := beside.Sync(); err != nil {
		return err
	}
	return f.Sync()
}

func (m move) apply(names map[string]*inode) {
	if m.from != "" {
		delete(names, m.from)
	}
	if m.to != "" {
		names[m.to] = m.file
	}
}
