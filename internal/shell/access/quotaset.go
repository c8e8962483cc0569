package access

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// limit is a flag of quota set and quota del.
type limit struct{ flag, letter, key, help string }

// read-only: the flags of quotas.
var limitFlags = []limit{
	{"nodes", "n", trackCount, "nodes, itself included; more is only logged"},
	{"bytes", "b", trackBytes, "bytes of data; more is only logged"},
	{"hard-nodes", "N", trackHardCount, "nodes; more is refused"},
	{"hard-bytes", "B", trackHardBytes, "bytes of data; more is refused"},
}

// QuotaSet is the verb quota set.
func QuotaSet() verb.Verb {
	values := make([]int64, len(limitFlags))
	return verb.Verb{
		Name: "quota set", Aliases: []string{"setquota"}, Args: "PATH", Min: 1, Max: 1,
		Writes: true,
		Short:  "Limit the nodes and bytes below a node", Example: "quoll quota set -N 1000 /app",
		Flags: func(f *pflag.FlagSet) {
			for i, l := range limitFlags {
				f.Int64VarP(&values[i], l.flag, l.letter, 0, "`N` "+l.help)
			}
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			change := track{}
			for i, l := range limitFlags {
				if e.Given(l.flag) {
					change[l.key] = values[i]
				}
				if values[i] < 0 || e.Given(l.flag) && l.key != trackBytes &&
					l.key != trackHardBytes && values[i] == 0 {
					return fault.Usage("-%s %d: a limit is above 0", l.letter, values[i])
				}
			}
			if len(change) == 0 {
				return fault.Usage("which limit? -n, -b, -N or -B")
			}
			p, c, err := quotaOf(ctx, e, args[0])
			if err != nil {
				return err
			}
			limits, used, err := setQuota(ctx, c, p, change)
			if err != nil {
				return err
			}
			return e.Out.Item(&quotaChange{quotaResult(p, limits, used)})
		},
	}
}

// quotaChange is a quota that was changed: Text is silent.
type quotaChange struct{ *quotaOn }

// Text is silent.
func (*quotaChange) Text(*output.Page) {}

// ZkCLI tells of a new limit that does not hold already.
func (r *quotaChange) ZkCLI(p *output.Page) {
	for _, w := range []struct{ what, soft, hard string }{
		{trackCount, trackCount, trackHardCount}, {trackBytes, trackBytes, trackHardBytes},
	} {
		used := r.used.get(w.what)
		if below(r.limits.get(w.soft), used) || below(r.limits.get(w.hard), used) {
			p.Line("[Warning]: the ", w.what, " quota you create is less than the existing ",
				w.what, ":", strconv.FormatInt(used, 10))
		}
	}
}

// below reports whether a limit is there, and below what is used.
func below(limit, used int64) bool { return limit >= 0 && limit < used }

// setQuota changes the limits of a node. ZooKeeper has one quota on any way from the root to a
// leaf.
func setQuota(
	ctx context.Context, c *client.Client, p string, change track,
) (limits, used track, err error) {
	_, there, err := c.Exists(ctx, p)
	if err == nil && !there {
		err = &client.Error{Op: "quota", Path: p, Err: client.ErrNoNode}
	}
	if err != nil {
		return nil, nil, err
	}
	if err := otherQuota(ctx, c, p); err != nil {
		return nil, nil, err
	}
	at := quotaRoot + p
	for _, key := range []string{trackCount, trackBytes, trackHardCount, trackHardBytes} {
		if _, ok := change[key]; !ok {
			change[key] = -1 // the form in which zkCli writes a new one
		}
	}
	_, _, err = c.Create(ctx, at+"/"+limitsNode, []byte(change.String()), client.Parents)
	if err == nil {
		none := track{trackCount: 0, trackBytes: 0}
		_, _, err = c.Create(ctx, at+"/"+statsNode, []byte(none.String()))
	} else if errors.Is(err, client.ErrNodeExists) {
		_, err = client.Update(ctx, c, at+"/"+limitsNode, func(old []byte) ([]byte, error) {
			t, err := parseTrack(string(old))
			for key, n := range change {
				if n >= 0 {
					t[key] = n
				}
			}
			return []byte(t.String()), err
		})
	}
	if err == nil {
		limits, err = readTrack(ctx, c, p, limitsNode)
	}
	if err == nil {
		used, err = readTrack(ctx, c, p, statsNode)
	}
	return limits, used, err
}

// otherQuota refuses a quota above or below another one.
func otherQuota(ctx context.Context, c *client.Client, p string) error {
	for above := path.Dir(p); above != "/" && p != "/"; above = path.Dir(above) {
		_, there, err := c.Exists(ctx, quotaRoot+above+"/"+limitsNode)
		if err != nil {
			return err
		}
		if there {
			return &fault.Error{Code: fault.CodeError, Name: "QuotaAbove",
				Err: fmt.Errorf("%s has a parent %s which has a quota", p, above)}
		}
	}
	own := quotaRoot + p
	for node, err := range walk.Sorted(ctx, c, own, walk.Options{}) {
		if errors.Is(err, client.ErrNoNode) {
			return nil
		}
		if err != nil {
			return err
		}
		below := path.Dir(node.Path)
		if path.Base(node.Path) == limitsNode && below != own {
			return &fault.Error{Code: fault.CodeError, Name: "QuotaBelow", Err: fmt.Errorf(
				"%s has a child %s which has a quota", p, strings.TrimPrefix(below, quotaRoot))}
		}
	}
	return nil
}

// QuotaDel is the verb quota del.
func QuotaDel() verb.Verb {
	which := make([]bool, len(limitFlags))
	return verb.Verb{
		Name: "quota del", Aliases: []string{"delquota"}, Args: "PATH", Min: 1, Max: 1,
		Writes: true,
		Short:  "Take limits away; without flags all of them", Example: "quoll quota del /app",
		Flags: func(f *pflag.FlagSet) {
			for i, l := range limitFlags {
				f.BoolVarP(&which[i], l.flag, l.letter, false, "the limit on "+l.help)
			}
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			p, c, err := quotaOf(ctx, e, args[0])
			if err != nil {
				return err
			}
			limits, err := readTrack(ctx, c, p, limitsNode)
			if e.ZkCLI() && errors.Is(err, errNoQuota) {
				return e.Out.Item(&noQuota{Path: p})
			}
			used := track{}
			if err == nil {
				used, err = readTrack(ctx, c, p, statsNode)
			}
			if err != nil {
				return err
			}
			some := false
			for i, l := range limitFlags {
				if which[i] {
					limits[l.key], some = -1, true
				}
			}
			at := quotaRoot + p
			if some {
				_, err = c.Set(ctx, at+"/"+limitsNode, []byte(limits.String()), client.AnyVersion)
			} else {
				limits, err = track{}, deleteQuota(ctx, c, at)
			}
			if err != nil {
				return err
			}
			return e.Out.Item(&quotaLess{quotaResult(p, limits, used)})
		},
	}
}

// quotaLess is a quota of which something was taken away. It is shown to programs alone.
type quotaLess struct{ *quotaOn }

// Text is silent.
func (*quotaLess) Text(*output.Page) {}

// ZkCLI is silent.
func (*quotaLess) ZkCLI(*output.Page) {}

// noQuota is what zkCli.sh says instead of an error.
type noQuota struct {
	Path string `json:"path"`
}

// Text is one line.
func (r *noQuota) Text(p *output.Page) { p.Line("Quota does not exist for ", p.Name(r.Path)) }

// deleteQuota deletes both nodes of a quota, and the nodes above them that nothing needs any more.
func deleteQuota(ctx context.Context, c *client.Client, at string) error {
	_, err := c.Multi(ctx, client.OpDelete(at+"/"+limitsNode, client.AnyVersion),
		client.OpDelete(at+"/"+statsNode, client.AnyVersion))
	for ; err == nil && at != quotaRoot; at = path.Dir(at) {
		err = c.Delete(ctx, at, client.AnyVersion)
	}
	if errors.Is(err, client.ErrNotEmpty) {
		return nil
	}
	return err
}
