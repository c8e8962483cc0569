package verbs

import (
	"quoll/internal/shell/access"
	"quoll/internal/shell/admin"
	"quoll/internal/shell/editing"
	"quoll/internal/shell/mirror"
	"quoll/internal/shell/nodes"
	"quoll/internal/shell/running"
	"quoll/internal/shell/search"
	"quoll/internal/shell/transfer"
	"quoll/internal/shell/verb"
)

// Table has all verbs, in the order of the help.
func Table() []verb.Maker {
	return []verb.Maker{
		nodes.Ls, nodes.Get, nodes.Stat, search.Tree, search.Find, search.Grep,
		nodes.Create, nodes.Set, nodes.Touch, nodes.Rm, nodes.Rmr, admin.Txn,
		transfer.Cp, transfer.Mv, transfer.Diff, transfer.Export, transfer.Import,
		mirror.Mirror, editing.Edit,
		running.Watch, running.Lock, running.Elect,
		access.ACL, access.ACLGet, access.ACLSet, access.Auth, access.WhoAmI,
		access.Quota, access.QuotaGet, access.QuotaSet, access.QuotaDel,
		access.Sync, access.Count, access.Ephemerals,
		admin.Sessions, admin.DumpEphemerals, admin.FourLW, admin.Ensemble, admin.Reconfig,
		admin.RemoveWatches,
		editing.Context, editing.ContextList, editing.ContextShow, editing.ContextUse,
		editing.ContextSet, editing.ContextRm,
	}
}
