package running

import (
	"context"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// Lock is the verb lock.
func Lock() verb.Verb {
	var o holding
	var shared, mutex bool
	return verb.Verb{
		Name: "lock", Args: "PATH -- CMD...", Min: 1, Max: verb.Any, Writes: true, Endless: true,
		Short: "Run a command while a lock is held",
		Long: "CMD finds the path of the held node in ZK_PATH and the fencing token, which\n" +
			"grows with each holder, in ZK_TOKEN. If the lock is lost, CMD and all that it has\n" +
			"started gets TERM, KILL after --grace, and the exit code is 9. It is 8 if the lock\n" +
			"was not won within --wait; else it is that of CMD.\n" +
			"The nodes are those of Curator's InterProcessReadWriteLock; with --mutex those of\n" +
			"InterProcessMutex.",
		Example: "quoll lock /locks/backup --wait 0s -- ./backup.sh\n" +
			"quoll lock --shared /locks/index -- ./query.sh",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVar(&shared, "shared", false, "others may hold it with --shared too")
			f.BoolVar(&mutex, "mutex", false, "a lock that cannot be shared")
			o.flags(f)
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if shared && mutex {
				return fault.Usage("either --shared or --mutex")
			}
			return o.run(ctx, e, args, func(c *client.Client, path string) taker {
				id := recipes.WithData([]byte(o.id))
				m := lock.NewRW(c, path, id).W()
				switch {
				case shared:
					m = lock.NewRW(c, path, id).R()
				case mutex:
					m = lock.New(c, path, id)
				}
				return taker{m.Lock, m.TryLock}
			})
		},
	}
}
