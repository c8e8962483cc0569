package replica

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/session"
	"quoll/quorum"
	"quoll/quorum/config"
	"quoll/quorum/effects"
)

const members = "server.1=a:1:2:participant\nserver.2=b:1:2:participant\nversion=0"

// member is a replica whose deliveries the test makes up: what it does with each one does not
// depend on why the peer says it.
func member(t *testing.T) *Replica {
	parsed, err := config.ParseText(members, config.Rules{})
	require.NoError(t, err)
	tree := datatree.New(datatree.Options{Digest: true})
	r := New(Config{
		Chain: processor.Rules{
			Prep: prep.Rules{Auth: &auth.Rules{}, CloseSessionTxn: true}, MaxApplyBatch: 16,
		},
		Roll: RollRules{SnapCount: 1000}, TickMillis: 1000, IntervalMillis: 1000,
		ExpiriesPerStepAtMost: 1, Reap: ReapRules{CheckIntervalMillis: 1 << 40},
		Random: func(int64) int64 { return 0 },
	}, tree, []session.Saved{{ID: 5, TimeoutMillis: 4000}, {ID: 6, TimeoutMillis: 4000}},
		mail.NewConns(), Now{MonoMillis: 1, WallMillis: 77})
	r.Step(&Events{Now: Now{MonoMillis: 1, WallMillis: 77}})
	r.config.Ensemble = &Ensemble{Peer: quorum.Config{Me: 1, Members: parsed}}
	r.hear(&effects.Delivery{Kind: effects.Leave})
	return r
}

// deliveries is a step in which the peer says something.
func (r *Replica) deliveries(d ...effects.Delivery) *Effects {
	r.effects.reset()
	for i := range d {
		r.hear(&d[i])
	}
	r.startSnapshot()
	r.gatherSessions()
	return &r.effects
}

func (r *Replica) configNode(t *testing.T) string {
	v := r.tree.Peek()
	ref, ok := v.Find([]byte("/zookeeper/config"))
	require.True(t, ok)
	return string(v.AppendData(nil, ref)[4:]) // behind the length
}

func create(zxid jute.Zxid, path string) jute.Entry {
	return jute.Entry{
		Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpCreate},
		Body:   jute.Append(nil, &jute.CreateTxn{Path: []byte(path), ParentCVersion: 1}),
	}
}

func TestARoleBegins(t *testing.T) {
	r := member(t)
	e := r.deliveries(effects.Delivery{Kind: effects.Lead, Zxid: 3 << 32})
	require.Nil(t, e.Serving, "not before Serve")
	require.EqualValues(t, 3<<32, r.tree.Peek().LastZxid())
	require.Equal(t, members, r.configNode(t))
	e = r.deliveries(effects.Delivery{Kind: effects.Serve})
	require.Equal(t, lane.ReadWrite, *e.Serving)
	e = r.deliveries(effects.Delivery{Kind: effects.Leave})
	require.Equal(t, lane.NoService, *e.Serving)

	r.tree.Lock()
	r.tree.SetConfig(nil, 0, 0)
	r.tree.Unlock()
	r.deliveries(effects.Delivery{Kind: effects.Follow})
	require.Equal(t, members, r.configNode(t))
	require.EqualValues(t, 3<<32, r.tree.Peek().LastZxid())
	e = r.deliveries(effects.Delivery{Kind: effects.Serve})
	require.Equal(t, lane.ReadWrite, *e.Serving)
	require.GreaterOrEqual(t, r.tree.Peek().Shown(), r.tree.Peek().LastZxid())

	r.deliveries(effects.Delivery{Kind: effects.Leave})
	r.config.Ensemble.LeaderRefusesClients = true
	e = r.deliveries(effects.Delivery{Kind: effects.Lead, Zxid: 4 << 32},
		effects.Delivery{Kind: effects.Serve})
	require.Nil(t, e.Serving, "leaderServes=no")
}

// A snapshot that is asked for while the server looks waits until it serves. One that is being
// written when a role ends is given up, and its end does not matter.
func TestNoSnapshotIsWrittenWhileLooking(t *testing.T) {
	r := member(t)
	require.Empty(t, r.Step(&Events{Now: r.now, Snapshot: true}).Snapshots)
	require.Empty(t, r.deliveries(effects.Delivery{Kind: effects.Follow}).Snapshots)
	e := r.deliveries(effects.Delivery{Kind: effects.Serve})
	require.Len(t, e.Snapshots, 1)
	require.Equal(t, ToDisk, e.Snapshots[0].Kind)
	require.Len(t, e.Snapshots[0].Sessions, 2)
	first := e.Snapshots[0].Generation
	r.snapshots.wanted = true
	e = r.deliveries(effects.Delivery{Kind: effects.Leave})
	require.Empty(t, e.Snapshots)
	require.Equal(t, []effects.Job{{Kind: effects.Cancel, Generation: first}}, e.Jobs)
	e = r.deliveries(effects.Delivery{Kind: effects.Follow}, effects.Delivery{Kind: effects.Serve})
	require.Len(t, e.Snapshots, 1)
	require.NotEqual(t, first, e.Snapshots[0].Generation)
	r.snapshots.ended(first)
	require.NotZero(t, r.snapshots.walking, "that was the end of the one that was given up")
	r.snapshots.ended(e.Snapshots[0].Generation)
	require.Zero(t, r.snapshots.walking)
}

// A stream to a learner begins with the tree as it is behind the deliveries. One that is cancelled
// before its sessions are listed never begins.
func TestTheTreeIsStreamed(t *testing.T) {
	r := member(t)
	r.deliveries(effects.Delivery{Kind: effects.Lead, Zxid: 3 << 32})
	r.effects.reset()
	r.start(&effects.Job{Kind: effects.StreamTree, Generation: 1, Link: 7})
	r.start(&effects.Job{Kind: effects.StreamTree, Generation: 2, Link: 8})
	r.start(&effects.Job{Kind: effects.StreamTree, Generation: 3, Link: 9})
	r.start(&effects.Job{Kind: effects.Cancel, Generation: 2})
	r.gatherSessions()
	require.True(t, r.effects.Again)
	require.Empty(t, r.effects.Jobs, "nobody else knows the job yet")
	require.Len(t, r.effects.Snapshots, 1)
	job := r.effects.Snapshots[0]
	require.Equal(t, ToLink, job.Kind)
	require.EqualValues(t, 1, job.Generation)
	require.EqualValues(t, 7, job.Link)
	require.EqualValues(t, 3<<32, job.Zxid)
	require.Same(t, r.tree, job.Tree)
	e := r.deliveries()
	require.False(t, e.Again)
	require.Len(t, e.Snapshots, 1)
	require.EqualValues(t, 3, e.Snapshots[0].Generation)
	r.start(&effects.Job{Kind: effects.Cancel, Generation: 3})
	require.Equal(t, []effects.Job{{Kind: effects.Cancel, Generation: 3}}, r.effects.Jobs)
}

// built is a tree that a job has made.
func built(generation uint64, zxid jute.Zxid) *JobDone {
	b := NewBuilt(datatree.New(datatree.Options{Digest: true}))
	b.Tree.SetLastZxid(zxid)
	b.Session(9, 5000)
	b.Fuzzy()
	return &JobDone{JobDone: effects.JobDone{Generation: generation}, Built: b}
}

// The leader's tree is built, what was committed meanwhile is replayed, its snapshot is saved, and
// it takes the place of the served tree.
func TestATreeIsAdopted(t *testing.T) {
	r := member(t)
	r.deliveries(effects.Delivery{Kind: effects.Follow})
	r.start(&effects.Job{Kind: effects.BuildTree, Generation: 1, Link: 3})
	r.start(&effects.Job{Kind: effects.BuildTree, Generation: 2, Link: 4})
	require.Len(t, r.effects.Jobs, 2)
	r.built(built(1, 3<<32|1))
	require.Nil(t, r.beside, "of a job that nobody waits for any more")
	r.built(built(2, 3<<32|7))
	open := jute.Entry{
		Header: jute.TxnHeader{Zxid: 3<<32 | 9, Type: jute.OpCreateSession, ClientID: 10},
		Body:   jute.Append(nil, &jute.CreateSessionTxn{TimeOut: 6000}),
	}
	r.deliveries(effects.Delivery{Kind: effects.Rebuild, Entry: create(3<<32|8, "/new")},
		effects.Delivery{Kind: effects.Rebuild, Entry: open})
	sessions := []session.Saved{{ID: 9, TimeoutMillis: 5000}, {ID: 10, TimeoutMillis: 6000}}
	r.effects.reset()
	r.start(&effects.Job{Kind: effects.SaveTree, Generation: 3})
	require.Len(t, r.effects.Snapshots, 1)
	job := r.effects.Snapshots[0]
	require.Equal(t, ToInstall, job.Kind)
	require.EqualValues(t, 3<<32|9, job.Zxid)
	require.Equal(t, sessions, job.Sessions)
	require.Same(t, r.beside.Tree, job.Tree)
	_, ok := r.tree.Peek().Find([]byte("/new"))
	require.False(t, ok)
	r.deliveries(effects.Delivery{Kind: effects.Adopt})
	_, ok = r.tree.Peek().Find([]byte("/new"))
	require.True(t, ok)
	require.EqualValues(t, 3<<32|9, r.tree.Peek().LastZxid())
	require.Equal(t, members, r.configNode(t))
	require.Equal(t, sessions, r.sessions.Snapshot(nil))
	require.Nil(t, r.beside)
	wrong := create(3<<32|10, "/digest")
	wrong.HasDigest, wrong.Digest = true, jute.TxnDigest{Version: jute.DigestVersion, TreeDigest: 1}
	r.deliveries(effects.Delivery{Kind: effects.Propose, Entry: wrong},
		effects.Delivery{Kind: effects.Commit, Zxid: wrong.Header.Zxid})
	require.EqualValues(t, 1, r.tree.Faults().Mismatches, "digests are compared again")

	// A role that ends in the step in which it asks for jobs leaves nothing behind: its deliveries
	// are carried out in front of its jobs.
	r.deliveries(effects.Delivery{Kind: effects.Leave})
	r.start(&effects.Job{Kind: effects.SaveTree, Generation: 4})
	require.Empty(t, r.effects.Snapshots)
	r.start(&effects.Job{Kind: effects.BuildTree, Generation: 4, Link: 5})
	r.start(&effects.Job{Kind: effects.Cancel, Generation: 4})
	r.built(built(4, 3<<32|3))
	require.Nil(t, r.beside)

	// A Load gives a tree in the same way. The end of a role drops it.
	r.takeDisk([]effects.DiskOp{{Kind: effects.Load, Generation: 5}})
	r.deliveries(effects.Delivery{Kind: effects.Leave})
	r.built(built(5, 1))
	require.Nil(t, r.beside)
	r.takeDisk([]effects.DiskOp{{Kind: effects.Load, Generation: 6}})
	r.built(built(6, 3<<32|2))
	r.deliveries(effects.Delivery{Kind: effects.Adopt})
	require.EqualValues(t, 3<<32|2, r.tree.Peek().LastZxid())
	require.Equal(t, sessions[:1], r.sessions.Snapshot(nil))
}

// Sessions that expired in the last role are not ended by the next one: each has its full timeout.
func TestTheExpiredOfALastRoleAreForgotten(t *testing.T) {
	r := member(t)
	r.deliveries(effects.Delivery{Kind: effects.Lead, Zxid: 3 << 32})
	at := Now{MonoMillis: 60_000, WallMillis: 60_000}
	r.chain.Time(at.MonoMillis, at.WallMillis)
	r.expired, _ = r.sessions.Tick(at.MonoMillis, 100_000, r.expired)
	require.Len(t, r.expired, 2)
	r.expire()
	require.Len(t, r.expired, 1, "one a step")
	r.deliveries(effects.Delivery{Kind: effects.Leave})
	r.deliveries(effects.Delivery{Kind: effects.Lead, Zxid: 4 << 32})
	require.Zero(t, r.chain.InFlight())
	r.expire()
	require.Zero(t, r.chain.InFlight())
}

// A server that has led looks for containers to delete no more: that is for the leader.
func TestALearnerReapsNothing(t *testing.T) {
	r := member(t)
	r.config.Reap = ReapRules{
		CheckIntervalMillis: 1000, MaxNeverUsedMillis: 1, CandidatesPerTickAtMost: 10,
	}
	container := jute.Entry{
		Header: jute.TxnHeader{Zxid: 3<<32 | 1, Type: jute.OpCreateContainer},
		Body:   jute.Append(nil, &jute.CreateContainerTxn{Path: []byte("/c"), ParentCVersion: 1}),
	}
	r.deliveries(effects.Delivery{Kind: effects.Follow},
		effects.Delivery{Kind: effects.Propose, Entry: container},
		effects.Delivery{Kind: effects.Commit, Zxid: container.Header.Zxid},
		effects.Delivery{Kind: effects.Leave},
		effects.Delivery{Kind: effects.Lead, Zxid: 4 << 32},
		effects.Delivery{Kind: effects.Leave},
		effects.Delivery{Kind: effects.Follow}, effects.Delivery{Kind: effects.Serve})
	r.tick(Now{MonoMillis: 2000, WallMillis: 2000}) // it would forward, and has no leader
	r.deliveries(effects.Delivery{Kind: effects.Leave},
		effects.Delivery{Kind: effects.Lead, Zxid: 5 << 32})
	r.tick(Now{MonoMillis: 4000, WallMillis: 4000})
	require.Equal(t, 1, r.chain.InFlight(), "a leader deletes it")
}
