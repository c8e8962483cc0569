package running

import (
	"context"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/elect"
	"quoll/client/recipes/lock"
	"quoll/internal/shell/verb"
)

// Elect is the verb elect.
func Elect() verb.Verb {
	var o holding
	return verb.Verb{
		Name: "elect", Args: "PATH -- CMD...", Min: 1, Max: verb.Any, Writes: true, Endless: true,
		Short: "Run a command while this process leads",
		Long: "CMD finds the path of the leader's node in ZK_PATH and the fencing token, which\n" +
			"grows with each leader, in ZK_TOKEN. If the term is lost, CMD and all that it has\n" +
			"started gets TERM, KILL after --grace, and the exit code is 9. It is 8 if the\n" +
			"election was not won within --wait; else it is that of CMD.\n" +
			"The nodes are those of Curator's LeaderSelector.",
		Example:  "quoll elect --id host7 /app/leader -- ./serve --primary",
		Flags:    o.flags,
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			return o.run(ctx, e, args, func(c *client.Client, path string) taker {
				id := []byte(o.id)
				campaign := func(ctx context.Context) (*recipes.Held, error) {
					term, err := elect.New(c, path, id).Campaign(ctx)
					if err != nil {
						return nil, err
					}
					return term.Held, nil
				}
				// A candidate's node is that of one who waits for a lock.
				return taker{campaign, lock.New(c, path, recipes.WithData(id)).TryLock}
			})
		},
	}
}
