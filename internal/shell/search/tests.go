package search

import (
	"context"
	"errors"
	"path"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/internal/shell/acl"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/walk"
)

// aclsAtOnce is how many ACLs are asked for at a time.
const aclsAtOnce = 64

// tests are what find asks of a node. What was not given, every node passes.
type tests struct {
	name, pathText, ownerText, aclText string

	older      time.Duration
	minSize    int32
	superNodes int32

	path, acl *regexp.Regexp // nil: not given
	owner     client.SessionID
	limit     int64 // mtime at most
}

func (t *tests) flags(f *pflag.FlagSet) {
	f.StringVar(&t.name, "name", "", "the name matches a `GLOB` of *, ? and [a-z]")
	f.StringVar(&t.pathText, "path", "", "the path matches a regular expression `RE`")
	f.StringVar(&t.ownerText, "owner", "", "an ephemeral node of session `SID`, 0x..")
	f.DurationVar(&t.older, "older", 0, "not written for this `LONG`")
	f.Int32Var(&t.minSize, "min-size", 0, "`N` bytes of data at least")
	f.StringVar(&t.aclText, "acl", "", "its ACL, as acl get has it, matches `RE`")
	f.Int32Var(&t.superNodes, "super-nodes", 0, "`N` children at least")
}

// prepare refuses tests that make no sense.
func (t *tests) prepare() error {
	if _, err := path.Match(t.name, ""); err != nil {
		return fault.Usage("--name %s: %w", t.name, err)
	}
	for _, re := range []struct {
		flag, text string
		to         **regexp.Regexp
	}{{"path", t.pathText, &t.path}, {"acl", t.aclText, &t.acl}} {
		if re.text == "" {
			continue
		}
		compiled, err := regexp.Compile(re.text)
		if err != nil {
			return fault.Usage("--%s: %w", re.flag, err)
		}
		*re.to = compiled
	}
	if t.ownerText != "" {
		id, err := strconv.ParseUint(t.ownerText, 0, 64)
		if err != nil || id == 0 {
			return fault.Usage("--owner %s is not the id of a session, 0x..", t.ownerText)
		}
		t.owner = client.SessionID(id)
	}
	if t.minSize < 0 || t.superNodes < 0 || t.older < 0 {
		return fault.Usage("--min-size, --super-nodes and --older cannot be negative")
	}
	t.limit = time.Now().Add(-t.older).UnixMilli()
	return nil
}

// pass reports whether a node passes all tests but that of the ACL.
func (t *tests) pass(node walk.Node) bool {
	if t.name != "" {
		if ok, _ := path.Match(t.name, path.Base(node.Path)); !ok { // prepare has tried the pattern
			return false
		}
	}
	s := node.Stat
	return (t.path == nil || t.path.MatchString(node.Path)) &&
		(t.owner == 0 || s.EphemeralOwner == t.owner) &&
		(t.older == 0 || s.Mtime <= t.limit) &&
		s.DataLength >= t.minSize && s.NumChildren >= t.superNodes
}

// passACL reports which nodes have an ACL that passes. One that is gone meanwhile has none.
func (t *tests) passACL(
	ctx context.Context, c *client.Client, nodes []walk.Node,
) ([]bool, error) {
	passed := make([]bool, len(nodes))
	if t.acl == nil {
		for i := range passed {
			passed[i] = true
		}
		return passed, nil
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, node := range nodes {
		group.Go(func() error {
			list, _, err := c.GetACL(ctx, node.Path)
			if errors.Is(err, client.ErrNoNode) {
				return nil
			}
			passed[i] = err == nil && t.acl.MatchString(acl.Text(list))
			return err
		})
	}
	return passed, group.Wait()
}
