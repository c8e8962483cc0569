package persistence

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

// The sidecar is what Apache's files cannot say: how far the log was durable when we last knew,
// and which files were ours. Two twins, walmeta.0 and walmeta.1 in the directory of the log, are
// written in turn, so that one is whole whenever power fails; Apache ignores both. A start replaces
// them with new files. Each is one sector:
//
//	 0  "QWAL"            4  version 1
//	 8  seq               counts writes; the twin with the higher one rules
//	16  durable zxid      every record up to it is on disk ...
//	24  log zxid          ... it lies in the log of this name (-1: no log yet) ...
//	32  log offset        ... and ends here
//	40  newest log        no log of ours has a higher name (-1: none)
//	48  own since         logs from this name on are ours alone
//	56  truncate to       a truncation was begun and must be finished (-1: none)
//	64  newest snapshot   zxid of the name (-1: none)
//	72  its size in bytes
//	80  acceptedEpoch     second copies (-1: none)
//	88  currentEpoch
//	96  inode of this twin's file (0: unknown)
//	104 when it was made, ns since 1970 (0: unknown)
//	112 zeros
//	508 CRC-32C of bytes 0-507
//
// A log, a snapshot or an epoch above what is recorded was written by someone else: the sidecar
// is void then, and Apache's files alone rule (see foreign). The record of a new name is durable
// before the name exists, so that our own crash never looks foreign.
//
// Losing both twins makes a directory look as if Apache had written it; losing one is damage. A
// twin in another file than the one it names was copied, with its directory, at another moment
// than the logs: it is not believed, and a directory with no other counts as Apache's.
const (
	sidecarBytes   = 512
	sidecarVersion = 1
	none           = -1                       // a zxid, size or epoch that does not exist
	unknown        = jute.Zxid(math.MaxInt64) // own since: no log is ours alone (forceSync=no)
)

// sidecarState is the content of the sidecar.
type sidecarState struct {
	seq         uint64
	durable     jute.Zxid
	log         jute.Zxid
	offset      int64
	newestLog   jute.Zxid
	ownSince    jute.Zxid
	truncateTo  jute.Zxid
	newestSnap  jute.Zxid
	newestBytes int64
	epochs      Epochs
	movedTo     jute.Zxid
	id          uint64
}

func freshSidecar() sidecarState {
	return sidecarState{
		log: none, newestLog: none, truncateTo: none, newestSnap: none, newestBytes: none,
		epochs: Epochs{Accepted: none, Current: none},
	}
}

// sidecar owns the two twins. The log writer moves the durable zxid, the snapshot writer and the
// core note names and epochs: the mutex is theirs.
type sidecar struct {
	mu    sync.Mutex
	fs    FS
	dir   string
	name  func(i int) string // of a twin
	twins [2]File
	ids   [2]FileID // of the twins
	state sidecarState
	// copied are the twins that were not believed when the sidecar was opened.
	copied []string
	err    error // the first failure of a write; final
}

// read-only: table of the checksum.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *sidecarState) encode(id FileID) []byte {
	p := make([]byte, 0, sidecarBytes)
	be := binary.BigEndian
	p = append(p, "QWAL"...)
	p = be.AppendUint32(p, sidecarVersion)
	for _, v := range []int64{
		int64(s.seq), int64(s.durable), int64(s.log), s.offset, int64(s.newestLog),
		int64(s.ownSince), int64(s.truncateTo), int64(s.newestSnap), s.newestBytes,
		s.epochs.Accepted, s.epochs.Current, int64(id.Inode), id.Born,
		int64(s.movedTo), int64(s.id),
	} {
		p = be.AppendUint64(p, uint64(v))
	}
	p = p[:sidecarBytes]
	be.PutUint32(p[sidecarBytes-4:], crc32.Checksum(p[:sidecarBytes-4], castagnoli))
	return p
}

// decode returns the identity of the file that the state was written to.
func (s *sidecarState) decode(p []byte) (id FileID, ok bool) {
	be := binary.BigEndian
	if len(p) != sidecarBytes || string(p[:4]) != "QWAL" || be.Uint32(p[4:]) != sidecarVersion ||
		be.Uint32(p[sidecarBytes-4:]) != crc32.Checksum(p[:sidecarBytes-4], castagnoli) {
		return id, false
	}
	at := func(i int) int64 { return int64(be.Uint64(p[8+8*i:])) }
	*s = sidecarState{
		seq: uint64(at(0)), durable: jute.Zxid(at(1)), log: jute.Zxid(at(2)), offset: at(3),
		newestLog: jute.Zxid(at(4)), ownSince: jute.Zxid(at(5)), truncateTo: jute.Zxid(at(6)),
		newestSnap: jute.Zxid(at(7)), newestBytes: at(8),
		epochs: Epochs{Accepted: at(9), Current: at(10)}, movedTo: jute.Zxid(at(13)),
		id: uint64(at(14)),
	}
	return FileID{Inode: uint64(at(11)), Born: at(12)}, true
}

func newSidecar(fsys FS, dir string, name func(i int) string) *sidecar {
	return &sidecar{fs: fsys, dir: dir, name: name, state: freshSidecar()}
}

// there says whether any of the twins was there when it was opened.
func (s *sidecar) there() bool { return s.twins[0] != nil || s.twins[1] != nil }

func (s *sidecar) path(i int) string { return filepath.Join(s.dir, s.name(i)) }

// newPath is that of a twin which is not complete.
func (s *sidecar) newPath(i int) string {
	return filepath.Join(s.dir, names.Temporary(s.name(i)))
}

// twin is what one of the two names holds.
type twin struct {
	there  bool
	state  *sidecarState // nil: not whole
	origin origin
}

// origin says whether a twin is in the file that it was written to.
type origin uint8

const (
	unproven origin = iota // an older format, or a file system that cannot tell
	original
	copied
)

// openSidecar reads the twins. found is false when there is no sidecar, or one whose creation
// was cut short, or a copy; then replace makes it.
func openSidecar(
	fsys FS, dir string, name func(i int) string,
) (s *sidecar, found bool, err error) {
	s = newSidecar(fsys, dir, name)
	var twins [2]twin
	proven := false
	for i := range twins {
		if twins[i], err = s.openTwin(i); err != nil {
			s.close()
			return nil, false, err
		}
		proven = proven || twins[i].origin == original
		if twins[i].origin == copied {
			s.copied = append(s.copied, s.path(i))
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
		s.state = freshSidecar()
		return s, false, nil
	}
	s.close()
	return nil, false, s.damage(twins)
}

// damage is the refusal of a sidecar of which too little is left. Without it the log's end is
// judged by Apache's rules.
func (s *sidecar) damage(twins [2]twin) error {
	e := &DamageError{
		File:   s.path(0),
		Reason: "the record of how far the log was durable is unreadable, and so is its twin",
	}
	for i, t := range twins {
		if t.there {
			e.Away = append(e.Away, s.path(i))
			continue
		}
		e.File = s.path(i)
		e.Reason = "the record of how far the log was durable is missing"
	}
	return e
}

func (s *sidecar) openTwin(i int) (t twin, err error) {
	f, err := s.fs.OpenRW(s.path(i))
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
	if err != nil && !isEOF(err) {
		return twin{}, err
	}
	t.there = true
	state := new(sidecarState)
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

// replace writes a state into two new files and gives them the names of the twins, durably. What
// the old files have in the page cache alone, after a flush that failed, is gone with them. An
// error before the first rename leaves the twins as they were.
func (s *sidecar) replace(state sidecarState) error {
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

func (s *sidecar) rename(i int) error {
	tmp, name := s.newPath(i), s.path(i)
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

func (s *sidecar) write(i int) error {
	f := s.twins[i]
	if _, err := f.WriteAt(s.state.encode(s.ids[i]), 0); err != nil {
		return disk.Error("write", f.Name(), err)
	}
	return nil
}

// update changes the state and makes it durable before it returns.
func (s *sidecar) update(change func(*sidecarState)) error {
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

// updateWith changes the state and makes it durable together with what was written to log.
func (s *sidecar) updateWith(log File, change func(*sidecarState)) error {
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

func (s *sidecar) begin(change func(*sidecarState)) (File, error) {
	if s.err != nil {
		return nil, s.err
	}
	change(&s.state)
	s.state.seq++
	i := int(s.state.seq % 2)
	s.err = s.write(i)
	return s.twins[i], s.err
}

// get returns a copy of the state.
func (s *sidecar) get() sidecarState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *sidecar) close() {
	for _, f := range s.twins {
		if f != nil {
			_ = f.Close()
		}
	}
}

// foreign says whether the files show another writer's hand since the sidecar was written.
func (s *sidecarState) foreign(logs, snaps []named, files Epochs) bool {
	return len(logs) > 0 && logs[len(logs)-1].zxid > s.newestLog ||
		len(snaps) > 0 && snaps[len(snaps)-1].zxid > s.newestSnap ||
		files.Accepted > s.epochs.Accepted && files.Accepted >= files.Current
}
