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
)

// The sidecar is what Apache's files cannot say: how far the log was durable when we last knew,
// and which files were ours. Two twins, walmeta.0 and walmeta.1 in the directory of the log, are
// written in turn, so that one is whole whenever power fails; Apache ignores both. Each is one
// sector:
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
//	96  zeros
//	508 CRC-32C of bytes 0-507
//
// A log, a snapshot or an epoch above what is recorded was written by someone else: the sidecar
// is void then, and Apache's files alone rule (see foreign). The record of a new name is durable
// before the name exists, so that our own crash never looks foreign.
//
// Losing both twins makes a directory look as if Apache had written it; losing one is damage. Who
// brings an older copy of a directory back leaves both out.
const (
	sidecarName    = "walmeta."
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
	twins [2]File
	state sidecarState
	err   error // the first failure of a write; final
}

// read-only: table of the checksum.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *sidecarState) encode() []byte {
	p := make([]byte, 0, sidecarBytes)
	be := binary.BigEndian
	p = append(p, "QWAL"...)
	p = be.AppendUint32(p, sidecarVersion)
	for _, v := range []int64{
		int64(s.seq), int64(s.durable), int64(s.log), s.offset, int64(s.newestLog),
		int64(s.ownSince), int64(s.truncateTo), int64(s.newestSnap), s.newestBytes,
		s.epochs.Accepted, s.epochs.Current,
	} {
		p = be.AppendUint64(p, uint64(v))
	}
	p = p[:sidecarBytes]
	be.PutUint32(p[sidecarBytes-4:], crc32.Checksum(p[:sidecarBytes-4], castagnoli))
	return p
}

func (s *sidecarState) decode(p []byte) bool {
	be := binary.BigEndian
	if len(p) != sidecarBytes || string(p[:4]) != "QWAL" || be.Uint32(p[4:]) != sidecarVersion ||
		be.Uint32(p[sidecarBytes-4:]) != crc32.Checksum(p[:sidecarBytes-4], castagnoli) {
		return false
	}
	at := func(i int) int64 { return int64(be.Uint64(p[8+8*i:])) }
	*s = sidecarState{
		seq: uint64(at(0)), durable: jute.Zxid(at(1)), log: jute.Zxid(at(2)), offset: at(3),
		newestLog: jute.Zxid(at(4)), ownSince: jute.Zxid(at(5)), truncateTo: jute.Zxid(at(6)),
		newestSnap: jute.Zxid(at(7)), newestBytes: at(8),
		epochs: Epochs{Accepted: at(9), Current: at(10)},
	}
	return true
}

func twinName(dir string, i int) string {
	return filepath.Join(dir, sidecarName+string(rune('0'+i)))
}

// openSidecar reads the twins. found is false when there is no sidecar, or one whose creation
// was cut short; then create makes it.
func openSidecar(fsys FS, dir string) (s *sidecar, found bool, err error) {
	s = &sidecar{fs: fsys, dir: dir, state: freshSidecar()}
	present, whole := 0, 0
	for i := range s.twins {
		state, there, err := s.openTwin(i)
		if err != nil {
			return nil, false, err
		}
		if there {
			present++
		}
		if state == nil {
			continue
		}
		whole++
		if whole == 1 || state.seq > s.state.seq {
			s.state = *state
		}
	}
	switch {
	case present == 2 && whole > 0:
		return s, true, nil
	case present == 0, present == 1 && (whole == 0 || s.state.seq <= 1):
		s.state = freshSidecar()
		return s, false, nil
	}
	s.close()
	return nil, false, &DamageError{
		File:   twinName(dir, 0),
		Reason: "the sidecar or its twin is missing or unreadable",
	}
}

func (s *sidecar) openTwin(i int) (state *sidecarState, there bool, err error) {
	f, err := s.fs.OpenRW(twinName(s.dir, i))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	s.twins[i] = f
	p := make([]byte, sidecarBytes)
	n, err := readFull(f, p, 0)
	if err != nil && !isEOF(err) {
		return nil, false, err
	}
	state = new(sidecarState)
	if !state.decode(p[:n]) {
		state = nil
	}
	return state, true, nil
}

// create makes both twins and their names durable. What is there of an earlier attempt goes.
func (s *sidecar) create(state sidecarState) error {
	for i := range s.twins {
		if s.twins[i] != nil {
			_ = s.twins[i].Close()
			s.twins[i] = nil
			if err := s.fs.Remove(twinName(s.dir, i)); err != nil {
				return diskError("remove", twinName(s.dir, i), err)
			}
		}
	}
	if err := s.fs.SyncDir(s.dir); err != nil {
		return diskError("sync", s.dir, err)
	}
	s.state = state
	for i := range s.twins {
		f, err := s.fs.Create(twinName(s.dir, i))
		if err != nil {
			return diskError("create", twinName(s.dir, i), err)
		}
		s.twins[i] = f
		s.state.seq = uint64(i)
		if err := s.write(f); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return diskError("sync", f.Name(), err)
		}
	}
	if err := s.fs.SyncDir(s.dir); err != nil {
		return diskError("sync", s.dir, err)
	}
	return nil
}

func (s *sidecar) write(f File) error {
	if _, err := f.WriteAt(s.state.encode(), 0); err != nil {
		return diskError("write", f.Name(), err)
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
		s.err = diskError("sync", f.Name(), err)
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
		s.err = diskError("sync", log.Name(), err)
	}
	return s.err
}

func (s *sidecar) begin(change func(*sidecarState)) (File, error) {
	if s.err != nil {
		return nil, s.err
	}
	change(&s.state)
	s.state.seq++
	f := s.twins[s.state.seq%2]
	s.err = s.write(f)
	return f, s.err
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
