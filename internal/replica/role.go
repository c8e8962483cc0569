package replica

import (
	"quoll/jute"
	"quoll/processor/lane"
)

// lead begins a reign. Everything that was proposed before is applied. In an ensemble last is the
// zxid (epoch, 0), which becomes that of the tree, as in Apache's leader.
func (r *Replica) lead(last jute.Zxid) {
	if !r.leads {
		r.leads = true
		r.reaper = newReaper(r.config.Reap, r.now.MonoMillis)
	}
	if r.config.Ensemble != nil {
		r.tree.Lock()
		r.tree.SetLastZxid(last)
		r.setConfig()
		r.tree.Unlock()
	}
	r.chain.Lead(last)
}

// follow begins the role of a follower or observer.
func (r *Replica) follow() {
	r.tree.Lock()
	r.setConfig()
	r.tree.Unlock()
	r.chain.Follow()
}

// setConfig puts the configuration of this server's own file into /zookeeper/config, under the
// tree's lock (initConfigInZKDatabase). No transaction does that before the first reconfiguration.
func (r *Replica) setConfig() {
	members := r.config.Ensemble.Peer.Members
	r.tree.SetConfig([]byte(members.String()), members.Version, r.now.WallMillis)
}

// serve lets clients in.
func (r *Replica) serve() {
	r.serves = true
	if e := r.config.Ensemble; e != nil {
		r.tree.Lock()
		r.tree.Reign(jute.Zxid(r.peer.Status().Epoch<<32 | e.Peer.Zab.InitialZxid))
		r.tree.Unlock()
	}
	r.chain.Serve()
	if r.leads && r.config.Ensemble != nil && r.config.Ensemble.LeaderRefusesClients {
		return
	}
	r.effects.serve(lane.ReadWrite)
}

// leave ends the role. Nobody is served, and the tree shows no transaction that is not committed
// now, but for what a start has read from the end of the log. No snapshot goes on or begins: the
// tree may be replaced, and nobody knows yet which transactions are committed.
func (r *Replica) leave() {
	r.serves, r.leads = false, false
	r.effects.serve(lane.NoService)
	r.chain.Leave()
	clear(r.expired)
	r.expired = r.expired[:0]
	r.giveUp()
	r.building, r.beside = 0, nil
}

// adopt makes the tree that is beside the one that is served. Everything is replayed that it may
// have held in part. Clients do not see it before Serve.
func (r *Replica) adopt() {
	b := r.beside
	r.beside = nil
	b.Whole()
	r.tree.Lock()
	r.tree.Adopt(b.Tree)
	r.setConfig()
	r.tree.Unlock()
	r.sessions.Adopt(b.Sessions())
}

// rebuild applies a committed transaction to the tree that is beside. The leader has decoded it
// before: one that cannot be decoded is in no history.
func (r *Replica) rebuild(e *jute.Entry) {
	r.beside.Tree.Lock()
	err := r.beside.Replay(e)
	r.beside.Tree.Unlock()
	if err != nil {
		panic("replica: " + err.Error())
	}
}
