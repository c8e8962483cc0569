package admin_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/admin"
)

// A leader tells of its learners and of the sizes of proposals; a follower and an observer tell
// less, and a server alone nothing.
func TestWhatAMemberTells(t *testing.T) {
	sizes := admin.NoProposals
	for _, bytes := range []int{40, 7, 50, 9} {
		sizes.Add(bytes)
	}
	for name, c := range map[string]struct {
		member  admin.Ensemble
		srvr    string
		mntr    []string
		mntrNot []string
	}{
		"leader": {
			admin.Ensemble{Mode: "leader", State: "leading - broadcast", Leader: 3, QuorumSize: 3,
				Leads: &admin.Reign{Learners: 3, SyncedFollowers: 2, NonVoting: 1,
					SyncedObservers: 1, PendingSyncs: 6, UptimeMillis: 77, Proposals: sizes}},
			"Mode: leader\nNode count: 5\nProposal sizes last/min/max: 9/7/50\n",
			[]string{"zk_server_state\tleader", "zk_peer_state\tleading - broadcast",
				"zk_quorum_size\t3", "zk_learners\t3", "zk_synced_followers\t2",
				"zk_synced_observers\t1", "zk_synced_non_voting_followers\t1",
				"zk_pending_syncs\t6", "zk_leader_uptime\t77", "zk_last_proposal_size\t9",
				"zk_max_proposal_size\t50", "zk_min_proposal_size\t7"},
			[]string{"observer_master_id"},
		},
		"leader without a proposal": {
			admin.Ensemble{Mode: "leader", Leads: &admin.Reign{Proposals: admin.NoProposals}},
			"Mode: leader\nNode count: 5\nProposal sizes last/min/max: -1/-1/-1\n",
			[]string{"zk_last_proposal_size\t-1"}, nil,
		},
		"follower": {
			admin.Ensemble{Mode: "follower", State: "following - broadcast", Leader: 3,
				QuorumSize: 5},
			"Mode: follower\nNode count: 5\n",
			[]string{"zk_server_state\tfollower", "zk_quorum_size\t5", "zk_synced_observers\t0"},
			[]string{"zk_learners", "proposal_size", "leader_uptime", "observer_master_id"},
		},
		"observer": {
			admin.Ensemble{Mode: "observer", State: "observing - broadcast", Leader: 2},
			"Mode: observer\nNode count: 5\n",
			[]string{"zk_server_state\tobserver", "zk_observer_master_id\t2"},
			[]string{"zk_learners", "synced_observers"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := memberWorld(t, func() admin.Ensemble { return c.member }, "4lw.commands.whitelist=*")
			require.True(t, strings.HasSuffix(w.word("srvr"), c.srvr), w.word("srvr"))
			require.True(t, strings.HasSuffix(w.word("stat"), c.srvr))
			mntr := "\n" + w.word("mntr")
			for _, line := range c.mntr {
				require.Contains(t, mntr, "\n"+line+"\n")
			}
			for _, key := range c.mntrNot {
				require.NotContains(t, mntr, key)
			}
		})
	}
	w := newWorld(t, "4lw.commands.whitelist=*")
	require.NotContains(t, w.word("mntr"), "peer_state")
	require.NotContains(t, w.word("srvr"), "Proposal")
}
