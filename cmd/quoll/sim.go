package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"quoll/internal/sim"
)

// errViolations: a campaign of simulations ended with violations.
var errViolations = errors.New("the simulation found violations")

// newSimCommand makes the command quoll sim, which runs simulated servers from seeds.
func newSimCommand() *cobra.Command {
	var from, seeds uint64
	var o sim.Options
	var verbose bool
	var save string
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run simulated servers under faults and check everything their clients see",
		Long: "Run simulated servers under faults, one a seed, and check everything that their\n" +
			"clients see. A seed does the same each time; with one seed, -v tells all of it.",
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			if verbose && seeds == 1 {
				return tellSeed(out, from, o)
			}
			begin := time.Now()
			c := sim.Play(sim.Range(from, seeds), o, runtime.GOMAXPROCS(0), func(r *sim.Result) {
				if verbose || len(r.Violations) > 0 {
					printSeed(out, r)
				}
			})
			printCampaign(out, c, from, seeds, time.Since(begin))
			if save != "" {
				if err := saveFailed(c, save); err != nil {
					return err
				}
			}
			if len(c.Failed) > 0 || len(c.Unequal) > 0 {
				return errViolations
			}
			return nil
		},
	}
	cmd.Flags().Uint64Var(&from, "from", 1, "the first seed")
	cmd.Flags().Uint64Var(&seeds, "seeds", 100, "how many seeds")
	cmd.Flags().IntVar(&o.Nodes, "nodes", 0, "how many servers vote; 0: the seed draws")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell of each seed")
	cmd.Flags().StringVar(&save, "save", "", "append the seeds that fail to this file")
	return cmd
}

// tellSeed runs one seed and prints everything that happens.
func tellSeed(out io.Writer, seed uint64, o sim.Options) error {
	r := sim.Run(seed, o, out)
	printSeed(out, r)
	if len(r.Violations) > 0 {
		return errViolations
	}
	return nil
}

func printSeed(out io.Writer, r *sim.Result) {
	fmt.Fprintf(out, "seed %d: trace %016x, %d transactions, %d requests, %d starts\n",
		r.Seed, r.Trace, r.Txns, r.Requests, r.Lives)
	for _, v := range r.Violations {
		fmt.Fprintf(out, "seed %d: VIOLATION %s\n", r.Seed, v)
	}
}

func printCampaign(out io.Writer, c *sim.Campaign, from, seeds uint64, took time.Duration) {
	c.Counts.Print(out)
	for _, m := range c.Missing() {
		fmt.Fprintf(out, "%10d  %s\n", 0, m)
	}
	for _, seed := range c.Unequal {
		fmt.Fprintf(out, "seed %d: VIOLATION two runs differ\n", seed)
	}
	fmt.Fprintf(out, "seeds %d-%d: %d violated, %d differed in a second run\n",
		from, from+seeds-1, len(c.Failed), len(c.Unequal))
	fmt.Fprintf(out, "%d transactions, %d requests, %d starts, %.1f s, %.1f seeds/s\n",
		c.Txns, c.Requests, c.Lives, took.Seconds(), float64(c.Seeds)/took.Seconds())
}

// saveFailed appends the seeds that failed to a file, which TestSeedsThatFailed reads.
func saveFailed(c *sim.Campaign, name string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(c.WriteFailed(f), f.Close())
}
