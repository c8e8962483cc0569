package access

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// Where quotas are kept: below /zookeeper/quota, at the node's path, in two nodes.
const (
	quotaRoot  = "/zookeeper/quota"
	limitsNode = "zookeeper_limits"
	statsNode  = "zookeeper_stats"
)

// Quota is the verb quota, which has subcommands.
func Quota() verb.Verb {
	return verb.Verb{Name: "quota", Short: "Show and change limits on nodes and bytes below a node"}
}

// QuotaGet is the verb quota get.
func QuotaGet() verb.Verb {
	return verb.Verb{
		Name: "quota get", Aliases: []string{"listquota"}, Args: "PATH", Min: 1, Max: 1,
		Short: "Show the limits of a node and what is used", Example: "quoll quota get /app",
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			p, c, err := quotaOf(ctx, e, args[0])
			if err != nil {
				return err
			}
			if e.ZkCLI() {
				e.Say("absolute path is " + quotaRoot + p + "/" + limitsNode)
			}
			limits, err := readTrack(ctx, c, p, limitsNode)
			if e.ZkCLI() && errors.Is(err, errNoQuota) {
				e.Say("quota for " + p + " does not exist.")
				return nil
			}
			used := track{}
			if err == nil {
				used, err = readTrack(ctx, c, p, statsNode)
			}
			if err != nil {
				return err
			}
			return e.Out.Item(quotaResult(p, limits, used))
		},
	}
}

// quotaOf is the node and the client of a quota. Quotas are outside of any chroot.
func quotaOf(
	ctx context.Context, e *verb.Env, arg string,
) (string, *client.Client, error) {
	if e.Set.Root() != "" {
		return "", nil, fault.Usage("quotas are kept in %s, which the chroot hides", quotaRoot)
	}
	p, err := e.Path(arg)
	if err == nil && (p == "/" || p == quotaRoot || strings.HasPrefix(p, quotaRoot+"/")) {
		err = fault.Usage("%s has no quota", p)
	}
	if err != nil {
		return "", nil, err
	}
	c, err := e.Client(ctx)
	return p, c, err
}

var errNoQuota = errors.New("there is none")

func readTrack(ctx context.Context, c *client.Client, p, node string) (track, error) {
	data, _, err := c.Get(ctx, walk.Below(quotaRoot+p, node))
	if errors.Is(err, client.ErrNoNode) {
		return nil, &fault.Error{
			Code: fault.CodeNoNode, Name: "NoQuota",
			Err: &client.Error{Op: "quota", Path: p, Err: errNoQuota},
		}
	}
	if err != nil {
		return nil, err
	}
	return parseTrack(string(data))
}

// quotaOn is a node's quota. A limit that is not set is null.
type quotaOn struct {
	Path   string `json:"path"`
	Limits struct {
		Count     *int64 `json:"count"`
		Bytes     *int64 `json:"bytes"`
		HardCount *int64 `json:"hardCount"`
		HardBytes *int64 `json:"hardBytes"`
	} `json:"limits"`
	Used struct {
		Count int64 `json:"count"`
		Bytes int64 `json:"bytes"`
	} `json:"used"`

	limits, used track
}

func quotaResult(p string, limits, used track) *quotaOn {
	r := &quotaOn{Path: p, limits: limits, used: used}
	limit := func(to **int64, key string) {
		if n := limits.get(key); n >= 0 {
			*to = &n
		}
	}
	limit(&r.Limits.Count, trackCount)
	limit(&r.Limits.Bytes, trackBytes)
	limit(&r.Limits.HardCount, trackHardCount)
	limit(&r.Limits.HardBytes, trackHardBytes)
	r.Used.Count, r.Used.Bytes = used.get(trackCount), used.get(trackBytes)
	return r
}

// Text is a table: what, how many, the limit, the hard limit.
func (r *quotaOn) Text(p *output.Page) {
	text := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return strconv.FormatInt(*n, 10)
	}
	p.Table([][]string{
		{"", "used", "limit", "hard limit"},
		{"nodes", text(&r.Used.Count), text(r.Limits.Count), text(r.Limits.HardCount)},
		{"bytes", text(&r.Used.Bytes), text(r.Limits.Bytes), text(r.Limits.HardBytes)},
	})
}

// ZkCLI is the text of both nodes.
func (r *quotaOn) ZkCLI(p *output.Page) {
	p.Line("Output quota for ", p.Name(r.Path), " ", r.limits.String())
	p.Line("Output stat for ", p.Name(r.Path), " ", r.used.String())
}
