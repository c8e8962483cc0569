package zab

import "errors"

// A role ends with an error that wraps one of these. It is for the log.
var (
	// ErrClosed: the connection between learner and leader has ended.
	ErrClosed = errors.New("connection has ended")
	// ErrTimeout: nothing was heard for as long as initLimit or syncLimit allow.
	ErrTimeout = errors.New("nothing heard in time")
	// ErrProtocol: a packet came that cannot be read, or that does not belong where it came.
	ErrProtocol = errors.New("packet does not belong here")
	// ErrOldLeader: the leader has an epoch below the accepted one.
	ErrOldLeader = errors.New("epoch of the leader is below the accepted one")
	// ErrHole: a transaction does not follow the one before.
	ErrHole = errors.New("transaction does not follow the one before")
	// ErrCommit: what is committed is not the next transaction.
	ErrCommit = errors.New("committed transaction is not the next one")
	// ErrSnap: the tree of a SNAP could not be taken over.
	ErrSnap = errors.New("tree of the leader could not be taken over")
	// ErrTree: the own history cannot become the leader's, and only its tree helps.
	ErrTree = errors.New("only the leader's tree helps")
	// ErrNoQuorum: too few learners were heard in time.
	ErrNoQuorum = errors.New("no quorum of synchronised servers")
	// ErrDisk: the own disk has not done what was asked of it in time.
	ErrDisk = errors.New("own disk stands still")
	// ErrNewEpoch: a voter has accepted an epoch above that of the reign.
	ErrNewEpoch = errors.New("higher epoch was accepted")
	// ErrBehind: a server has a better history than the leader.
	ErrBehind = errors.New("history of a server is ahead of the leader's")
	// ErrStranger: a server has transactions of the reign's epoch that the reign's leader has not
	// proposed. It wrote them alone, or with a quorum that has lost its history since.
	ErrStranger = errors.New("transactions of this epoch that its leader has not proposed")
	// ErrRollOver: the zxids of the epoch are used up.
	ErrRollOver = errors.New("zxids of the epoch are used up")
	// ErrLog: the own log could not give what a learner lacks, before the reign stood. The next one
	// sends the tree.
	ErrLog = errors.New("own log has a hole")
)
