package hold

import (
	"context"
	"errors"
	"strings"

	"quoll/client"
)

// Parents makes a node and those above it, as containers, which go by themselves when they are not
// needed any more; as plain nodes on servers before 3.5.
func Parents(ctx context.Context, c *client.Client, dir string, acl []client.ACL) error {
	kinds := []client.CreateOption{client.WithACL(acl...), client.Container}
	for {
		_, _, err := c.Create(ctx, dir, nil, kinds...)
		switch {
		case err == nil, errors.Is(err, client.ErrNodeExists):
			return nil
		case errors.Is(err, client.ErrUnimplemented) && len(kinds) == 2:
			kinds = kinds[:1]
		case errors.Is(err, client.ErrNoNode) && Above(dir) != "/":
			if err := Parents(ctx, c, Above(dir), acl); err != nil {
				return err
			}
		case !Passing(err) || ctx.Err() != nil:
			return err
		}
	}
}

// Ensure makes a node that stays, and those above it.
func Ensure(ctx context.Context, c *client.Client, path string, acl []client.ACL) error {
	for {
		_, _, err := c.Create(ctx, path, nil, client.Parents, client.WithACL(acl...))
		switch {
		case errors.Is(err, client.ErrNodeExists):
			return nil
		case !errors.Is(err, client.ErrConnectionLoss) || ctx.Err() != nil:
			return err
		}
	}
}

// Above is the path of the node above.
func Above(path string) string {
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		return path[:at]
	}
	return "/"
}
