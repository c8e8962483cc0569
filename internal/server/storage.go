package server

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/session"
)

func storeOptions(c *config.Config) persistence.Options {
	o := persistence.DefaultOptions(c.Storage.DataDir)
	o.DataLogDir = c.Storage.DataLogDir
	o.AutoCreate = c.Storage.AutoCreateDirs
	o.DBAutoCreate = c.Storage.AutoCreateDB
	o.TrustEmptySnapshot = c.Storage.TrustEmptySnapshot
	o.Log.PreAllocBytes = c.Storage.PreAllocBytes
	o.Log.SizeLimitBytes = max(c.Storage.LogSizeLimitBytes, 0)
	o.Log.NoSync = !c.Storage.ForceSync
	if c.Storage.Watermark == config.Lag {
		o.Log.Watermark = persistence.Lag
	}
	if c.Storage.SnapshotCompression == config.Gzip {
		o.Snap.Compression = snap.Gzip
	}
	return o
}

// loader fills a tree and a list of sessions from what Recover finds (persistence.Sink).
type loader struct {
	tree     *datatree.Tree
	sessions map[jute.SessionID]int32 // timeout, ms
	// begun: a snapshot is being read, and what the new tree had of its own is gone.
	begun  bool
	loaded time.Time // when the snapshot was, or nothing but transactions began
}

func newLoader(tree *datatree.Tree) *loader {
	return &loader{tree: tree, sessions: make(map[jute.SessionID]int32)}
}

// Reset begins again with an older snapshot.
func (l *loader) Reset() {
	l.begun = false
	l.begin()
}

func (l *loader) begin() {
	if !l.begun {
		l.begun = true
		l.tree.BeginLoad()
		clear(l.sessions)
	}
}

func (l *loader) Session(id jute.SessionID, timeoutMillis int32) error {
	l.begin()
	l.sessions[id] = timeoutMillis
	return nil
}

func (l *loader) ACL(key int64, acl []jute.ACL) error {
	l.begin()
	l.tree.LoadACL(key, acl)
	return nil
}

func (l *loader) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	l.begin()
	return l.tree.LoadNode(path, data, acl, st)
}

func (l *loader) SnapshotLoaded(info persistence.SnapInfo) error {
	var digest *datatree.SnapshotDigest
	if d := info.Trailer.Digest; info.Trailer.HasDigest {
		digest = &datatree.SnapshotDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest}
	}
	l.tree.FinishLoad(info.Zxid, digest)
	l.tree.EnsureConfigNode()
	l.loaded = time.Now()
	return nil
}

// Txn replays one logged transaction, on the tree and on the table of sessions.
func (l *loader) Txn(e *jute.Entry) error {
	switch e.Header.Type {
	case jute.OpCreateSession:
		var txn jute.CreateSessionTxn
		if _, err := jute.Decode(e.Body, &txn); err != nil {
			return fmt.Errorf("transaction %v: %w", e.Header.Zxid, err)
		}
		l.sessions[e.Header.ClientID] = txn.TimeOut
	case jute.OpCloseSession:
		delete(l.sessions, e.Header.ClientID)
	}
	l.tree.Replay(e)
	return nil
}

// saved are the sessions found, by id.
func (l *loader) saved() []session.Saved {
	all := make([]session.Saved, 0, len(l.sessions))
	for id, timeout := range l.sessions {
		all = append(all, session.Saved{ID: id, TimeoutMillis: timeout})
	}
	slices.SortFunc(all, func(a, b session.Saved) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// restore brings back what is on disk. Ephemerals whose session is gone go too, as in Apache; the
// change has no transaction, so a snapshot must hold it before anything else is logged.
func (s *Server) restore() ([]session.Saved, error) {
	dir, err := persistence.Open(s.fs, storeOptions(s.cfg))
	if err != nil {
		return nil, err
	}
	s.store = dir
	if err := s.probe(dir.LogDir(), dir.SnapDir()); err != nil {
		return nil, err
	}
	s.tree = datatree.New(treeOptions(s.cfg))
	begin := time.Now()
	load := newLoader(s.tree)
	load.loaded = begin
	found, err := dir.Recover(load)
	if err != nil {
		return nil, err
	}
	s.outlook.recovered(begin, load.loaded, found.Txns)
	s.report(&found)
	s.faults.look(s.tree.Faults(), s.clock.monoMillis())
	orphans := killOrphans(s.tree, load.sessions)
	if orphans > 0 {
		s.logger.Warn("ephemerals of sessions that do not exist were removed",
			zap.Int("sessions", orphans))
	}
	saved := load.saved()
	if found.Empty || orphans > 0 || found.Snapshot.File == "" {
		err = s.firstSnapshot(saved)
	}
	return saved, err
}

// probe makes a file in each directory and removes it: that neither permissions nor a mount stand
// in the way is found out before anything is read, and is no failure of the log's disk. A file that
// a crash left is removed with those that were not finished.
func (s *Server) probe(dirs ...string) error {
	for _, dir := range slices.Compact(dirs) {
		name := filepath.Join(dir, "tmp.writable")
		f, err := s.fs.Create(name)
		if err == nil {
			err = errors.Join(f.Close(), s.fs.Remove(name))
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w: %w", persistence.ErrDirectory, err)
		}
	}
	return nil
}

func (s *Server) report(found *persistence.Recovered) {
	instead := "an older one is used"
	if found.Snapshot.File == "" {
		instead = "the logs stand for it"
	}
	for _, skipped := range found.Skipped {
		s.logger.Warn("snapshot is not valid, "+instead,
			zap.String("file", skipped.File), zap.Error(skipped.Err))
	}
	if len(found.CopiedSidecar) > 0 {
		s.logger.Warn("the record of how far the log was flushed is a copy, and is not believed",
			zap.Strings("files", found.CopiedSidecar),
			zap.Bool("end of the log checked", found.Own))
	}
	if t := &found.Snapshot.Trailer; t.HasLastZxid && t.LastZxid > found.LastZxid {
		s.logger.Warn("the snapshot may hold parts of transactions that no log has",
			zap.Stringer("snapshot up to", t.LastZxid), zap.Stringer("logs up to", found.LastZxid))
	}
	if found.TornBytes > 0 || len(found.RemovedLogs) > 0 {
		s.logger.Info("the end of the log was tidied",
			zap.Int64("torn bytes", found.TornBytes),
			zap.Strings("removed", found.RemovedLogs))
	}
	s.logger.Info("data recovered",
		zap.Stringer("zxid", found.LastZxid), zap.String("snapshot", found.Snapshot.File),
		zap.Int("transactions", found.Txns), zap.Bool("by quoll", found.Own))
}

// killOrphans deletes the ephemerals of sessions that are not in the table.
func killOrphans(tree *datatree.Tree, known map[jute.SessionID]int32) (killed int) {
	v := tree.Peek()
	tree.Lock()
	defer tree.Unlock()
	var result datatree.Result
	for _, id := range v.Sessions() {
		if _, ok := known[id]; ok {
			continue
		}
		killed++
		tree.Apply(&jute.Entry{Header: jute.TxnHeader{
			ClientID: id, Zxid: v.LastZxid(), Type: jute.OpCloseSession,
		}}, &result)
	}
	return killed
}

// firstSnapshot writes a snapshot before anything is served.
func (s *Server) firstSnapshot(saved []session.Saved) error {
	if err := s.writeSnapshot(replica.NewSnapshotJob(s.tree, saved)); err != nil {
		return fmt.Errorf("first snapshot: %w", err)
	}
	return nil
}

// fillSnapshot writes sessions, ACLs and nodes.
func (s *Server) fillSnapshot(w *persistence.SnapWriter, job *replica.SnapshotJob) error {
	for _, x := range job.Sessions {
		if err := w.Session(x.ID, x.TimeoutMillis); err != nil {
			return err
		}
	}
	for _, x := range job.ACLs {
		if err := w.ACL(x.Key, x.ACL); err != nil {
			return err
		}
	}
	for more := true; more; {
		var err error
		if more, err = s.tree.Walk(&job.Cursor, walkNodes, w.Node); err != nil {
			return err
		}
	}
	return nil
}

// isDisk says whether an error means that what is on disk cannot be relied on.
func isDisk(err error) bool { return errors.Is(err, persistence.ErrDisk) }
