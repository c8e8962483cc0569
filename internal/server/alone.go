package server

import (
	"fmt"

	"go.uber.org/zap"

	"quoll/internal/replica/restore"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/alone"
)

// A server alone may go on with a member's history: an operator may have nothing else left. What it
// writes is noted in the directory (package alone), and no member starts from there any more.

// lonelyLog is the log of a server alone in a member's directory.
type lonelyLog struct {
	txnLog
	note func(first jute.Zxid) error // leaves the note; nil: it is left
}

// Append leaves the note before the first transaction is written, so before it is acknowledged.
func (l *lonelyLog) Append(e *jute.Entry) error {
	if l.note != nil {
		if err := l.note(e.Header.Zxid); err != nil {
			return err
		}
		l.note = nil
	}
	return l.txnLog.Append(e)
}

// appendable is the log that the server writes.
func (s *Server) appendable() txnLog {
	if s.cfg.Ensemble() || s.store.MemberOf() == 0 {
		return s.store.Log()
	}
	return &lonelyLog{txnLog: s.store.Log(), note: s.noteAlone}
}

func (s *Server) noteAlone(from jute.Zxid) error {
	return alone.Leave(s.fs, s.store.SnapDir(), alone.Note{From: from, Epoch: s.store.MemberOf()})
}

// goOnAlone warns of a server alone that goes on with a member's history. If the tree is not what
// the files say, the note is left before a snapshot of it is written.
func (s *Server) goOnAlone(found *restore.Found) error {
	epoch := s.store.MemberOf()
	if epoch == 0 {
		return nil
	}
	s.logger.Warn("this directory was a member's of an ensemble, and this server is alone: what it"+
		" writes is not the ensemble's, so from the first write on no member starts from here",
		zap.String("directory", s.store.SnapDir()), zap.Int64("current epoch", epoch),
		zap.Stringer("alone after", found.LastZxid),
		zap.String("noted in", alone.Path(s.store.SnapDir())))
	if len(found.Orphans) > 0 {
		return s.noteAlone(found.LastZxid)
	}
	return nil
}

// refuseAlone refuses the start of a member in whose directory a server alone has written. The tree
// has the whole history.
func (s *Server) refuseAlone() error {
	if !s.cfg.Ensemble() {
		return nil
	}
	err := alone.Refuse(s.fs, s.store.SnapDir(), s.tree.Peek().LastZxid())
	if err != nil {
		return fmt.Errorf("%w: %w", persistence.ErrDirectory, err)
	}
	return nil
}
