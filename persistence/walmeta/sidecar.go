package walmeta

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"math"
	"path/filepath"
	"sync"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
)

// The sidecar records facts that Apache's files do not hold: how far the log was known to be
// durable, and which files were ours. It has two twins, walmeta.0 and walmeta.1, in the directory
// of the log. They are written in turn, so that one is whole whenever power fails. Apache ignores
// both. A start replaces them with new files. Each is one sector:
//
//	 0  "QWAL"            4  version 1
//	 8  seq               counts writes; the twin with the higher one rules
//	16  durable zxid      every record up to this one is on disk
//	24  log zxid          the log that this record lies in, by name (-1: no log yet)
//	32  log offset        where this record ends
//	40  newest log        no log of ours has a higher name (-1: none)
//	48  own since         logs from this name on are ours alone
//	56  truncate to       a truncation was begun and must be finished (-1: none)
//	64  newest snapshot   zxid of the name (-1: none)
//	72  its size in bytes
//	80  acceptedEpoch     second copies (-1: none)
//	88  currentEpoch
//	96  inode of this twin's file (0: unknown)
//	104 when it was made, ns since 1970 (0: unknown)
//	112 moved to          log that the end of another is moved to (0: none)
//	120 random number     of the log directory (0: none yet)
//	128 install to, + 1   a snapshot was being installed (0: none) ...
//	136 its size in bytes
//	144 zeros
//	508 CRC-32C of bytes 0-507
//
// A log, a snapshot or an epoch above the recorded one was written by another server. Then the
// sidecar is void, and only Apache's files count (see Foreign). The record of a new name is durable
// before the name exists, so that our own crash never looks foreign.
//
// A directory without both twins looks as if Apache had written it. A directory with only one twin
// is damaged. A twin names the file that it was written to (inode and birth). If it is found in
// another file, it was copied together with its directory, at another moment than the logs. Such a
// twin is not believed, and a directory that has no other twin counts as Apache's.
const (
	sidecarBytes   = 512
	sidecarVersion = 1
)

// Values of a State that stand for "no such number".
const (
	// None is a zxid, size or epoch that does not exist.
	None = -1
	// Unknown is OwnSince when no log is ours alone (forceSync=no).
	Unknown = jute.Zxid(math.MaxInt64)
)

// State is the content of the sidecar.
type State struct {
	seq uint64 // counts writes
	// Durable is a zxid: every record up to it is on disk. Its own record lies in the log of the
	// name Log (None: no log yet), and ends at Offset.
	Durable jute.Zxid
	Log     jute.Zxid
	Offset  int64 // bytes
	// NewestLog is the highest name of a log of ours (None: none). All logs with names from
	// OwnSince on are ours.
	NewestLog jute.Zxid
	OwnSince  jute.Zxid
	// TruncateTo is the zxid of a truncation that was begun and must be finished (None: none).
	TruncateTo jute.Zxid
	// InstallTo is the zxid of a snapshot of InstallBytes whose install was begun (None: none). If
	// the snapshot has its name, the install must be finished.
	InstallTo    jute.Zxid
	InstallBytes int64
	// NewestSnap is the zxid of the newest snapshot, and NewestBytes its size (None: there is none,
	// or one of the same name was being replaced).
	NewestSnap  jute.Zxid
	NewestBytes int64
	// Epochs are the second copies.
	Epochs Epochs
	// MovedTo is the log that the end of Log is being moved to; 0: no move was begun.
	MovedTo jute.Zxid
	// ID is a random number that the mark beside the snapshots has too; 0: none yet.
	ID uint64
}

// Fresh is the state of a directory of which nothing is known.
func Fresh() State {
	return State{
		Log: None, NewestLog: None, TruncateTo: None, InstallTo: None,
		NewestSnap: None, NewestBytes: None,
		Epochs: Epochs{Accepted: None, Current: None},
	}
}

// Sidecar owns the two twins. Its mutex is needed because the log writer moves the durable zxid
// while the snapshot writer and the core note names and epochs.
type Sidecar struct {
	mu     sync.Mutex
	fs     disk.FS
	dir    string
	name   func(i int) string // of a twin
	twins  [2]disk.File
	ids    [2]disk.FileID // of the twins
	state  State
	copied []string // see Copied
	err    error    // the first failure of a write; final
}

// read-only: table of the checksum.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *State) encode(id disk.FileID) []byte {
	p := make([]byte, 0, sidecarBytes)
	be := binary.BigEndian
	p = append(p, "QWAL"...)
	p = be.AppendUint32(p, sidecarVersion)
	for _, v := range []int64{
		int64(s.seq), int64(s.Durable), int64(s.Log), s.Offset, int64(s.NewestLog),
		int64(s.OwnSince), int64(s.TruncateTo), int64(s.NewestSnap), s.NewestBytes,
		s.Epochs.Accepted, s.Epochs.Current, int64(id.Inode), id.Born,
		int64(s.MovedTo), int64(s.ID), int64(s.InstallTo) + 1, s.InstallBytes,
	} {
		p = be.AppendUint64(p, uint64(v))
	}
	p = p[:sidecarBytes]
	be.PutUint32(p[sidecarBytes-4:], crc32.Checksum(p[:sidecarBytes-4], castagnoli))
	return p
}

// decode returns the identity of the file that the state was written to.
func (s *State) decode(p []byte) (id disk.FileID, ok bool) {
	be := binary.BigEndian
	if len(p) != sidecarBytes || string(p[:4]) != "QWAL" || be.Uint32(p[4:]) != sidecarVersion ||
		be.Uint32(p[sidecarBytes-4:]) != crc32.Checksum(p[:sidecarBytes-4], castagnoli) {
		return id, false
	}
	at := func(i int) int64 { return int64(be.Uint64(p[8+8*i:])) }
	*s = State{
		seq: uint64(at(0)), Durable: jute.Zxid(at(1)), Log: jute.Zxid(at(2)), Offset: at(3),
		NewestLog: jute.Zxid(at(4)), OwnSince: jute.Zxid(at(5)), TruncateTo: jute.Zxid(at(6)),
		NewestSnap: jute.Zxid(at(7)), NewestBytes: at(8),
		Epochs: Epochs{Accepted: at(9), Current: at(10)}, MovedTo: jute.Zxid(at(13)),
		ID: uint64(at(14)), InstallTo: jute.Zxid(at(15)) - 1, InstallBytes: at(16),
	}
	return disk.FileID{Inode: uint64(at(11)), Born: at(12)}, true
}

// New returns a sidecar in dir that has no files yet. name returns the name of a twin.
func New(fsys disk.FS, dir string, name func(i int) string) *Sidecar {
	return &Sidecar{fs: fsys, dir: dir, name: name, state: Fresh()}
}

// There says whether any of the twins was there when it was opened.
func (s *Sidecar) There() bool { return s.twins[0] != nil || s.twins[1] != nil }

// Copied are the twins that were not believed when the sidecar was opened.
func (s *Sidecar) Copied() []string { return s.copied }

// Path is the path of a twin.
func (s *Sidecar) Path(i int) string { return filepath.Join(s.dir, s.name(i)) }

// newPath is the path of a twin that is not complete.
func (s *Sidecar) newPath(i int) string {
	return filepath.Join(s.dir, names.Temporary(s.name(i)))
}

// twin is what one of the two names holds.
type twin struct {
	there  bool
	state  *State // nil: not whole
	origin origin
}

// origin says whether a twin is in the file that it was written to.
type origin uint8

const (
	unproven origin = iota // an older format, or a file system that cannot tell
	original
	copied
)

// Open reads the twins. found is false when there is no sidecar, when its creation was interrupted,
// and when it is a copy. Then Replace makes a new one. If too little of it is left, the error is a
// DamageError.
func Open(
	fsys disk.FS, dir string, name func(i int) string,
) (s *Sidecar, found bool, err error) {
	s = New(fsys, dir, name)
	var twins [2]twin
	proven := false
	for i := range twins {
		if twins[i], err = s.openTwin(i); err != nil {
			s.Close()
			return nil, false, err
		}
		proven = proven || twins[i].origin == original
		if twins[i].origin == copied {
			s.copied = append(s.copied, s.Path(i))
		}
	}
	if len(s.copied) > 0 && !proven {
		return s, false, nil
	}
	present, whole := 0, 0
	for _, t := range twins {
		if t.there {
			present++
		}
		if t.state == nil || t.origin == copied {
			continue
		}
		whole++
		if whole == 1 || t.state.seq > s.state.seq {
			s.state = *t.state
		}
	}
	switch {
	case present == 2 && whole > 0:
		return s, true, nil
	case present == 0, present == 1 && (whole == 0 || s.state.seq <= 2):
		s.state = Fresh()
		return s, false, nil
	}
	s.Close()
	return nil, false, s.damage(twins)
}

// damage returns the refusal of a sidecar of which too little is left. When the operator moves the
// sidecar away, the log's end is judged by Apache's rules.
func (s *Sidecar) damage(twins [2]twin) error {
	e := &disk.DamageError{
		File:   s.Path(0),
		Reason: "the record of how far the log was durable is unreadable, and so is its twin",
	}
	for i, t := range twins {
		if t.there {
			e.Away = append(e.Away, s.Path(i))
			continue
		}
		e.File = s.Path(i)
		e.Reason = "the record of how far the log was durable is missing"
	}
	return e
}

func (s *Sidecar) openTwin(i int) (t twin, err error) {
	f, err := s.fs.OpenRW(s.Path(i))
	if errors.Is(err, fs.ErrNotExist) {
		return twin{}, nil
	}
	if err != nil {
		return twin{}, err
	}
	s.twins[i], s.ids[i] = f, f.ID()
	f.DropCache()
	p := make([]byte, sidecarBytes)
	n, err := disk.ReadFull(f, p, 0)
	if err != nil && !disk.IsEOF(err) {
		return twin{}, err
	}
	t.there = true
	state := new(State)
	written, ok := state.decode(p[:n])
	if !ok {
		return t, nil
	}
	t.state = state
	switch {
	case !written.Same(s.ids[i]):
		t.origin = copied
	case written.Known() && s.ids[i].Known():
		t.origin = original
	}
	return t, nil
}

// Replace writes a state into two new files and gives them the names of the twins, durably. After a
// failed flush the old files may have pages in the page cache alone; new files have none. An error
// before the first rename leaves the twins as they were.
func (s *Sidecar) Replace(state State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	state.seq = s.state.seq
	s.state = state
	for i := range s.twins {
		s.state.seq++
		tmp := s.newPath(i)
		if err := disk.WriteNew(s.fs, tmp, s.state.encode); err != nil {
			_ = s.fs.Remove(s.newPath(0))
			return disk.Error("write", tmp, err)
		}
	}
	for i := range s.twins {
		if err := s.rename(i); err != nil {
			return err
		}
	}
	if err := s.fs.SyncDir(s.dir); err != nil {
		return disk.Error("sync", s.dir, err)
	}
	return nil
}

// Rescue writes the twins anew if someone else has taken the name of one of them away, or has given
// it to another file, and reports whether it has done so. An error leaves a state that Rescue can
// be called for again. A nil Sidecar has no twins.
func (s *Sidecar) Rescue() (done bool, err error) {
	if s == nil {
		return false, nil
	}
	for _, f := range s.twins {
		if f != nil && !disk.HasName(s.fs, f) {
			err = s.Replace(s.Get())
			return err == nil, err
		}
	}
	return false, nil
}

func (s *Sidecar) rename(i int) error {
	tmp, name := s.newPath(i), s.Path(i)
	if err := s.fs.Rename(tmp, name); err != nil {
		return disk.Error("rename", tmp, err)
	}
	f, err := s.fs.OpenRW(name)
	if err != nil {
		return disk.Error("open", name, err)
	}
	if s.twins[i] != nil {
		_ = s.twins[i].Close()
	}
	s.twins[i], s.ids[i] = f, f.ID()
	return nil
}

func (s *Sidecar) write(i int) error {
	f := s.twins[i]
	if _, err := f.WriteAt(s.state.encode(s.ids[i]), 0); err != nil {
		return disk.Error("write", f.Name(), err)
	}
	return nil
}

// Update changes the state and makes it durable before it returns.
func (s *Sidecar) Update(change func(*State)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.begin(change)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		s.err = disk.Error("sync", f.Name(), err)
	}
	return s.err
}

// UpdateWith changes the state and makes it durable together with what was written to log.
func (s *Sidecar) UpdateWith(log disk.File, change func(*State)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.begin(change)
	if err != nil {
		return err
	}
	if err := s.fs.SyncBoth(log, f); err != nil {
		s.err = disk.Error("sync", log.Name(), err)
	}
	return s.err
}

func (s *Sidecar) begin(change func(*State)) (disk.File, error) {
	if s.err != nil {
		return nil, s.err
	}
	change(&s.state)
	s.state.seq++
	i := int(s.state.seq % 2)
	s.err = s.write(i)
	return s.twins[i], s.err
}

// Get returns a copy of the state.
func (s *Sidecar) Get() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Assume changes the state in memory alone. The change is on disk only after Replace.
func (s *Sidecar) Assume(change func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
}

// Close closes the twins.
func (s *Sidecar) Close() {
	for _, f := range s.twins {
		if f != nil {
			_ = f.Close()
		}
	}
}

// Foreign says whether another server wrote to the directory since the sidecar was written. It
// compares the highest zxids in the names of logs and snapshots (None: there is none), and the
// epochs.
func (s *State) Foreign(newestLog, newestSnap jute.Zxid, files Epochs) bool {
	return newestLog > s.NewestLog || newestSnap > s.NewestSnap ||
		files.Accepted > s.Epochs.Accepted && files.Accepted >= files.Current
}

// Become takes everything from another state but the count of writes.
func (s *State) Become(other State) {
	other.seq = s.seq
	*s = other
}
