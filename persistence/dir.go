package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/readlog"
	"quoll/persistence/walmeta"
)

// Options are the settings of a data directory.
type Options struct {
	DataDir    string // snapshots and epochs are in DataDir/version-2
	DataLogDir string // logs are in DataLogDir/version-2; "" is DataDir
	Log        LogOptions
	Snap       SnapOptions
	// AutoCreate makes missing directories (datadir.autocreate).
	AutoCreate bool
	// DBAutoCreate lets a server with an empty directory take part in elections without the
	// marker file initialize (db.autocreate).
	DBAutoCreate bool
	// TrustEmptySnapshot starts from logs without a snapshot (snapshot.trust.empty).
	TrustEmptySnapshot bool
	// TrustSuspectLog starts in spite of an ErrSuspect in Apache's files. The server then starts
	// with the transactions that Apache would start with.
	TrustSuspectLog bool
	// TrustMissingLog starts although a log that belongs to the snapshots is missing
	// (quoll.trustMissingLog).
	TrustMissingLog bool
	// Alone means that the server belongs to no ensemble. An empty directory without the file
	// initialize is then an error, because no leader can fill it.
	Alone bool
	// LogID is a random number. A log directory that has no number yet gets this one.
	LogID uint64
	// Changing is called when everything was read and judged, and before the first change. If it
	// returns an error, Recover returns that error. Changing may be nil.
	Changing func() error
}

// DefaultOptions are ZooKeeper's defaults for a data directory.
func DefaultOptions(dataDir string) Options {
	return Options{
		DataDir: dataDir, Log: DefaultLogOptions(), Snap: DefaultSnapOptions(),
		AutoCreate: true, DBAutoCreate: true,
	}
}

// Dir is the data directory of one server: its snapshots, its log, its epochs.
type Dir struct {
	fs      FS
	opt     Options
	snapDir string
	logDir  string
	meta    *walmeta.Sidecar // nil before Recover
	mark    *walmeta.Sidecar // nil before Recover, and when the mark could not be written
	log     *TxnLog          // nil before Recover
	found   jute.Zxid        // the last transaction that Recover found

	// changing is held while snapshots get their names and while files are removed: log writer,
	// snapshot writer and purge are different goroutines.
	changing sync.Mutex
	replaced int // how often the history was truncated or replaced; guarded by changing

	mu       sync.Mutex       // guards the fields below
	valid    map[string]int64 // bytes of each snapshot that was read or written whole, by name
	complete SnapInfo         // a snapshot with a temporary name that waits for Install; or zero
}

// Open checks the directories and makes those that are missing. It reads no data: Recover does.
func Open(fsys FS, opt Options) (*Dir, error) {
	if opt.DataLogDir == "" {
		opt.DataLogDir = opt.DataDir
	}
	d := &Dir{
		fs: fsys, opt: opt, valid: map[string]int64{},
		snapDir: filepath.Join(opt.DataDir, versionDir),
		logDir:  filepath.Join(opt.DataLogDir, versionDir),
	}
	for _, dir := range []string{d.snapDir, d.logDir} {
		if err := d.makeDir(dir); err != nil {
			return nil, err
		}
	}
	if d.snapDir == d.logDir {
		return d, nil
	}
	return d, d.refuseMixed()
}

func (d *Dir) makeDir(dir string) error {
	_, err := d.fs.Stat(dir)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrDirectory, err)
	}
	if !d.opt.AutoCreate {
		return fmt.Errorf("%w: %s is missing and datadir.autocreate is false", ErrDirectory, dir)
	}
	if err := d.fs.MkdirAll(dir); err != nil {
		return fmt.Errorf("%w: %w", ErrDirectory, err)
	}
	return nil
}

// flushPaths makes the names that lead to the directories durable. An earlier process may have made
// the directories and died before it flushed their names.
func (d *Dir) flushPaths() error {
	for _, dir := range slices.Compact([]string{d.snapDir, d.logDir}) {
		if err := disk.SyncPath(d.fs, dir); err != nil {
			return fmt.Errorf("%w: %w", ErrDirectory, err)
		}
	}
	return nil
}

// refuseMixed fails if one of two directories has data that belongs in the other.
func (d *Dir) refuseMixed() error {
	all, err := d.list()
	if err != nil {
		return err
	}
	for _, s := range all.strays {
		if s.name.Class == names.Exact && !s.home && s.Type != disk.Special {
			why := "the snapshot directory has logs"
			if s.name.Kind == names.Snapshot {
				why = "the log directory has snapshots"
			}
			return fmt.Errorf("%w: %s: %s; are dataDir and dataLogDir right?",
				ErrDirectory, why, s.path())
		}
	}
	return nil
}

// SnapDir is where snapshots and epoch files are.
func (d *Dir) SnapDir() string { return d.snapDir }

// LogDir is where logs are.
func (d *Dir) LogDir() string { return d.logDir }

// Log is the log to append to, after Recover. The log writer owns it.
func (d *Dir) Log() *TxnLog { return d.log }

func (d *Dir) list() (listing, error) {
	var all listing
	for _, dir := range slices.Compact([]string{d.snapDir, d.logDir}) {
		list, err := d.fs.ReadDir(dir)
		if err != nil {
			return listing{}, err
		}
		for _, info := range list {
			all.take(dir, info, dir == d.logDir, dir == d.snapDir)
		}
	}
	all.sort()
	return all, nil
}

// noteSnapshot puts a snapshot on record before it gets its name.
func (d *Dir) noteSnapshot(info SnapInfo) error {
	note := func(s *walmeta.State) {
		switch {
		case info.Zxid > s.NewestSnap:
			s.NewestSnap, s.NewestBytes = info.Zxid, info.Bytes
		case info.Zxid == s.NewestSnap && info.Bytes != s.NewestBytes:
			s.NewestBytes = walmeta.None // after a crash the file can be the old one or the new one
		}
	}
	if err := d.meta.Update(note); err != nil {
		return err
	}
	return d.updateMark(note)
}

func (d *Dir) markValid(name string, bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.valid[name] = bytes
}

// validBytes is the size of a snapshot that is known to be valid. It is neverValid if the snapshot
// could not be flushed, and 0 if nothing is known.
func (d *Dir) validBytes(name string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.valid[name]
}

// Epochs returns the member's promises. It makes those durable that were not, in two copies each.
// Call it when a member starts, before the first append: for an epoch that is missing it takes the
// epoch of the last transaction. It returns a DamageError if the promises cannot be known. See
// walmeta.Resolve.
func (d *Dir) Epochs() (Epochs, error) {
	kept := d.meta.Get().Epochs
	found, files, err := walmeta.Resolve(d.fs, d.snapDir, kept, d.found)
	if err != nil {
		return Epochs{}, err
	}
	if found != kept {
		err := d.meta.Update(func(s *walmeta.State) { s.Epochs = found })
		if err != nil {
			return Epochs{}, err
		}
	}
	return found, walmeta.WriteEpochs(d.fs, d.snapDir, files, found)
}

// MemberOf is the current epoch of the member whose directory this was, as far as it is on record,
// and 0 if it never was a member's. It changes nothing.
func (d *Dir) MemberOf() int64 { return max(d.meta.Get().Epochs.Current, 0) }

// SetAcceptedEpoch promises, durably, to follow no leader of an epoch below epoch.
func (d *Dir) SetAcceptedEpoch(epoch int64) error {
	err := d.meta.Update(func(s *walmeta.State) { s.Epochs.Accepted = epoch })
	if err != nil {
		return err
	}
	return walmeta.WriteEpoch(d.fs, d.snapDir, names.AcceptedEpoch, epoch)
}

// SetCurrentEpoch says, durably, that the log belongs to the history of epoch's leader.
func (d *Dir) SetCurrentEpoch(epoch int64) error {
	err := d.meta.Update(func(s *walmeta.State) { s.Epochs.Current = epoch })
	if err != nil {
		return err
	}
	return walmeta.WriteEpoch(d.fs, d.snapDir, names.CurrentEpoch, epoch)
}

func (d *Dir) closeMeta() {
	d.meta.Close()
	if d.mark != nil {
		d.mark.Close()
	}
}

// Close commits and closes the log, with an exact watermark.
func (d *Dir) Close() error {
	if d.log == nil {
		return nil
	}
	err := d.log.Close()
	if err == nil {
		err = d.updateMark(func(*walmeta.State) {})
	}
	d.closeMeta()
	return err
}

// ReadLog returns a reader of the history from the last transaction at or below from up to upTo
// (package readlog). upTo must be the zxid of a durable transaction. ReadLog may run beside the log
// writer and a purge. ErrGap means that the log does not have all of that history: also when a
// snapshot above known, which the start has found, has more. Who has a snapshot knows all up to its
// zxid; for others known is -1.
func (d *Dir) ReadLog(from, upTo, known jute.Zxid) (*readlog.Reader, error) {
	all, err := d.list()
	if err != nil {
		return nil, err
	}
	meta := d.meta.Get()
	want := readlog.Range{From: from, UpTo: upTo, Order: d.opt.Log.Order}
	for _, f := range all.logs {
		bytes := f.Size
		switch { // the current log has padding; a log newer than the mark has no marked record
		case f.zxid == meta.Log:
			bytes = min(bytes, meta.Offset)
		case meta.Log != walmeta.None && f.zxid > meta.Log:
			bytes = 0
		}
		want.Logs = append(want.Logs, readlog.Log{
			Path: filepath.Join(d.logDir, f.Name), Zxid: f.zxid, Bytes: bytes,
		})
	}
	for _, f := range all.snaps {
		// The log has all that came since the start. A leader's snapshot of the beginning of its
		// reign has a zxid that is in no log, and nothing is missing in front of it.
		if f.zxid > known && f.zxid <= d.found {
			want.Snapshots = append(want.Snapshots, f.zxid)
		}
	}
	want.FromTheStart = len(all.logs) > 0 && fromTheStart(all)
	if want.FromTheStart && all.logs[0].zxid > 1 {
		// A purge removes snapshots before logs. So as long as the first snapshot is there, no log
		// is gone.
		_, err := d.fs.Stat(filepath.Join(d.snapDir, all.snaps[0].Name))
		want.FromTheStart = err == nil
	}
	return readlog.New(d.fs, want)
}
