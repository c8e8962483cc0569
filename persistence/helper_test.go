package persistence_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
)

const (
	dataDir = "/data"
	verDir  = "/data/version-2"
)

// entry makes a setData transaction whose payload depends on its zxid alone.
func entry(zxid jute.Zxid) *jute.Entry {
	e := &jute.Entry{
		Header: jute.TxnHeader{ClientID: 7, Cxid: int32(zxid), Zxid: zxid, Time: 1, Type: jute.OpSetData},
		Body: jute.Append(nil, &jute.SetDataRequest{
			Path: []byte("/a"), Data: fmt.Appendf(nil, "value of %016x", int64(zxid)), Version: int32(zxid),
		}),
		Digest: jute.TxnDigest{Version: 2, TreeDigest: uint64(zxid) * 31}, HasDigest: true,
	}
	e.Payload = jute.AppendEntry(nil, e)
	return e
}

// memory is a sink that keeps the zxids above the snapshot.
type memory struct {
	snap     jute.Zxid
	loaded   bool
	sessions int
	acls     int
	paths    []string
	data     [][]byte
	stats    []jute.StatPersisted
	txns     []jute.Zxid
	entries  []*jute.Entry
	resets   int
}

func (m *memory) Reset() { *m = memory{resets: m.resets + 1} }

func (m *memory) Session(id jute.SessionID, timeoutMs int32) error {
	m.sessions++
	return nil
}

func (m *memory) ACL(key int64, acl []jute.ACL) error {
	m.acls++
	return nil
}

func (m *memory) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	m.paths = append(m.paths, string(path))
	m.data = append(m.data, slices.Clone(data))
	m.stats = append(m.stats, *st)
	return nil
}

func (m *memory) SnapshotLoaded(info persistence.SnapInfo) error {
	m.snap, m.loaded = info.Zxid, true
	return nil
}

func (m *memory) Txn(e *jute.Entry) error {
	m.txns = append(m.txns, e.Header.Zxid)
	m.entries = append(m.entries, e)
	return nil
}

// last is the last zxid that the sink knows.
func (m *memory) last() jute.Zxid {
	if len(m.txns) > 0 {
		return m.txns[len(m.txns)-1]
	}
	return m.snap
}

// check fails unless the sink got every zxid above its snapshot, once, with its own payload.
func (m *memory) check() error {
	for i, zxid := range m.txns {
		if want := m.snap + jute.Zxid(i) + 1; zxid != want {
			return fmt.Errorf("transaction %d above %v is %v", i, m.snap, zxid)
		}
		if want := entry(zxid); string(m.entries[i].Payload) != string(want.Payload) {
			return fmt.Errorf("payload of %v is not what was logged", zxid)
		}
	}
	if m.loaded && (len(m.paths) == 0 || string(m.data[0]) != fmt.Sprint(m.snap)) {
		return fmt.Errorf("snapshot of %v holds %q", m.snap, m.data)
	}
	return nil
}

// testOptions have tiny padding, so that files grow often, and use no goroutine.
func testOptions() persistence.Options {
	opt := persistence.DefaultOptions(dataDir)
	opt.Log.PreAllocBytes = 8 << 10
	opt.Log.ZeroAheadBytes = 300
	opt.Snap.ReadAhead = 0
	opt.Snap.SyncEveryBytes = 128
	return opt
}

// server is the smallest thing that uses a Dir as a server does.
type server struct {
	dir *persistence.Dir
	log *persistence.TxnLog
	mem memory
	rec persistence.Recovered
}

// start opens and recovers; an empty directory gets its snapshot 0.
func start(fsys persistence.FS, opt persistence.Options) (*server, error) {
	s := new(server)
	var err error
	if s.dir, err = persistence.Open(fsys, opt); err != nil {
		return nil, err
	}
	if s.rec, err = s.dir.Recover(&s.mem); err != nil {
		return nil, err
	}
	s.log = s.dir.Log()
	if s.rec.Empty {
		err = s.snapshot(0)
	}
	return s, err
}

func (s *server) snapshot(zxid jute.Zxid) error {
	w, trailer, err := s.fill(zxid, 3)
	if err == nil {
		_, err = w.Finish(trailer)
	}
	return err
}

// ofLeader is how many sessions a snapshot of the leader has. It tells such a snapshot from those
// of the server itself.
const ofLeader = 5

// install replaces the history by a snapshot of the leader.
func (s *server) install(zxid jute.Zxid) error {
	w, trailer, err := s.fill(zxid, ofLeader)
	if err == nil {
		err = w.Complete(trailer)
	}
	if err == nil {
		err = s.dir.Install(zxid)
	}
	return err
}

// fill writes the body of a snapshot.
func (s *server) fill(zxid jute.Zxid, sessions int) (
	*persistence.SnapWriter, snap.Trailer, error,
) {
	w, err := s.dir.CreateSnapshot(zxid)
	if err != nil {
		return nil, snap.Trailer{}, err
	}
	for i := range sessions {
		_ = w.Session(jute.SessionID(i), 4000)
	}
	_ = w.ACL(1, []jute.ACL{{Perms: 31, ID: jute.ID{Scheme: "world", ID: "anyone"}}})
	st := jute.StatPersisted{Czxid: zxid}
	_ = w.Node("", fmt.Append(nil, zxid), -1, &st)
	for i := range 4 {
		_ = w.Node(fmt.Sprintf("/n%d", i), []byte("data"), 1, &st)
	}
	return w, snap.Trailer{
		HasDigest: true, Digest: snap.ZxidDigest{Zxid: zxid, Version: 2, Digest: 5},
		HasLastZxid: true, LastZxid: zxid,
	}, nil
}

// add appends n transactions in one batch and commits.
func (s *server) add(n int) error {
	for range n {
		if err := s.log.Append(entry(s.log.LastZxid() + 1)); err != nil {
			return err
		}
	}
	_, err := s.log.Commit()
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustStart(t testing.TB, fsys persistence.FS, opt persistence.Options) *server {
	t.Helper()
	s, err := start(fsys, opt)
	must(t, err)
	must(t, s.mem.check())
	return s
}

// refused says whether an error of start is a refusal, and not a failure to read.
func refused(err error) bool {
	return errors.Is(err, persistence.ErrDamaged) || errors.Is(err, persistence.ErrSuspect) ||
		errors.Is(err, persistence.ErrNoSnapshot) ||
		errors.Is(err, persistence.ErrNoValidSnapshot) || errors.Is(err, persistence.ErrStray)
}

var _ persistence.FS = (*simfs.Disk)(nil)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// crashWithin has one of the next calls to the disk, of so many at most, end in a crash.
func crashWithin(disk *simfs.Disk, rng *rand.Rand, calls int) {
	left, partial := 1+rng.IntN(calls), rng.IntN(300)
	when := simfs.When(1 + rng.IntN(2))
	disk.Inject = func(simfs.Call) simfs.Outcome {
		if left--; left == 0 {
			return simfs.Outcome{Crash: when, Partial: partial}
		}
		return simfs.Outcome{}
	}
}
